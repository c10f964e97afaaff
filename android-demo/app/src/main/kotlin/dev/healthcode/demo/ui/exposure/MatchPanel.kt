package dev.healthcode.demo.ui.exposure

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Row
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.unit.dp
import dev.healthcode.Exposure
import dev.healthcode.ExposureAnswer
import dev.healthcode.ExposureState.COMING
import dev.healthcode.ExposureState.DECIDED
import dev.healthcode.ExposureState.HOLDS
import dev.healthcode.ExposureState.OVER
import dev.healthcode.ExposureState.PLACE_UNKNOWN
import dev.healthcode.ExposureState.TOLD
import dev.healthcode.ExposureState.WRONG_ENTRY
import dev.healthcode.demo.state.ExposureState
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.ColourMark
import dev.healthcode.demo.ui.parts.Confirm
import dev.healthcode.demo.ui.parts.Heading
import dev.healthcode.demo.ui.parts.Panel
import dev.healthcode.demo.ui.parts.Small
import dev.healthcode.demo.ui.parts.day
import dev.healthcode.demo.ui.parts.instant

/** A place that met a notice: which, why and until when, and what the person can say to it. */
@Composable
internal fun MatchPanel(
    match: Exposure,
    state: ExposureState,
    texts: Texts,
) {
    var asked by rememberSaveable(match.id) { mutableStateOf<ExposureAnswer?>(null) }
    Panel {
        Row(horizontalArrangement = Arrangement.spacedBy(12.dp), verticalAlignment = Alignment.CenterVertically) {
            match.colour?.let { ColourMark(it) }
            Heading(texts.of(match.place))
        }
        Text(texts.of(match.reason))
        match.meaning?.let { Text(texts.of(it)) }
        Small(texts[T.MATCH_NUMBERS, texts.day(match.on), match.minutes.toInt(), match.notice.toInt()])
        Small(texts[T.MATCH_UNTIL, texts.instant(match.from), texts.instant(match.until)])
        Text(texts[stateWords.getValue(match.state)])
        if (match.state in setOf(HOLDS, PLACE_UNKNOWN, COMING)) {
            Actions(
                listOfNotNull(
                    Action(texts[T.MATCH_TELL]) { asked = ExposureAnswer.TELL }.takeIf { match.state == HOLDS },
                    Action(texts[T.MATCH_WRONG]) { asked = ExposureAnswer.WRONG_ENTRY },
                ),
            )
        }
    }
    val answer = asked ?: return
    val telling = answer == ExposureAnswer.TELL
    Confirm(
        texts[if (telling) T.MATCH_TELL_ASK else T.MATCH_WRONG_ASK],
        texts[if (telling) T.MATCH_TELL else T.MATCH_WRONG],
        texts,
    ) { yes ->
        asked = null
        if (yes) state.answer(match.id, answer)
    }
}

private val stateWords =
    mapOf(
        HOLDS to T.MATCH_HOLDS,
        PLACE_UNKNOWN to T.MATCH_PLACE_UNKNOWN,
        COMING to T.MATCH_COMING,
        OVER to T.MATCH_OVER,
        WRONG_ENTRY to T.MATCH_WAS_WRONG,
        TOLD to T.MATCH_TOLD,
        DECIDED to T.MATCH_DECIDED,
    )
