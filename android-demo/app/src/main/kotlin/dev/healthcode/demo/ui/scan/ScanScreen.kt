package dev.healthcode.demo.ui.scan

import androidx.compose.foundation.background
import androidx.compose.foundation.horizontalScroll
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.rememberScrollState
import androidx.compose.material3.Button
import androidx.compose.material3.FilterChip
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.DisposableEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.sp
import dev.healthcode.Foreign
import dev.healthcode.SubjectCard
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.Signal
import dev.healthcode.demo.state.scan.Found
import dev.healthcode.demo.state.scan.ScanState
import dev.healthcode.demo.state.scan.ScanView
import dev.healthcode.demo.ui.Camera
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.code.Bright
import dev.healthcode.demo.ui.code.CodePage
import dev.healthcode.demo.ui.code.OneLine
import dev.healthcode.demo.ui.code.Room
import dev.healthcode.demo.ui.code.notScaled
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.PageBar
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.remedies

/** A resident's scanner: what it reads, it answers, offers to enter, or names. */
@Composable
fun ScanScreen(
    state: ScanState,
    device: Device,
    texts: Texts,
    camera: Camera,
    onBack: (() -> Unit)? = null,
    bottomBar: @Composable () -> Unit = {},
) {
    val view by state.view.collectAsState()
    val people by state.people.collectAsState()
    val chosen by state.chosen.collectAsState()
    DisposableEffect(state) {
        val watching = state.watch()
        onDispose { watching.cancel() }
    }
    when (val now = view) {
        is ScanView.Looking -> {
            Looking(state, device, texts, camera, people, chosen, onBack, bottomBar)
        }

        is ScanView.Answer -> {
            Answer(now, state, device, texts, people.orEmpty(), chosen)
        }

        is ScanView.HandedOver -> {
            HandedOver(now, state, device, texts)
        }

        else -> {
            Page(texts[TCode.SCAN_TITLE], texts, onBack, bottomBar) {
                when (now) {
                    is ScanView.Venue -> Venue(now, state, texts)
                    is ScanView.Entered -> Entered(now, state, texts)
                    is ScanView.Left -> Said(texts[TCode.SCAN_LEFT, texts.of(now.name)])
                    is ScanView.Named -> Said(texts[TCode.SCAN_FOUND, texts.name(now.found, now.foreign)])
                    is ScanView.AskedFor -> AskedFor(state, texts, people.orEmpty(), chosen)
                    is ScanView.TakenOver -> Said(texts[TFamily.HANDOVER_TAKEN, now.maskedName, now.idTail])
                    is ScanView.Failed -> Failed(now, state, device, texts)
                    else -> Text(texts[TCode.SCAN_READING])
                }
                if (now !is ScanView.Reading) {
                    OutlinedButton(state::again, Modifier.fillMaxWidth().heightIn(min = 48.dp)) {
                        Text(texts[again(now)])
                    }
                }
            }
        }
    }
}

@Composable
private fun Looking(
    state: ScanState,
    device: Device,
    texts: Texts,
    camera: Camera,
    people: List<SubjectCard>?,
    chosen: String?,
    onBack: (() -> Unit)?,
    bottomBar: @Composable () -> Unit,
) {
    var torch by remember { mutableStateOf(false) }
    DisposableEffect(device) {
        device.awake(true)
        onDispose { device.awake(false) }
    }
    Scaffold(topBar = { PageBar(texts[TCode.SCAN_TITLE], texts, onBack) }, bottomBar = bottomBar) { padding ->
        Column(Modifier.padding(padding).fillMaxSize()) {
            Box(Modifier.weight(1f).fillMaxWidth().background(Color.Black)) {
                camera(Modifier.fillMaxSize(), torch, state::scanned)
            }
            Column(Modifier.padding(horizontal = 16.dp, vertical = 8.dp), Arrangement.spacedBy(4.dp)) {
                // A phone with nobody on it may still take somebody over.
                val hint = if (people?.isEmpty() == true) TCode.SCAN_NOBODY else TCode.SCAN_HINT
                Text(texts[hint], style = MaterialTheme.typography.bodyMedium)
                People(people.orEmpty(), chosen, state, texts)
                if (device.torchAvailable) {
                    FilterChip(torch, { torch = !torch }, { Text(texts[TCode.SCAN_TORCH]) })
                }
            }
        }
    }
}

/** For whom: nothing where there is one person. */
@Composable
internal fun People(
    people: List<SubjectCard>,
    chosen: String?,
    state: ScanState,
    texts: Texts,
) {
    if (people.size < 2) return
    Row(Modifier.horizontalScroll(rememberScrollState()), Arrangement.spacedBy(8.dp)) {
        for (card in people) {
            FilterChip(card.subject == chosen, { state.choose(card.subject) }, {
                Text(texts[TCode.SCAN_FOR, card.maskedName, card.idTail])
            })
        }
    }
}

/** The answer over the whole screen at once: the gate is waiting for it. */
@Composable
private fun Answer(
    answer: ScanView.Answer,
    state: ScanState,
    device: Device,
    texts: Texts,
    people: List<SubjectCard>,
    chosen: String?,
) {
    val code = answer.code
    Bright(device)
    DisposableEffect(code.text) {
        device.signal(Signal.LOOK)
        onDispose {}
    }
    CodePage(code, texts, onBack = state::again) { room ->
        val largest = if (room == Room.WIDE) 24.sp else 20.dp.notScaled()
        val gate = texts[TCode.CODE_ANSWER_FOR, code.gate.orEmpty()]
        Row(
            Modifier.fillMaxWidth().semantics { liveRegion = LiveRegionMode.Polite },
            Arrangement.spacedBy(8.dp),
        ) {
            OneLine(gate, largest = largest, modifier = Modifier.weight(2f))
            OneLine(
                "${code.maskedName} ${code.idTail}",
                largest = largest,
                align = TextAlign.End,
                modifier = Modifier.weight(1f),
            )
        }
        if (room == Room.LINES) return@CodePage
        People(people, chosen, state, texts)
        Button(state::again, Modifier.fillMaxWidth().heightIn(min = 48.dp)) { Text(texts[TCode.SCAN_DONE]) }
    }
}

@Composable
private fun ColumnScope.Venue(
    venue: ScanView.Venue,
    state: ScanState,
    texts: Texts,
) {
    Text(
        texts[TCode.SCAN_VENUE, texts.of(venue.name)],
        Modifier.semantics { heading() },
        style = MaterialTheme.typography.headlineSmall,
    )
    Text(texts[TCode.SCAN_VENUE_NOTE])
    Button(state::enter, Modifier.fillMaxWidth().heightIn(min = 56.dp)) { Text(texts[TCode.SCAN_ENTER]) }
}

@Composable
private fun ColumnScope.Entered(
    entered: ScanView.Entered,
    state: ScanState,
    texts: Texts,
) {
    Said(texts[TCode.SCAN_ENTERED, texts.of(entered.name)])
    Button(state::leave, Modifier.fillMaxWidth().heightIn(min = 48.dp)) { Text(texts[TCode.SCAN_LEAVE]) }
}

@Composable
private fun Failed(
    failed: ScanView.Failed,
    state: ScanState,
    device: Device,
    texts: Texts,
) {
    val remedies = remedies(device, state::remedy)
    if (failed.taking) {
        NotYet(
            failed.trouble,
            state,
            remedies,
            texts,
        )
    } else {
        TroubleNotice(failed.trouble, texts, remedies)
    }
}

private fun again(view: ScanView) =
    when (view) {
        is ScanView.AskedFor -> T.CANCEL
        is ScanView.Entered, is ScanView.TakenOver -> TCode.SCAN_DONE
        else -> TCode.SCAN_AGAIN
    }

@Composable
private fun ColumnScope.Said(text: String) =
    Text(
        text,
        Modifier.semantics { liveRegion = LiveRegionMode.Polite },
        style = MaterialTheme.typography.headlineSmall,
    )

private fun Texts.name(
    found: Found,
    foreign: Foreign?,
): String =
    when (found) {
        Found.CODE -> this[TCode.FOUND_CODE]
        Found.UNSIGNED_VENUE -> this[TCode.FOUND_UNSIGNED_VENUE]
        Found.OTHER_KIND -> this[TCode.FOUND_OTHER_KIND]
        Found.DAMAGED -> this[TCode.FOUND_DAMAGED]
        Found.FOREIGN -> name(foreign ?: Foreign.OTHER)
    }

/** What something of another system is called. */
internal fun Texts.name(foreign: Foreign): String =
    this[
        when (foreign) {
            Foreign.URL -> TCode.FOREIGN_URL
            Foreign.PAYMENT -> TCode.FOREIGN_PAYMENT
            Foreign.EU_CERTIFICATE -> TCode.FOREIGN_EU
            Foreign.SMART_HEALTH_CARD -> TCode.FOREIGN_SMART
            Foreign.CHALLENGE -> TCode.FOREIGN_CHALLENGE
            Foreign.VENUE -> TCode.FOREIGN_VENUE
            Foreign.HANDOVER -> TCode.FOREIGN_HANDOVER
            Foreign.OUTAGE_NOTICE -> TCode.FOREIGN_OUTAGE
            Foreign.OTHER -> TCode.FOREIGN_OTHER
        },
    ]
