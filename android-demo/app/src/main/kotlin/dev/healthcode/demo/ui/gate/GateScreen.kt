package dev.healthcode.demo.ui.gate

import androidx.compose.foundation.background
import androidx.compose.foundation.focusable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawingPadding
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.FilterChip
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Scaffold
import androidx.compose.material3.SegmentedButton
import androidx.compose.material3.SegmentedButtonDefaults
import androidx.compose.material3.SingleChoiceSegmentedButtonRow
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.DisposableEffect
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.focus.FocusRequester
import androidx.compose.ui.focus.focusRequester
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.input.key.KeyEventType
import androidx.compose.ui.input.key.onPreviewKeyEvent
import androidx.compose.ui.input.key.type
import androidx.compose.ui.input.key.utf16CodePoint
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.sp
import dev.healthcode.Direction
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.gate.GateStage
import dev.healthcode.demo.state.gate.GateState
import dev.healthcode.demo.state.gate.GateView
import dev.healthcode.demo.state.gate.Wedge
import dev.healthcode.demo.ui.Camera
import dev.healthcode.demo.ui.TGate
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.code.OneLine
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Icons
import dev.healthcode.demo.ui.parts.PageBar

/**
 * A guard's lane. The camera reads all the time, below whatever is shown; a scanner that types like a keyboard is heard
 * wherever the focus is.
 */
@Composable
fun GateScreen(
    state: GateState,
    device: Device,
    texts: Texts,
    camera: Camera,
    onBack: (() -> Unit)? = null,
) {
    val view by state.view.collectAsState()
    DisposableEffect(state) {
        val watching = state.watch()
        onDispose { watching.cancel() }
    }
    LaunchedEffect(state, device) { state.signals.collect(device::signal) }
    if (view.setting) {
        GateSettings(
            view,
            state,
            texts,
            if (view.lane == null) {
                onBack
            } else {
                fun() = state.settings(false)
            },
        )
        return
    }
    DisposableEffect(device) {
        device.awake(true)
        onDispose { device.awake(false) }
    }
    Typed(state) {
        Box(Modifier.fillMaxSize()) {
            // What is covered is neither touched nor read out.
            val covered = if (view.stage is GateStage.Looking) Modifier else Modifier.clearAndSetSemantics {}
            Box(covered) { Lane(view, state, device, texts, camera, onBack) }
            when (val stage = view.stage) {
                is GateStage.Looking -> Unit
                is GateStage.Judged -> VerdictPage(stage.scan, stage.held, texts, state::next)
                is GateStage.Asking -> Asking(stage, device, texts, state)
            }
        }
    }
}

/** Hears what a scanner types. Its keys, Enter and the space bar among them, press no button. */
@Composable
private fun Typed(
    state: GateState,
    content: @Composable () -> Unit,
) {
    val wedge = remember(state) { Wedge(state.nanos) }
    val focus = remember { FocusRequester() }
    Box(
        Modifier
            .onPreviewKeyEvent { event ->
                val character = event.utf16CodePoint.takeIf { it in 1..0xFFFF }?.toChar()
                if (character == null || character == Char.MAX_VALUE) return@onPreviewKeyEvent false
                val ends = character == '\n' || character == '\r'
                if (!wedge.begun && (ends || character.isWhitespace() || character.isISOControl())) {
                    return@onPreviewKeyEvent false
                }
                if (event.type == KeyEventType.KeyDown) wedge.key(character)?.let(state::typed)
                true
            }.focusRequester(focus)
            .focusable(),
    ) { content() }
    LaunchedEffect(focus) { focus.requestFocus() }
}

@Composable
private fun Lane(
    view: GateView,
    state: GateState,
    device: Device,
    texts: Texts,
    camera: Camera,
    onBack: (() -> Unit)?,
) = Scaffold(
    topBar = {
        Row(Modifier.safeDrawingPadding(), verticalAlignment = Alignment.CenterVertically) {
            Box(Modifier.weight(1f)) { PageBar(view.lane?.gate.orEmpty(), texts, onBack) }
            IconButton({ state.settings(true) }) { Icon(Icons.settings, texts[TGate.GATE_SETTINGS]) }
        }
    },
) { padding ->
    BoxWithConstraints(Modifier.padding(padding).fillMaxSize()) {
        val room = maxHeight * 0.55f
        Column(Modifier.fillMaxSize()) {
            Box(Modifier.weight(1f).fillMaxWidth().background(Color.Black), Alignment.BottomCenter) {
                camera(Modifier.fillMaxSize(), view.torch, state::scanned)
                Box(Modifier.background(Color(0xB0000000)).fillMaxWidth().padding(6.dp), Alignment.Center) {
                    OneLine(texts[TGate.GATE_LOOKING], Color.White, 16.sp)
                }
            }
            Column(
                Modifier
                    .fillMaxWidth()
                    .heightIn(max = room)
                    .verticalScroll(rememberScrollState())
                    .padding(12.dp),
                Arrangement.spacedBy(8.dp),
            ) {
                Evidence(view, state, device, texts)
                Controls(view, state, device, texts)
                view.last?.let { Text(texts[TGate.GATE_LAST, texts.of(it.action)], Modifier.testTag("last")) }
                Counts(view, texts)
            }
        }
    }
}

@Composable
private fun Controls(
    view: GateView,
    state: GateState,
    device: Device,
    texts: Texts,
) = FlowRow(
    Modifier.fillMaxWidth(),
    Arrangement.spacedBy(8.dp),
    Arrangement.spacedBy(4.dp),
    itemVerticalAlignment = Alignment.CenterVertically,
) {
    SingleChoiceSegmentedButtonRow {
        Direction.entries.forEachIndexed { index, direction ->
            SegmentedButton(
                view.direction == direction,
                { state.go(direction) },
                SegmentedButtonDefaults.itemShape(index, Direction.entries.size),
            ) { Text(texts[if (direction == Direction.IN) TGate.GATE_IN else TGate.GATE_OUT]) }
        }
    }
    FilterChip(view.challenging, { state.challenge(!view.challenging) }, { Text(texts[TGate.GATE_CHALLENGE]) })
    if (device.torchAvailable) {
        FilterChip(view.torch, { state.torch(!view.torch) }, { Text(texts[TGate.GATE_TORCH]) })
    }
}

/** How many came to which verdict today: numbers, and nothing about persons. */
@Composable
internal fun Counts(
    view: GateView,
    texts: Texts,
) {
    val counts = view.counts.joinToString(" · ") { (name, count) -> texts.verdict(name) + " $count" }
    val said = if (counts.isEmpty()) texts[TGate.GATE_TODAY_NONE] else texts[TGate.GATE_TODAY, counts]
    Text(said, Modifier.testTag("counts"), style = MaterialTheme.typography.bodyMedium)
}
