package dev.healthcode.demo.ui.parts

import androidx.compose.foundation.BorderStroke
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.Button
import androidx.compose.material3.LocalContentColor
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.Trouble
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of

/**
 * Something to know, with what can be done about it; [urgent] for what does not work. Screen readers say it at once. The
 * first of the [actions] stands out where it is the [main] one.
 */
@Composable
fun Notice(
    text: String,
    modifier: Modifier = Modifier,
    urgent: Boolean = false,
    title: String? = null,
    actions: List<Action> = emptyList(),
    main: Boolean = true,
) {
    val colours = MaterialTheme.colorScheme
    Surface(
        modifier.fillMaxWidth().semantics { liveRegion = LiveRegionMode.Polite },
        MaterialTheme.shapes.medium,
        if (urgent) colours.errorContainer else colours.secondaryContainer,
        if (urgent) colours.onErrorContainer else colours.onSecondaryContainer,
    ) {
        Column(Modifier.padding(16.dp), Arrangement.spacedBy(8.dp)) {
            if (title != null) Text(title, style = MaterialTheme.typography.titleMedium)
            Text(text)
            Actions(actions, main)
        }
    }
}

/** What a person filled in before the app was last opened is here again, and can be thrown away. */
@Composable
fun Restored(
    texts: Texts,
    enabled: Boolean,
    onClear: () -> Unit,
) {
    var asked by rememberSaveable { mutableStateOf(false) }
    Notice(
        texts[T.DRAFT_RESTORED],
        actions = listOf(Action(texts[T.DRAFT_CLEAR], enabled) { asked = true }),
        main = false,
    )
    if (!asked) return
    Confirm(texts[T.DRAFT_CLEAR_ASK], texts[T.DRAFT_CLEAR_YES], texts) { yes ->
        asked = false
        if (yes) onClear()
    }
}

/** A button's word and what it does. */
data class Action(
    val word: String,
    val enabled: Boolean = true,
    val run: () -> Unit,
)

/** The [actions] side by side, or below each other where they do not fit; the [first] one stands out. */
@Composable
fun Actions(
    actions: List<Action>,
    first: Boolean = true,
) {
    if (actions.isEmpty()) return
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
        actions.forEachIndexed { index, action ->
            if (first && index == 0) {
                Button(action.run, enabled = action.enabled) { Text(action.word) }
            } else {
                // Seen as a button on whatever it lies.
                val edge = LocalContentColor.current.copy(alpha = if (action.enabled) EDGE else EDGE / 2)
                OutlinedButton(action.run, enabled = action.enabled, border = BorderStroke(1.dp, edge)) {
                    Text(action.word)
                }
            }
        }
    }
}

/**
 * What did not work, in the core's words, and the way on.
 *
 * @param act what each remedy does on this screen; one that is not there has no button
 */
@Composable
fun TroubleNotice(
    trouble: Trouble,
    texts: Texts,
    act: (Remedy) -> (() -> Unit)?,
) {
    val word = remedyWords[trouble.remedy]
    val run = act(trouble.remedy)
    val wait = trouble.retryAfter?.let { "\n" + texts[T.REMEDY_WAIT, (it.seconds + 59) / 60] }.orEmpty()
    Notice(
        texts.of(trouble.text) + wait,
        urgent = true,
        actions = if (word == null || run == null) emptyList() else listOf(Action(texts[word]) { run() }),
    )
}

/**
 * The same where the authority was asked and nothing was recorded: without a network nothing is sent later.
 *
 * @param act what each remedy does on this screen; [Remedy.RETRY] asks once more
 */
@Composable
fun AskedNotice(
    trouble: Trouble,
    texts: Texts,
    act: (Remedy) -> (() -> Unit)?,
) {
    if (trouble.remedy != Remedy.NETWORK) return TroubleNotice(trouble, texts, act)
    val ways = listOf(Remedy.RETRY to T.REMEDY_RETRY, Remedy.NETWORK to T.REMEDY_NETWORK)
    val actions = ways.mapNotNull { (remedy, word) -> act(remedy)?.let { Action(texts[word], run = it) } }
    Notice(texts[T.OFFLINE_ASKED], urgent = true, actions = actions)
}

private const val EDGE = 0.6f

private val remedyWords =
    mapOf(
        Remedy.RETRY to T.REMEDY_RETRY,
        Remedy.NETWORK to T.REMEDY_NETWORK,
        Remedy.SYNC to T.REMEDY_SYNC,
        Remedy.DECLARE to T.REMEDY_DECLARE,
        Remedy.SCAN to T.REMEDY_SCAN,
        Remedy.REGISTER to T.REMEDY_REGISTER,
        Remedy.ERASE to T.REMEDY_ERASE,
    )
