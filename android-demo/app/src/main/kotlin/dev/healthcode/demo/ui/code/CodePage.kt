package dev.healthcode.demo.ui.code

import androidx.compose.foundation.background
import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxHeight
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.height
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.width
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.text.BasicText
import androidx.compose.foundation.text.TextAutoSize
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.LocalContentColor
import androidx.compose.material3.Scaffold
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.TextStyle
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.TextUnit
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.min
import dev.healthcode.ShownCode
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.ColourMark
import dev.healthcode.demo.ui.parts.Icons
import dev.healthcode.demo.ui.parts.frame
import dev.healthcode.demo.ui.parts.ink

/** Below this height the facts about the code shrink to two lines, so that the code does not. */
private val short = 480.dp

/** The share of the height that is the code's at the least: where the facts do not fit below it, they scroll. */
private const val CODE_SHARE = 0.6f

/**
 * A code over the whole screen: the colour in a band with its word and shape, the QR code as large as it goes, and below it the
 * [facts], which scroll only where the code would else become too small to be scanned. Beside each other on a wide screen.
 *
 * @param onCode what a tap on the code does, and [onCodeLabel] its name for a screen reader
 * @param facts told how much room there is for them
 */
@Composable
internal fun CodePage(
    code: ShownCode,
    texts: Texts,
    onBack: (() -> Unit)?,
    onCode: (() -> Unit)? = null,
    onCodeLabel: String? = null,
    facts: @Composable ColumnScope.(Room) -> Unit,
) = Scaffold { padding ->
    BoxWithConstraints(Modifier.padding(padding).fillMaxSize()) {
        val (width, height) = maxWidth to maxHeight
        val tight = height < short
        val close = tight || LocalDensity.current.fontScale > 1.3f
        val picture = @Composable { place: Modifier ->
            val description = texts[TCode.CODE_PICTURE, texts.of(code.word), code.maskedName, code.idTail]
            val tap = if (onCode == null) Modifier else Modifier.clickable(onClickLabel = onCodeLabel, onClick = onCode)
            Modules(code.picture, description, place.then(tap).testTag("code"))
        }
        if (width > height * 1.25f) {
            Row(Modifier.fillMaxSize()) {
                Box(
                    Modifier.background(Color.White).fillMaxHeight().width(min(height, width * 0.6f)),
                    Alignment.Center,
                ) {
                    picture(Modifier.fillMaxSize())
                }
                Column(Modifier.weight(1f).fillMaxHeight()) {
                    Band(code, texts, onBack, 64.dp)
                    Column(Modifier.verticalScroll(rememberScrollState()).padding(12.dp)) { facts(Room.WIDE) }
                }
            }
        } else {
            val band = if (tight) 56.dp else 88.dp
            val room = (height - band) * (1 - CODE_SHARE)
            Column(Modifier.fillMaxSize()) {
                Band(code, texts, onBack, band)
                Box(Modifier.background(Color.White).weight(1f).fillMaxWidth(), Alignment.Center) {
                    picture(Modifier.fillMaxSize().padding(vertical = if (tight) 0.dp else 4.dp))
                }
                Column(
                    Modifier.fillMaxWidth().heightIn(max = room).verticalScroll(rememberScrollState()).padding(
                        horizontal = if (tight) 8.dp else 16.dp,
                        vertical = if (tight) 2.dp else 8.dp,
                    ),
                    Arrangement.spacedBy(if (tight) 0.dp else 4.dp),
                ) {
                    facts(
                        if (tight) {
                            Room.LINES
                        } else if (close) {
                            Room.CLOSE
                        } else {
                            Room.WIDE
                        },
                    )
                }
            }
        }
    }
}

/** How much room there is beside a code. */
internal enum class Room {
    /** For all that there is to say. */
    WIDE,

    /** For what matters, in letters that fit. */
    CLOSE,

    /** For two lines. */
    LINES,
}

/** The colour with its word and its shape: the word as large as the band lets it be, whatever the font's scale. */
@Composable
private fun Band(
    code: ShownCode,
    texts: Texts,
    onBack: (() -> Unit)?,
    height: Dp,
) {
    val ink = code.colour.ink
    Row(
        Modifier
            .background(code.colour.frame)
            .fillMaxWidth()
            .height(height)
            .padding(horizontal = 4.dp),
        Arrangement.spacedBy(6.dp),
        Alignment.CenterVertically,
    ) {
        if (onBack != null) {
            IconButton(onBack, Modifier.size(48.dp)) { Icon(Icons.back, texts[T.BACK], tint = ink) }
        }
        ColourMark(code.colour, height * 0.72f, ink, code.colour.frame)
        OneLine(
            texts.of(code.word),
            ink,
            // Capitals of 4.4 mm at the least: at 2 m, half as large again as sharp eyes need.
            largest = height.notScaled() * 0.72f,
            weight = FontWeight.Bold,
            modifier = Modifier.weight(1f).semantics { heading() }.testTag("word"),
        )
    }
}

/** A text in one line, as large as fits and not larger than [largest]. */
@Composable
internal fun OneLine(
    text: String,
    colour: Color = LocalContentColor.current,
    largest: TextUnit,
    smallest: TextUnit = 8.dp.notScaled(),
    weight: FontWeight = FontWeight.Normal,
    align: TextAlign = TextAlign.Start,
    modifier: Modifier = Modifier,
) {
    BasicText(
        text,
        modifier,
        TextStyle(color = colour, fontWeight = weight, textAlign = align),
        maxLines = 1,
        softWrap = false,
        autoSize = TextAutoSize.StepBased(smaller(smallest, largest), largest, 1.dp.notScaled()),
    )
}

/** A letter's size that does not follow the font's scale: for what is as large as it can be anyway. */
@Composable
internal fun Dp.notScaled(): TextUnit = with(LocalDensity.current) { toSp() }

private fun smaller(
    one: TextUnit,
    other: TextUnit,
) = if (one.value < other.value) one else other
