package dev.healthcode.demo.ui.gate

import androidx.compose.foundation.background
import androidx.compose.foundation.gestures.detectTapGestures
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawingPadding
import androidx.compose.foundation.text.BasicText
import androidx.compose.foundation.text.TextAutoSize
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.input.pointer.pointerInput
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.TextStyle
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import dev.healthcode.Scan
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.gate.GateStage
import dev.healthcode.demo.state.gate.GateState
import dev.healthcode.demo.ui.TGate
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.code.Bright
import dev.healthcode.demo.ui.code.Modules
import dev.healthcode.demo.ui.code.OneLine
import dev.healthcode.demo.ui.code.notScaled
import dev.healthcode.demo.ui.of

/** The challenge over the whole screen, for the resident's phone; the camera waits for the answer below it. */
@Composable
internal fun Asking(
    stage: GateStage.Asking,
    device: Device,
    texts: Texts,
    state: GateState,
) {
    Bright(device)
    BoxWithConstraints(
        Modifier
            .fillMaxSize()
            .background(Color.White)
            // A touch on the challenge is none on what lies below it.
            .pointerInput(Unit) { detectTapGestures {} }
            .safeDrawingPadding()
            .testTag("challenge"),
    ) {
        // The words never take the room that the resident's camera needs.
        val line = maxHeight * 0.055f
        Column(Modifier.fillMaxSize().padding(vertical = 4.dp), Arrangement.Center, Alignment.CenterHorizontally) {
            val scan = stage.scan
            val action = if (scan == null) texts[TGate.GATE_CHALLENGE_HINT] else texts.of(scan.action)
            Fitting(
                action,
                line * 3,
                30.dp,
                Modifier.semantics { liveRegion = LiveRegionMode.Assertive }.testTag("action"),
                FontWeight.Bold,
            )
            Modules(stage.challenge.picture, texts[TGate.GATE_CHALLENGE_PICTURE], Modifier.weight(1f).fillMaxWidth())
            if (scan != null) details(scan.verdict, texts).forEach { Fitting(it, line * 2, 18.dp) }
            Row(Modifier.fillMaxWidth().padding(horizontal = 12.dp), verticalAlignment = Alignment.CenterVertically) {
                Person(scan, Modifier.weight(1f))
                Leave(stage, state, texts)
            }
        }
    }
}

/** A text in at most [height], in letters as large as fit. */
@Composable
private fun Fitting(
    text: String,
    height: Dp,
    largest: Dp,
    modifier: Modifier = Modifier,
    weight: FontWeight = FontWeight.Normal,
) = BasicText(
    text,
    modifier.fillMaxWidth().heightIn(max = height).padding(horizontal = 12.dp),
    TextStyle(Color.Black, fontWeight = weight, textAlign = TextAlign.Center),
    maxLines = 3,
    autoSize = TextAutoSize.StepBased(11.dp.notScaled(), largest.notScaled(), 1.dp.notScaled()),
)

@Composable
private fun Person(
    scan: Scan?,
    modifier: Modifier,
) {
    val said =
        scan
            ?.verdict
            ?.holder
            ?.let { "${it.maskedName}  ${it.idTail}" }
            .orEmpty()
    OneLine(said, Color.Black, 26.dp.notScaled(), weight = FontWeight.Medium, modifier = modifier)
}

/** The way out of a challenge: to the next person, or out of the mode in which everybody is asked. */
@Composable
private fun Leave(
    stage: GateStage.Asking,
    state: GateState,
    texts: Texts,
) {
    val word = if (stage.scan == null) TGate.GATE_CHALLENGE_END else TGate.GATE_NEXT
    TextButton(
        { if (stage.scan == null) state.challenge(false) else state.next() },
        Modifier.heightIn(min = 48.dp),
    ) { OneLine(texts[word], Color(0xFF1F4E8C), 18.dp.notScaled(), weight = FontWeight.Medium) }
}
