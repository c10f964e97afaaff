package dev.healthcode.demo.ui.gate

import androidx.compose.foundation.background
import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawingPadding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.text.BasicText
import androidx.compose.foundation.text.TextAutoSize
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.TextStyle
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.coerceIn
import androidx.compose.ui.unit.dp
import dev.healthcode.Colour
import dev.healthcode.Scan
import dev.healthcode.demo.state.Signal
import dev.healthcode.demo.state.gate.signal
import dev.healthcode.demo.ui.TGate
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.code.OneLine
import dev.healthcode.demo.ui.code.notScaled
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.ColourMark
import dev.healthcode.demo.ui.parts.frame
import dev.healthcode.demo.ui.parts.ink

/** What a verdict's screen is filled with: none of the codes' colours but for pass and stop, which they mean. */
private val Signal.ground: Color
    get() =
        when (this) {
            Signal.PASS -> Colour.GREEN.frame
            Signal.STOP -> Colour.RED.frame
            Signal.ASK -> Color(0xFF1F4E8C)
            Signal.LOOK -> Color(0xFF3C3650)
        }

/**
 * A verdict over the whole screen: its shape, the one thing to do, whose code it is, and why. A tap anywhere goes on to the
 * next person, and only a stop waits for it.
 */
@Composable
internal fun VerdictPage(
    scan: Scan,
    held: Boolean,
    texts: Texts,
    onNext: () -> Unit,
) {
    val signal = scan.verdict.signal
    BoxWithConstraints(
        Modifier
            .fillMaxSize()
            .background(signal.ground)
            .clickable(onClickLabel = texts[TGate.GATE_NEXT], onClick = onNext)
            .safeDrawingPadding()
            .testTag("verdict"),
    ) {
        // What has to be seen at a glance fits without scrolling, whatever the font's scale and the display.
        val tight = maxHeight < 480.dp
        val mark = (maxHeight * 0.2f).coerceIn(44.dp, 128.dp)
        val largest = (maxHeight * 0.12f).coerceIn(24.dp, 44.dp)
        Column(
            Modifier
                .fillMaxSize()
                .verticalScroll(rememberScrollState())
                .heightIn(min = maxHeight)
                .padding(horizontal = 16.dp, vertical = if (tight) 4.dp else 16.dp),
            Arrangement.spacedBy(if (tight) 4.dp else 8.dp, Alignment.CenterVertically),
            Alignment.CenterHorizontally,
        ) {
            Mark(signal, mark)
            BasicText(
                texts.of(scan.action),
                Modifier.fillMaxWidth().semantics { liveRegion = LiveRegionMode.Assertive }.testTag("action"),
                TextStyle(Color.White, fontWeight = FontWeight.Bold, textAlign = TextAlign.Center),
                maxLines = if (tight) 2 else 3,
                autoSize = TextAutoSize.StepBased(16.dp.notScaled(), largest.notScaled(), 1.dp.notScaled()),
            )
            Person(scan, texts, largest * 0.7f)
            for (line in details(scan.verdict, texts)) {
                Text(
                    line,
                    color = Color.White,
                    textAlign = TextAlign.Center,
                    style = MaterialTheme.typography.bodyLarge,
                )
            }
            if (held && signal == Signal.STOP) {
                Text(texts[TGate.GATE_TAP], color = Color.White, style = MaterialTheme.typography.titleMedium)
            }
        }
    }
}

/** Whose code it is: what a card is compared with. */
@Composable
private fun Person(
    scan: Scan,
    texts: Texts,
    letter: Dp,
) {
    val holder = scan.verdict.holder ?: return
    val colour = scan.verdict.colour
    Row(
        Modifier.background(Color.White, MaterialTheme.shapes.medium).padding(horizontal = 16.dp, vertical = 6.dp),
        Arrangement.spacedBy(12.dp),
        Alignment.CenterVertically,
    ) {
        if (colour != null) ColourMark(colour, 40.dp)
        Column {
            OneLine(
                "${holder.maskedName}  ${holder.idTail}",
                Color.Black,
                letter.notScaled(),
                weight = FontWeight.Medium,
            )
            val word = colour?.let { texts[it.word] + " · " }.orEmpty()
            OneLine(word + texts.of(holder.issuerName), Color.Black, (letter * 0.6f).notScaled())
        }
    }
}

/** The shape that says the verdict without colour. */
@Composable
private fun Mark(
    signal: Signal,
    size: Dp,
) = when (signal) {
    Signal.PASS -> ColourMark(Colour.GREEN, size, Colour.GREEN.ink, Colour.GREEN.frame)
    Signal.STOP -> ColourMark(Colour.RED, size, Colour.RED.ink, Colour.RED.frame)
    Signal.ASK -> Letter("?", signal, size)
    Signal.LOOK -> Letter("i", signal, size)
}

@Composable
private fun Letter(
    letter: String,
    signal: Signal,
    size: Dp,
) = Box(
    Modifier.size(size).background(Color.White, CircleShape).clearAndSetSemantics {},
    Alignment.Center,
) {
    Text(letter, color = signal.ground, fontSize = (size * 0.6f).notScaled(), fontWeight = FontWeight.Bold)
}
