package dev.healthcode.demo.ui.home

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import dev.healthcode.SubjectCard
import dev.healthcode.SubjectState
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.state.Session
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.ColourMark
import dev.healthcode.demo.ui.parts.Notice
import dev.healthcode.demo.ui.parts.Panel
import dev.healthcode.demo.ui.parts.Small
import dev.healthcode.demo.ui.parts.instant

/** One person: colour as word and shape, what is due, where the phone stands, and the ways to that person's screens. */
@Composable
internal fun SubjectPanel(
    card: SubjectCard,
    everybody: List<SubjectCard>,
    session: Session,
    texts: Texts,
) = Panel {
    val go = { place: Place -> session.app.go(Screen(place, card.subject)) }
    Who(card, texts)
    // Where somebody is known to several authorities, each card says to which, and which code is shown here.
    card.issuerName?.takeIf { everybody.any { other -> other.issuer != card.issuer } }?.let {
        val here = if (card.shownHere) " · " + texts[TFamily.CARD_SHOWN_HERE] else ""
        Small(texts.of(it) + here)
    }
    everybody.firstOrNull { it.subject == card.caredForBy }?.let {
        Small(texts[TFamily.CARD_CARED_FOR, it.maskedName])
    }
    Standing(card, session, texts)
    card.takeover?.let { takeover ->
        Notice(
            texts[T.TAKEOVER_ABOUT, texts.instant(takeover.from)],
            urgent = true,
            title = texts[T.TAKEOVER],
            actions =
                listOf(
                    Action(texts[T.TAKEOVER_REFUSE]) { session.answer(card.subject, takeover, false) },
                    Action(texts[T.TAKEOVER_ALLOW]) { session.answer(card.subject, takeover, true) },
                ),
        )
    }
    // What another phone speaks for now is not due here.
    if (card.state !is SubjectState.Replaced) Due(card, texts)
    if (card.waiting > 0u) Small(texts[T.CARD_WAITING, card.waiting.toInt()])
    Actions(actions(card, texts, go))
}

@Composable
private fun Who(
    card: SubjectCard,
    texts: Texts,
) = Row(
    Modifier.semantics(mergeDescendants = true) { heading() },
    Arrangement.spacedBy(12.dp),
    Alignment.CenterVertically,
) {
    card.colour?.let { ColourMark(it, 48.dp) }
    Column {
        val word = card.word
        Text(
            if (word == null) texts[T.CARD_NO_CODE] else texts.of(word),
            style = MaterialTheme.typography.headlineSmall,
        )
        Small("${card.maskedName} · ${card.idTail}")
    }
}

/** Where the phone does not speak for the person, or not yet. */
@Composable
private fun Standing(
    card: SubjectCard,
    session: Session,
    texts: Texts,
) {
    val again = Action(texts[T.REMEDY_REGISTER]) { session.app.go(Screen(Place.REGISTER)) }
    when (val state = card.state) {
        is SubjectState.Active -> Unit
        is SubjectState.Pending -> Notice(texts[T.CARD_PENDING, texts.instant(state.until)])
        is SubjectState.Replaced -> Notice(texts[T.CARD_REPLACED], urgent = true, actions = listOf(again))
        is SubjectState.Unknown -> Notice(texts[T.CARD_UNKNOWN], urgent = true, actions = listOf(again))
    }
}

@Composable
private fun Due(
    card: SubjectCard,
    texts: Texts,
) {
    val (counted, days) = card.countedDays to card.orderDays
    if (counted != null && days != null) Text(texts[T.CARD_DAYS, counted.toInt(), days.toInt()])
    card.due?.let { Text(texts[T.CARD_DUE, texts.instant(it.deadline)]) }
    if (card.connectToConfirm) Text(texts[T.CARD_CONNECT])
    if (!card.declared) Text(texts[T.CARD_UNDECLARED])
}

/** What is due comes first. */
private fun actions(
    card: SubjectCard,
    texts: Texts,
    go: (Place) -> Unit,
): List<Action> {
    val speaks = card.state !is SubjectState.Replaced
    val code = Action(texts[T.CARD_CODE]) { go(Place.CODE) }.takeIf { speaks && card.colour != null }
    val quarantine =
        Action(texts[T.CARD_QUARANTINE]) { go(Place.QUARANTINE) }.takeIf { speaks && card.orderDays != null }
    val declare = Action(texts[T.CARD_DECLARE]) { go(Place.DECLARE) }.takeIf { card.state is SubjectState.Active }
    val journal = Action(texts[T.CARD_JOURNAL]) { go(Place.JOURNAL) }
    val more = Action(texts[TFamily.CARD_MORE]) { go(Place.PERSON) }
    val due = if (card.declared) listOf(code, quarantine, declare) else listOf(declare, code, quarantine)
    return due.filterNotNull() + journal + more
}
