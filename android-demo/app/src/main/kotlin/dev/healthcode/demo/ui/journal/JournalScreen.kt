package dev.healthcode.demo.ui.journal

import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import dev.healthcode.AnsweredChallenge
import dev.healthcode.demo.state.JournalState
import dev.healthcode.demo.state.JournalView
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.declare.colourWords
import dev.healthcode.demo.ui.parts.Confirm
import dev.healthcode.demo.ui.parts.Heading
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.Panel
import dev.healthcode.demo.ui.parts.Small
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.parts.instant

/** Who asked this phone for an answer, and what was recorded of a person with what became of it. */
@Composable
internal fun JournalScreen(
    state: JournalState,
    texts: Texts,
    remedies: (Remedy) -> (() -> Unit)?,
    onBack: () -> Unit,
) {
    val view by state.view.collectAsState()
    Page(texts[T.JOURNAL_TITLE], texts, onBack) {
        view.trouble?.let { TroubleNotice(it, texts, remedies) }
        Asked(state, view, texts)
        Heading(texts[T.JOURNAL_HAPPENED])
        val entries = view.entries
        if (entries != null && entries.isEmpty()) Text(texts[T.JOURNAL_NONE])
        for (entry in entries.orEmpty()) {
            val line = texts.journal(entry.event)
            Panel {
                Heading(line.what)
                Small(texts.instant(entry.at))
                for (detail in line.details) Text(detail)
            }
        }
    }
}

@Composable
private fun Asked(
    state: JournalState,
    view: JournalView,
    texts: Texts,
) {
    var forget by rememberSaveable { mutableStateOf(false) }
    Heading(texts[T.JOURNAL_ASKED])
    Small(texts[T.JOURNAL_ASKED_ABOUT])
    if (view.asked.isEmpty()) Text(texts[T.JOURNAL_ASKED_NONE])
    for (asked in view.asked) AskedPanel(asked, texts)
    if (view.asked.isNotEmpty()) TextButton({ forget = true }) { Text(texts[T.JOURNAL_FORGET]) }
    if (forget) {
        Confirm(texts[T.JOURNAL_FORGET_ASK], texts[T.DELETE], texts) {
            forget = false
            if (it) state.forgetAsked()
        }
    }
}

@Composable
private fun AskedPanel(
    asked: AnsweredChallenge,
    texts: Texts,
) = Panel {
    Heading(asked.gate)
    Small(texts.instant(asked.at) + if (asked.timeSure) "" else texts[T.JOURNAL_UNSURE])
    Text(texts[T.JOURNAL_SHOWN, texts[colourWords.getValue(asked.colour)]])
}
