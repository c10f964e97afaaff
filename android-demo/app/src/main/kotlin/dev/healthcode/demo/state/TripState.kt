package dev.healthcode.demo.state

import dev.healthcode.BilingualText
import dev.healthcode.DeclarationForm
import dev.healthcode.HealthcodeException
import dev.healthcode.TransportMode
import dev.healthcode.TripInput
import dev.healthcode.recordTrip
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import java.time.LocalDate

/** A field of a journey, under the core's own name for it. */
enum class TripField(
    internal val path: String,
) {
    NUMBER("number"),
    DATE("date"),
    PLACE("place"),
    FROM("from"),
    TO("to"),
}

/**
 * A journey as it is being entered.
 *
 * @property days the days that the rulebook asks about
 * @property problems what is wrong, by field
 * @property restored whether what stands here was typed before the app was last opened
 */
data class TripView(
    val mode: TransportMode = TransportMode.TRAIN,
    val values: Map<TripField, String> = emptyMap(),
    val date: LocalDate? = null,
    val days: List<LocalDate> = emptyList(),
    val problems: Map<TripField, BilingualText> = emptyMap(),
    val restored: Boolean = false,
    val busy: Boolean = false,
    val trouble: Trouble? = null,
) {
    override fun toString() = "TripView"
}

/** Enters a journey, the core's draft until it is recorded. Nothing of it is sent. */
class TripState(
    private val session: Session,
    val subject: String,
    private val scope: CoroutineScope,
) {
    private val shown = MutableStateFlow(TripView())
    private val draft = session.draft(subject, "journey")
    private var job: Job? = null

    /** The journey. */
    val view: StateFlow<TripView> = shown.asStateFlow()

    init {
        restore(draft.read())
        load()
        // Rulebook and true time come with a sync, one after the other: the days follow both.
        scope.launch { session.sync.collect { if (it is Sync.Done) load() } }
    }

    private fun load() =
        try {
            val form = session.resident.form()
            shown.update { it.copy(days = form.days(), trouble = null) }
        } catch (error: HealthcodeException) {
            shown.update { it.copy(trouble = Trouble.of(error)) }
        }

    private fun restore(kept: Map<String, String>) {
        if (kept.isEmpty()) return
        val values = TripField.entries.mapNotNull { field -> kept[field.path]?.let { field to it } }.toMap()
        val mode = TransportMode.entries.firstOrNull { it.name == kept[MODE] }
        shown.update {
            it.copy(
                mode = mode ?: it.mode,
                values = values - TripField.DATE,
                date = values[TripField.DATE].date(),
                restored = true,
            )
        }
    }

    /** Empties the form. */
    fun clear() = change { if (it.busy) it else TripView(days = it.days) }

    /** Chooses what was travelled by. */
    fun choose(mode: TransportMode) = change { it.copy(mode = mode, problems = it.problems - TripField.PLACE) }

    /** Chooses the day on which it left. */
    fun choose(date: LocalDate) = change { it.copy(date = date, problems = it.problems - TripField.DATE) }

    /** Types into a field. */
    fun type(
        field: TripField,
        value: String,
    ) = change { it.copy(values = it.values + (field to value), problems = it.problems - field) }

    /** What is changed by hand is kept at once. */
    private fun change(how: (TripView) -> TripView) {
        shown.update(how)
        draft.keep {
            val (now, empty) = shown.value to TripView()
            val mode = if (now.mode == empty.mode) emptyMap() else mapOf(MODE to now.mode.name)
            val date = now.date?.let { mapOf(TripField.DATE.path to "$it") }.orEmpty()
            mode + date + now.values.filterValues { it.isNotEmpty() }.mapKeys { (field, _) -> field.path }
        }
    }

    /** Records it, and closes the screen. */
    fun record() {
        if (job?.isActive == true) return
        val trip = trip() ?: return
        shown.update { it.copy(busy = true, trouble = null, problems = emptyMap()) }
        job =
            scope.launch {
                try {
                    session.resident.recordTrip(subject, trip)
                    draft.forget()
                    session.app.back()
                } catch (error: HealthcodeException) {
                    fail(error)
                } finally {
                    shown.update { it.copy(busy = false) }
                }
            }
    }

    private fun trip(): TripInput? {
        val now = shown.value
        val typed = now.values[TripField.PLACE].orEmpty().trim()
        val place = typed.toUShortOrNull()
        val date = now.date
        if (date == null || (typed.isNotEmpty() && place == null)) {
            val wrong =
                listOfNotNull(
                    (TripField.DATE to "missing").takeIf { date == null },
                    (TripField.PLACE to "characters").takeIf { typed.isNotEmpty() && place == null },
                )
            shown.update {
                it.copy(
                    problems =
                        wrong.associate { (field, why) ->
                            field to
                                HealthcodeException.InvalidField(field.path, why).text
                        },
                )
            }
            return null
        }
        return TripInput(
            now.mode,
            now.values[TripField.NUMBER].orEmpty().trim(),
            date,
            place,
            now.values[TripField.FROM].orEmpty().trim(),
            now.values[TripField.TO].orEmpty().trim(),
        )
    }

    private fun fail(error: HealthcodeException) =
        shown.update {
            val field =
                TripField.entries.firstOrNull { field ->
                    field.path ==
                        (error as? HealthcodeException.InvalidField)?.field
                }
            if (field == null) it.copy(trouble = Trouble.of(error)) else it.copy(problems = mapOf(field to error.text))
        }

    private companion object {
        const val MODE = "mode"
    }
}

/** The days that the rulebook asks about, the latest first. */
internal fun DeclarationForm.days(): List<LocalDate> =
    generateSequence(to) {
        it.minusDays(1)
    }.takeWhile { !it.isBefore(from) }.toList()
