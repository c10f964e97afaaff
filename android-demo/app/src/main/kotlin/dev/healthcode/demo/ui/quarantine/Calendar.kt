package dev.healthcode.demo.ui.quarantine

import androidx.compose.foundation.background
import androidx.compose.foundation.border
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.sp
import dev.healthcode.DayState
import dev.healthcode.QuarantineView
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.chinese
import dev.healthcode.demo.ui.code.OneLine
import dev.healthcode.demo.ui.parts.day
import java.time.DayOfWeek
import java.time.LocalDate
import java.time.format.TextStyle
import java.util.Locale

private const val WEEK = 7

/**
 * The legal days of an order by weeks: each with its number, a sign and a shade, so that no day is
 * told by its colour alone. Below it stands what the signs mean, of those that occur.
 */
@Composable
internal fun Calendar(
    quarantine: QuarantineView,
    texts: Texts,
) {
    val looks = quarantine.calendar.associate { it.date to it.state.look } + quarantine.toCome.associateWith { toCome }
    val (first, last) = (looks.keys.minOrNull() ?: return) to looks.keys.max()
    val monday = first.with(DayOfWeek.MONDAY)
    val weeks = generateSequence(monday) { it.plusDays(WEEK.toLong()) }.takeWhile { it <= last }
    Column(Modifier.testTag("calendar"), Arrangement.spacedBy(4.dp)) {
        Row(Modifier.clearAndSetSemantics {}) {
            for (of in DayOfWeek.entries) {
                val locale = if (texts.chinese) Locale.SIMPLIFIED_CHINESE else Locale.ENGLISH
                val word = of.getDisplayName(TextStyle.NARROW_STANDALONE, locale)
                Box(Modifier.weight(1f), Alignment.Center) {
                    OneLine(word, MaterialTheme.colorScheme.onSurfaceVariant, 14.sp)
                }
            }
        }
        for (week in weeks) {
            Row(horizontalArrangement = Arrangement.spacedBy(4.dp)) {
                for (offset in 0L until WEEK) {
                    val date = week.plusDays(offset)
                    val look = looks[date]
                    if (look == null) {
                        Box(Modifier.weight(1f))
                    } else {
                        Day(date, look, date == quarantine.today, texts, Modifier.weight(1f))
                    }
                }
            }
        }
    }
    Legend(looks.values.distinct(), texts)
}

@Composable
private fun Day(
    date: LocalDate,
    look: Look,
    isToday: Boolean,
    texts: Texts,
    modifier: Modifier,
) {
    val shape = RoundedCornerShape(8.dp)
    val state = texts[TCode.DAY_SAID, texts.day(date), texts[look.word]]
    val said = if (isToday) texts[TCode.DAY_TODAY, state] else state
    val edge = if (isToday) Modifier.border(2.dp, MaterialTheme.colorScheme.onSurface, shape) else Modifier
    Column(
        modifier
            .clip(shape)
            .background(look.ground())
            .then(edge)
            .heightIn(min = 52.dp)
            .padding(vertical = 4.dp)
            .clearAndSetSemantics { contentDescription = said },
        Arrangement.Center,
        Alignment.CenterHorizontally,
    ) {
        OneLine("${date.dayOfMonth}", look.ink(), 18.sp, weight = FontWeight.Medium)
        OneLine(look.sign, look.ink(), 18.sp, weight = FontWeight.Bold)
    }
}

@Composable
private fun Legend(
    looks: List<Look>,
    texts: Texts,
) = FlowRow(
    Modifier.fillMaxWidth().clearAndSetSemantics {},
    Arrangement.spacedBy(12.dp),
    Arrangement.spacedBy(4.dp),
) {
    for (look in looks) {
        Row(horizontalArrangement = Arrangement.spacedBy(6.dp), verticalAlignment = Alignment.CenterVertically) {
            Box(Modifier.size(20.dp).clip(RoundedCornerShape(4.dp)).background(look.ground()), Alignment.Center) {
                OneLine(look.sign, look.ink(), 14.sp, weight = FontWeight.Bold)
            }
            Text(texts[look.word], style = MaterialTheme.typography.bodySmall, textAlign = TextAlign.Start)
        }
    }
}

/** How a day looks: its sign, its word, its shade. */
private class Look(
    val sign: String,
    val word: String,
    val ground: @Composable () -> Color,
    val ink: @Composable () -> Color,
)

private val done =
    Look("✓", TCode.DAY_DONE, { scheme.primary }, { scheme.onPrimary })

private val missed =
    Look("×", TCode.DAY_MISSED, { scheme.errorContainer }, { scheme.onErrorContainer })

private val open =
    Look("○", TCode.DAY_OPEN, { scheme.primaryContainer }, { scheme.onPrimaryContainer })

private val scheme @Composable get() = MaterialTheme.colorScheme

private val toCome =
    Look("·", TCode.DAY_TO_COME, { Color.Transparent }, { MaterialTheme.colorScheme.onSurfaceVariant })

private fun pale(
    sign: String,
    word: String,
) = Look(sign, word, { MaterialTheme.colorScheme.surfaceVariant }, { MaterialTheme.colorScheme.onSurfaceVariant })

private val looksOfStates =
    mapOf(
        DayState.DONE to done,
        DayState.MISSED to missed,
        DayState.OPEN to open,
        DayState.CREDITED to pale("+", TCode.DAY_CREDITED),
        DayState.BEFORE_ISSUE to pale("–", TCode.DAY_BEFORE),
        DayState.TOLERATED to pale("~", TCode.DAY_TOLERATED),
    )

private val DayState.look: Look get() = looksOfStates.getValue(this)
