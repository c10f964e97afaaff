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
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.text.input.KeyboardType
import androidx.compose.ui.unit.dp
import dev.healthcode.CodeRequested
import dev.healthcode.MovePreview
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.family.MoveState
import dev.healthcode.demo.state.family.MoveView
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.declare.colourWords
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.AskedNotice
import dev.healthcode.demo.ui.parts.Choice
import dev.healthcode.demo.ui.parts.ColourMark
import dev.healthcode.demo.ui.parts.Confirm
import dev.healthcode.demo.ui.parts.Field
import dev.healthcode.demo.ui.parts.Heading
import dev.healthcode.demo.ui.parts.Notice
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.Panel
import dev.healthcode.demo.ui.parts.Small

/** What a person would be under another authority's rulebook, and the move there once the person has agreed. */
@Composable
internal fun MoveScreen(
    state: MoveState,
    texts: Texts,
    remedies: (Remedy) -> (() -> Unit)?,
    onBack: () -> Unit,
) {
    val view by state.view.collectAsState()
    // Of what was looked at: another look is another question.
    var asked by rememberSaveable(view.preview) { mutableStateOf(false) }
    Page(texts[TFamily.MOVE_TITLE], texts, onBack) {
        view.requested?.let {
            OneTimeCode(it, state, view, texts)
            view.trouble?.let { trouble -> AskedNotice(trouble, texts, remedies) }
            if (view.busy) Working(state, texts)
            return@Page
        }
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
        view.trouble?.let { AskedNotice(it, texts, remedies) }
        if (view.busy) {
            Working(state, texts)
        } else {
            Actions(listOf(Action(texts[TFamily.MOVE_LOOK], view.issuer != null) { state.look() }))
        }
        view.preview?.let {
            There(it, texts)
            Small(texts[TFamily.MOVE_CONSENT])
            Actions(listOf(Action(texts[TFamily.MOVE_GO], !view.busy) { asked = true }))
        }
    }
    val there = view.preview?.name
    if (!asked || there == null) return
    Confirm(texts[TFamily.MOVE_ASK, texts.of(there)], texts[TFamily.MOVE_AGREE], texts) { yes ->
        asked = false
        if (yes) state.move()
    }
}

@Composable
private fun Working(
    state: MoveState,
    texts: Texts,
) {
    LinearProgressIndicator(Modifier.fillMaxWidth())
    Actions(listOf(Action(texts[T.STOP]) { state.stop() }))
}

/** What confirms the move: the code that the other authority sent; for somebody who is cared for also an officer there. */
@Composable
private fun OneTimeCode(
    requested: CodeRequested,
    state: MoveState,
    view: MoveView,
    texts: Texts,
) {
    view.issuer?.let { Heading(texts[TFamily.MOVE_AT, texts.of(it.name)]) }
    val sent = if (view.cared) TFamily.CARE_SENT else TFamily.MOVE_SENT
    if (requested.expiresIn.isZero) {
        Text(texts[T.REGISTER_OVER])
    } else {
        Text(texts[sent, requested.digits.toInt(), requested.expiresIn.plusSeconds(59).toMinutes()])
    }
    Field(
        texts[T.REGISTER_CODE],
        view.code,
        state::type,
        view.codeProblem?.let(texts::of),
        keyboard = KeyboardType.Number,
        enabled = !view.busy,
    )
    view.unconfirmed?.let { Notice(texts.of(it)) }
    Actions(
        listOfNotNull(
            Action(texts[T.REGISTER_CONFIRM], !view.busy) { state.confirm() },
            Action(texts[TFamily.CARE_ASK], !view.busy) { state.askAgain() }.takeIf { view.cared },
            Action(texts[T.REGISTER_AGAIN], !view.busy && view.issuer != null) { state.move() },
        ),
    )
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
