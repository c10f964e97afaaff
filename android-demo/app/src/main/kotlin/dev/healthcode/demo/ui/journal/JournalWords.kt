package dev.healthcode.demo.ui.journal

import dev.healthcode.Certainty
import dev.healthcode.Colour
import dev.healthcode.EntryOutcome
import dev.healthcode.JournalEvent
import dev.healthcode.NotCounted
import dev.healthcode.ReleaseCause
import dev.healthcode.demo.ui.T
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
            line(T.EVENT_ORDERED, colour(event.colour), of(event.cause), about)
        }

        is JournalEvent.Released -> {
            line(T.EVENT_RELEASED, this[releaseWords.getValue(event.cause)])
        }

        is JournalEvent.OtherPhone -> {
            line(T.EVENT_OTHER_PHONE, event.activeFrom?.let { this[T.EVENT_OTHER_PHONE_FROM, instant(it)] })
        }

        is JournalEvent.Rated -> {
            val reasons = event.reasons.map { of(it.text) }
            line(T.EVENT_RATED, colour(event.colour), *reasons.toTypedArray())
        }
    }

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
        is EntryOutcome.Counted -> this[countedWords.getValue(outcome.certainty), day(outcome.day)]
        is EntryOutcome.NotCounted -> this[T.OUTCOME_NOT_COUNTED, this[notCountedWords.getValue(outcome.reason)]]
    }

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
    )
