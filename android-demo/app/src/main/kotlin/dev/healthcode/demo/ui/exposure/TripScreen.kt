package dev.healthcode.demo.ui.exposure

import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.text.input.KeyboardType
import dev.healthcode.TransportMode
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.TripField
import dev.healthcode.demo.state.TripState
import dev.healthcode.demo.state.TripView
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.Choice
import dev.healthcode.demo.ui.parts.Field
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.RadioLine
import dev.healthcode.demo.ui.parts.RegionField
import dev.healthcode.demo.ui.parts.Restored
import dev.healthcode.demo.ui.parts.Small
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.parts.day

/** A journey by train, flight or coach, as the ticket says it. */
@Composable
internal fun TripScreen(
    state: TripState,
    texts: Texts,
    remedies: (Remedy) -> (() -> Unit)?,
    onBack: () -> Unit,
) {
    val view by state.view.collectAsState()
    Page(texts[T.TRIP_TITLE], texts, onBack) {
        Small(texts[T.TRIP_ABOUT])
        if (view.restored) Restored(texts, !view.busy, state::clear)
        for ((mode, words) in modeWords) RadioLine(texts[words.name], view.mode == mode) { state.choose(mode) }
        val words = modeWords.getValue(view.mode)
        Typed(TripField.NUMBER, texts[words.number], state, view, texts)
        Choice(
            texts[T.TRIP_DATE],
            view.date,
            view.days,
            texts::day,
            state::choose,
            view.problems[TripField.DATE]?.let(texts::of),
        )
        Typed(TripField.PLACE, texts[words.place], state, view, texts, KeyboardType.Number, texts[T.TRIP_PLACE_HINT])
        Region(TripField.FROM, T.TRIP_FROM, state, view, texts)
        Region(TripField.TO, T.TRIP_TO, state, view, texts)
        view.trouble?.let { TroubleNotice(it, texts, remedies) }
        Actions(listOf(Action(texts[T.TRIP_RECORD], !view.busy) { state.record() }))
    }
}

@Composable
private fun Typed(
    field: TripField,
    label: String,
    state: TripState,
    view: TripView,
    texts: Texts,
    keyboard: KeyboardType = KeyboardType.Text,
    hint: String? = null,
) = Field(
    label,
    view.values[field].orEmpty(),
    { state.type(field, it) },
    view.problems[field]?.let(texts::of),
    hint,
    keyboard,
)

@Composable
private fun Region(
    field: TripField,
    label: String,
    state: TripState,
    view: TripView,
    texts: Texts,
) = RegionField(
    texts[label],
    view.values[field].orEmpty(),
    texts,
    { state.type(field, it) },
    view.problems[field]?.let(texts::of),
)

private class ModeWords(
    val name: String,
    val number: String,
    val place: String,
)

private val modeWords =
    mapOf(
        TransportMode.TRAIN to ModeWords(T.TRIP_TRAIN, T.TRIP_TRAIN_NUMBER, T.TRIP_TRAIN_PLACE),
        TransportMode.FLIGHT to ModeWords(T.TRIP_FLIGHT, T.TRIP_FLIGHT_NUMBER, T.TRIP_ROW),
        TransportMode.COACH to ModeWords(T.TRIP_COACH, T.TRIP_COACH_NUMBER, T.TRIP_ROW),
    )
