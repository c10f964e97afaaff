package dev.healthcode.demo.ui.journal

import dev.healthcode.ActKind
import dev.healthcode.AppealState
import dev.healthcode.By
import dev.healthcode.ByRole
import dev.healthcode.Certainty
import dev.healthcode.Colour
import dev.healthcode.EntryOutcome
import dev.healthcode.JournalEvent
import dev.healthcode.NotCounted
import dev.healthcode.ReleaseCause
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TRecord
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.declare.colourWords
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.day
import dev.healthcode.demo.ui.parts.instant

/** An entry of the journal in words. */
internal class JournalLine(
    val what: String,
    val details: List<String>,
)

/** What happened, and what became of it. */
internal fun Texts.journal(event: JournalEvent): JournalLine =
    when (event) {
        is JournalEvent.Declared -> {
            line(T.EVENT_DECLARED, outcome(event.outcome))
        }

        is JournalEvent.CheckedIn -> {
            val how = if (event.symptoms.isEmpty()) T.EVENT_CHECKED_IN else T.EVENT_CHECKED_IN_SYMPTOMS
            line(how, outcome(event.outcome))
        }

        is JournalEvent.Answered -> {
            line(if (event.allow) T.EVENT_ALLOWED else T.EVENT_FORBIDDEN, outcome(event.outcome))
        }

        is JournalEvent.ToldExposure -> {
            line(T.EVENT_TOLD, this[T.EVENT_TOLD_ABOUT, event.notice.toInt(), day(event.on)], outcome(event.outcome))
        }

        is JournalEvent.WrongEntry -> {
            line(T.EVENT_WRONG_ENTRY)
        }

        is JournalEvent.Ordered -> {
            val about = this[T.EVENT_ORDERED_ABOUT, day(event.startsOn), event.days.toInt()]
            val lapses = event.provisionalUntil?.let { this[TRecord.EVENT_PROVISIONAL, instant(it)] }
            line(T.EVENT_ORDERED, colour(event.colour), of(event.cause), about, lapses)
        }

        is JournalEvent.Released -> {
            line(T.EVENT_RELEASED, this[releaseWords.getValue(event.cause)])
        }

        is JournalEvent.OtherPhone -> {
            val carer = event.carer
            if (carer == null) {
                line(T.EVENT_OTHER_PHONE, event.activeFrom?.let { this[T.EVENT_OTHER_PHONE_FROM, instant(it)] })
            } else {
                val what = if (event.activeFrom == null) TRecord.EVENT_CARER_KEY_ENDED else TRecord.EVENT_CARER_KEY
                line(what, carer)
            }
        }

        is JournalEvent.Rated -> {
            val reasons = event.reasons.map { of(it.text) }
            line(T.EVENT_RATED, colour(event.colour), *reasons.toTypedArray())
        }

        is JournalEvent.EndedCare -> {
            line(TRecord.EVENT_ENDED_CARE, outcome(event.outcome))
        }

        is JournalEvent.AskedForPaper -> {
            val what = if (event.withdraw == null) TRecord.EVENT_ASKED_PAPER else TRecord.EVENT_WITHDREW_PAPER
            line(what, outcome(event.outcome))
        }

        is JournalEvent.Appealed -> {
            line(TRecord.EVENT_APPEALED, outcome(event.outcome))
        }

        is JournalEvent.BroughtServed -> {
            line(TRecord.EVENT_BROUGHT_SERVED, event.issuer, outcome(event.outcome))
        }

        is JournalEvent.Paper -> {
            val until = event.expiresAt?.let { this[TRecord.EVENT_PAPER_UNTIL, instant(it)] }
            line(if (until == null) TRecord.EVENT_PAPER_WITHDRAWN else TRecord.EVENT_PAPER_ISSUED, until, by(event.by))
        }

        is JournalEvent.Acted -> {
            line(actWords.getValue(event.act), this[TRecord.EVENT_BY_OFFICER, event.officer], event.note)
        }

        is JournalEvent.AppealAnswered -> {
            val undecided = event.state == AppealState.RECEIVED || event.state == AppealState.IN_REVIEW
            val due = if (undecided) this[TRecord.EVENT_APPEAL_DUE, instant(event.dueBy)] else null
            line(appealWords.getValue(event.state), due, event.reason?.let { of(it) })
        }

        is JournalEvent.ServedElsewhere -> {
            val days = this[TRecord.EVENT_SERVED_DAYS, event.days.toInt(), event.issuer]
            line(if (event.refused == null) TRecord.EVENT_SERVED_TAKEN else TRecord.EVENT_SERVED_REFUSED, days)
        }
    }

/** Who acted in the person's place. */
private fun Texts.by(by: By?): String? =
    by?.let { this[if (it.role == ByRole.CARER) TRecord.EVENT_BY_CARER else TRecord.EVENT_BY_OFFICER, it.name] }

private fun Texts.line(
    what: String,
    vararg details: String?,
) = JournalLine(this[what], details.filterNotNull())

private fun Texts.colour(colour: Colour) = this[colourWords.getValue(colour)]

private fun Texts.outcome(outcome: EntryOutcome): String =
    when (outcome) {
        is EntryOutcome.Waiting -> this[T.OUTCOME_WAITING]
        is EntryOutcome.Accepted -> this[T.OUTCOME_ACCEPTED, instant(outcome.at)]
        is EntryOutcome.Refused -> this[T.OUTCOME_REFUSED, of(outcome.text)]
        is EntryOutcome.Counted -> listOfNotNull(counted(outcome), by(outcome.by)).joinToString(" ")
        is EntryOutcome.NotCounted -> this[T.OUTCOME_NOT_COUNTED, this[notCountedWords.getValue(outcome.reason)]]
    }

private fun Texts.counted(outcome: EntryOutcome.Counted): String =
    this[countedWords.getValue(outcome.certainty), day(outcome.day)]

private val actWords =
    mapOf(
        ActKind.OVERDUE to TRecord.EVENT_ACTED_OVERDUE,
        ActKind.RELATION to TRecord.EVENT_ACTED_RELATION,
        ActKind.PAPER to TRecord.EVENT_ACTED_PAPER,
        ActKind.CHECK_IN to TRecord.EVENT_ACTED_CHECK_IN,
        ActKind.APPEAL to TRecord.EVENT_ACTED_APPEAL,
        ActKind.ORDER to TRecord.EVENT_ACTED_ORDER,
        ActKind.DECLARATION to TRecord.EVENT_ACTED_DECLARATION,
    )

private val appealWords =
    mapOf(
        AppealState.RECEIVED to TRecord.EVENT_APPEAL_RECEIVED,
        AppealState.IN_REVIEW to TRecord.EVENT_APPEAL_IN_REVIEW,
        AppealState.GRANTED to TRecord.EVENT_APPEAL_GRANTED,
        AppealState.REFUSED to TRecord.EVENT_APPEAL_REFUSED,
    )

private val countedWords =
    mapOf(
        Certainty.CERTAIN to T.OUTCOME_COUNTED,
        Certainty.LATE to T.OUTCOME_COUNTED_LATE,
        Certainty.AMBIGUOUS to T.OUTCOME_COUNTED_AMBIGUOUS,
    )

private val notCountedWords =
    mapOf(
        NotCounted.BEFORE_ORDER to T.NOT_COUNTED_BEFORE_ORDER,
        NotCounted.TOO_OLD to T.NOT_COUNTED_TOO_OLD,
        NotCounted.DAY_TAKEN to T.NOT_COUNTED_DAY_TAKEN,
        NotCounted.UNCLEAR to T.NOT_COUNTED_UNCLEAR,
        NotCounted.AFTER_ORDER to T.NOT_COUNTED_AFTER_ORDER,
    )

private val releaseWords =
    mapOf(
        ReleaseCause.COMPLETED to T.RELEASE_COMPLETED,
        ReleaseCause.SUPERSEDED to T.RELEASE_SUPERSEDED,
        ReleaseCause.OFFICER to T.RELEASE_OFFICER,
        ReleaseCause.LAPSED to TRecord.RELEASE_LAPSED,
    )
