package dev.healthcode.demo.ui.family

import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import dev.healthcode.AppealCard
import dev.healthcode.AppealInput
import dev.healthcode.AppealStanding
import dev.healthcode.Contestable
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.family.AppealState
import dev.healthcode.demo.state.family.AppealView
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.TRecord
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.Confirm
import dev.healthcode.demo.ui.parts.Heading
import dev.healthcode.demo.ui.parts.LongField
import dev.healthcode.demo.ui.parts.Notice
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.Panel
import dev.healthcode.demo.ui.parts.Problem
import dev.healthcode.demo.ui.parts.Small
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.parts.instant

/** What of a colour can be contested, what is being written, and where each appeal stands that was made. */
@Composable
internal fun AppealScreen(
    state: AppealState,
    texts: Texts,
    remedies: (retry: () -> Unit) -> (Remedy) -> (() -> Unit)?,
    onBack: () -> Unit,
) {
    val view by state.view.collectAsState()
    val appeals = view.appeals
    val writing = view.writing
    Page(texts[TFamily.APPEAL_TITLE], texts, onBack) {
        view.unread?.let { TroubleNotice(it, texts, remedies(state::read)) }
        view.trouble?.let { TroubleNotice(it, texts, remedies(state::again)) }
        if (appeals == null) return@Page
        if (writing != null) {
            Writing(state, view, writing, appeals.contestable, texts)
        } else {
            Reasons(appeals.contestable, texts, state::contest)
        }
        if (appeals.made.isNotEmpty()) Heading(texts[TFamily.APPEAL_MADE])
        for (made in appeals.made.asReversed()) Made(made, texts)
    }
}

@Composable
private fun Reasons(
    contestable: List<Contestable>,
    texts: Texts,
    onContest: (Contestable) -> Unit,
) {
    if (contestable.isEmpty()) {
        Text(texts[TFamily.APPEAL_NOTHING])
        return
    }
    Heading(texts[TFamily.APPEAL_REASONS])
    for (one in contestable) {
        Panel {
            Text(texts.of(one.reason.text))
            Small(texts[TFamily.APPEAL_UNTIL, texts.instant(one.until)])
            Actions(listOf(Action(texts[TFamily.APPEAL_WRITE]) { onContest(one) }))
        }
    }
}

@Composable
private fun Writing(
    state: AppealState,
    view: AppealView,
    writing: AppealInput,
    contestable: List<Contestable>,
    texts: Texts,
) {
    var discard by rememberSaveable { mutableStateOf(false) }
    Panel {
        Heading(texts[TFamily.APPEAL_WRITING])
        contestable.firstOrNull { it.rating == writing.rating && it.reason.rule == writing.rule }?.let {
            Text(texts.of(it.reason.text))
            Small(texts[TFamily.APPEAL_UNTIL, texts.instant(it.until)])
        }
        LongField(texts[TFamily.APPEAL_TEXT], writing.text, state::text, view.problems["text"]?.let(texts::of))
        writing.statements.forEachIndexed { index, statement ->
            val problem = view.problems["statements[$index]"]?.let(texts::of)
            LongField(texts[TFamily.APPEAL_STATEMENT, index + 1], statement, { state.statement(index, it) }, problem)
            val remove = Action(texts[TFamily.APPEAL_REMOVE, index + 1]) { state.removeStatement(index) }
            Actions(listOf(remove), first = false)
        }
        view.problems["statements"]?.let { Problem(texts.of(it)) }
        Actions(listOf(Action(texts[TFamily.APPEAL_ADD]) { state.addStatement() }), first = false)
        Small(texts[TFamily.APPEAL_KEPT])
        Actions(
            listOf(
                Action(texts[TFamily.APPEAL_SEND], !view.busy) { state.send() },
                Action(texts[TFamily.APPEAL_DISCARD], !view.busy) { discard = true },
            ),
        )
    }
    if (!discard) return
    Confirm(texts[TFamily.APPEAL_DISCARD_ASK], texts[TFamily.APPEAL_DISCARD_YES], texts) { yes ->
        discard = false
        if (yes) state.discard()
    }
}

@Composable
private fun Made(
    made: AppealCard,
    texts: Texts,
) = Panel {
    val standing = made.standing
    Heading(texts[standingWord(standing)])
    if (standing is AppealStanding.NotTaken) Text(texts.of(standing.text))
    made.reason?.let { Text(texts.of(it)) }
    made.officer?.let { Small(texts[TRecord.EVENT_BY_OFFICER, it]) }
    val undecided = standing is AppealStanding.Received || standing is AppealStanding.InReview
    made.dueBy?.takeIf { undecided }?.let { Text(texts[TRecord.EVENT_APPEAL_DUE, texts.instant(it)]) }
    if (made.overdue) Notice(texts[TFamily.APPEAL_OVERDUE], urgent = true)
    Small(texts[TFamily.APPEAL_MADE_AT, texts.instant(made.madeAt)])
    Small(if (made.madeHere) made.content.text else texts[TFamily.APPEAL_ELSEWHERE])
    for (statement in made.content.statements) Small("· $statement")
}

private fun standingWord(standing: AppealStanding) =
    when (standing) {
        is AppealStanding.Waiting -> TFamily.APPEAL_WAITING
        is AppealStanding.Received -> TFamily.APPEAL_RECEIVED
        is AppealStanding.InReview -> TFamily.APPEAL_IN_REVIEW
        is AppealStanding.Granted -> TFamily.APPEAL_GRANTED
        is AppealStanding.Refused -> TFamily.APPEAL_REFUSED
        is AppealStanding.NotTaken -> TFamily.APPEAL_NOT_TAKEN
    }
