package dev.healthcode.demo.ui.family

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.unit.dp
import dev.healthcode.MovePreview
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.family.MoveState
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.declare.colourWords
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.Choice
import dev.healthcode.demo.ui.parts.ColourMark
import dev.healthcode.demo.ui.parts.Heading
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.Panel
import dev.healthcode.demo.ui.parts.Small
import dev.healthcode.demo.ui.parts.TroubleNotice

/** What a person would be under another authority's rulebook. */
@Composable
internal fun MoveScreen(
    state: MoveState,
    texts: Texts,
    remedies: (Remedy) -> (() -> Unit)?,
    onBack: () -> Unit,
) {
    val view by state.view.collectAsState()
    Page(texts[TFamily.MOVE_TITLE], texts, onBack) {
        Small(texts[TFamily.MOVE_ABOUT])
        if (view.authorities.isEmpty()) {
            Text(texts[TFamily.MOVE_NOWHERE])
        } else {
            Choice(
                texts[TFamily.MOVE_ISSUER],
                view.issuer,
                view.authorities,
                { texts.of(it.name) },
                { if (!view.busy) state.choose(it) },
                view.problem?.let(texts::of),
            )
        }
        view.trouble?.let { TroubleNotice(it, texts, remedies) }
        if (view.busy) {
            LinearProgressIndicator(Modifier.fillMaxWidth())
            Actions(listOf(Action(texts[T.STOP]) { state.stop() }))
        } else {
            Actions(listOf(Action(texts[TFamily.MOVE_LOOK], view.issuer != null) { state.look() }))
        }
        view.preview?.let { There(it, texts) }
    }
}

@Composable
private fun There(
    preview: MovePreview,
    texts: Texts,
) = Panel {
    Heading(texts[TFamily.MOVE_AT, texts.of(preview.name)])
    val colour = preview.colour
    if (colour == null) {
        Text(texts[TFamily.MOVE_PROBLEMS])
        for (problem in preview.problems) Text("· " + texts.of(problem.text))
    } else {
        Row(horizontalArrangement = Arrangement.spacedBy(12.dp), verticalAlignment = Alignment.CenterVertically) {
            ColourMark(colour)
            Text(
                preview.word?.let(texts::of) ?: texts[colourWords.getValue(colour)],
                style = MaterialTheme.typography.headlineSmall,
            )
        }
        preview.advice?.let { Text(texts.of(it)) }
        for (reason in preview.reasons) Text("· " + texts.of(reason.text))
        val (days, counted) = preview.days.toInt() to preview.countedHere.toInt()
        if (days > 0) Text(texts[TFamily.MOVE_DAYS, days])
        if (counted > 0) Text(texts[TFamily.MOVE_COUNTED, counted])
    }
    Small(texts[TFamily.MOVE_RULEBOOK, texts.of(preview.rulebook), preview.version.toInt()])
    Small(texts[TFamily.MOVE_DECIDES])
}
