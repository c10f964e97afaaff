package dev.healthcode.demo.ui.exposure

import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import dev.healthcode.SubjectCard
import dev.healthcode.WhereaboutsEntry
import dev.healthcode.demo.state.ExposureState
import dev.healthcode.demo.state.ExposureView
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.Choice
import dev.healthcode.demo.ui.parts.Confirm
import dev.healthcode.demo.ui.parts.Heading
import dev.healthcode.demo.ui.parts.Notice
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.Panel
import dev.healthcode.demo.ui.parts.Small
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.parts.instant

/**
 * Where a person was, and which public notices that met. All of it is on this phone.
 *
 * @param people everybody on this phone, to choose among where there are several
 */
@Composable
internal fun ExposureScreen(
    state: ExposureState,
    people: List<SubjectCard>,
    texts: Texts,
    remedies: (Remedy) -> (() -> Unit)?,
    actions: ExposureActions,
    bottomBar: @Composable () -> Unit,
) {
    val view by state.view.collectAsState()
    LaunchedEffect(state) { state.refresh() }
    var all by rememberSaveable { mutableStateOf(false) }
    Page(texts[T.EXPOSURE_TITLE], texts, null, bottomBar) {
        if (people.size > 1) {
            val chosen = people.firstOrNull { it.subject == state.subject }
            Choice(texts[T.EXPOSURE_WHO], chosen, people, { it.maskedName }, { actions.choose(it.subject) })
        }
        view.trouble?.let { TroubleNotice(it, texts, remedies) }
        for (match in view.matches) MatchPanel(match, state, texts)
        Notices(state, view, texts)
        Heading(texts[T.EXPOSURE_PLACES])
        Small(texts[T.EXPOSURE_ABOUT])
        Actions(
            listOf(
                Action(texts[T.EXPOSURE_ADD], run = actions.add),
                Action(texts[T.EXPOSURE_SCAN], run = actions.scan),
            ),
        )
        if (view.entries.isEmpty()) Text(texts[T.EXPOSURE_NONE])
        for (entry in view.entries.asReversed()) EntryPanel(entry, state, texts)
        if (view.entries.size > 1) TextButton({ all = true }) { Text(texts[T.EXPOSURE_FORGET_ALL]) }
    }
    if (all) {
        Confirm(texts[T.EXPOSURE_FORGET_ASK], texts[T.DELETE], texts) {
            all = false
            if (it) state.forget(null)
        }
    }
}

/** Where the screen of places leads. */
internal class ExposureActions(
    val choose: (String) -> Unit,
    val add: () -> Unit,
    val scan: () -> Unit,
)

@Composable
private fun Notices(
    state: ExposureState,
    view: ExposureView,
    texts: Texts,
) = Panel {
    Heading(texts[T.NOTICES])
    val at = view.notices?.at
    Text(if (at == null) texts[T.NOTICES_NEVER] else texts[T.NOTICES_AT, texts.instant(at), view.notices.size.toInt()])
    val report = view.report
    if (report != null) {
        Text(texts[T.NOTICES_NEW, report.notices.toInt(), report.matches.toInt()])
        if (report.waitingBytes > 0uL) Text(texts[T.NOTICES_LARGE, report.waitingBytes.toLong() / KILO + 1])
    }
    if (view.fetching) LinearProgressIndicator(Modifier.fillMaxWidth())
    Actions(
        listOfNotNull(
            if (view.fetching) {
                Action(
                    texts[T.STOP],
                ) { state.stop() }
            } else {
                Action(texts[T.NOTICES_FETCH]) { state.fetch() }
            },
            Action(texts[T.NOTICES_FETCH_LARGE]) { state.fetch(large = true) }
                .takeIf { !view.fetching && report != null && report.waitingBytes > 0uL },
        ),
    )
}

@Composable
private fun EntryPanel(
    entry: WhereaboutsEntry,
    state: ExposureState,
    texts: Texts,
) = Panel {
    Text(texts.of(entry.text))
    val to = entry.to
    Small(if (to == null) texts.instant(entry.from) else "${texts.instant(entry.from)} – ${texts.instant(to)}")
    Actions(
        listOfNotNull(
            Action(texts[T.EXPOSURE_LEAVE]) { state.leave(entry.id) }.takeIf { entry.open },
        ),
    )
    OutlinedButton({ state.forget(entry.id) }) { Text(texts[T.DELETE]) }
}

private const val KILO = 1024
