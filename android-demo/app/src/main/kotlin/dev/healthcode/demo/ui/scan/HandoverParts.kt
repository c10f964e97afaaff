package dev.healthcode.demo.ui.scan

import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.material3.Button
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import dev.healthcode.SubjectCard
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.Trouble
import dev.healthcode.demo.state.scan.ScanState
import dev.healthcode.demo.state.scan.ScanView
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.code.Bright
import dev.healthcode.demo.ui.family.HandoverPage
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Notice
import dev.healthcode.demo.ui.parts.Secret
import dev.healthcode.demo.ui.parts.instant

/** Another phone asks for a person: whom, what it means, and the consent. */
@Composable
internal fun ColumnScope.AskedFor(
    state: ScanState,
    texts: Texts,
    people: List<SubjectCard>,
    chosen: String?,
) {
    Title(texts[TFamily.HANDOVER_ASKED])
    Text(texts[TFamily.HANDOVER_ASKED_ABOUT])
    People(people, chosen, state, texts)
    val card = people.firstOrNull { it.subject == chosen }
    if (card == null) {
        Text(texts[TCode.SCAN_NOBODY])
        return
    }
    Button(state::handOver, Modifier.fillMaxWidth().heightIn(min = 56.dp)) {
        Text(texts[TFamily.HANDOVER_AGREE, "${card.maskedName} ${card.idTail}"])
    }
}

/** What the new phone scans: whoever has it speaks for the person, so it is bright for a camera and in no screenshot. */
@Composable
internal fun HandedOver(
    handed: ScanView.HandedOver,
    state: ScanState,
    device: Device,
    texts: Texts,
) {
    Secret(device)
    Bright(device)
    val picture = handed.picture
    // On a small display the code leaves no room below: whose it is, and the way out, are above it.
    val title = "${handed.whom} · ${texts[TFamily.HANDOVER_SHOWN]}"
    HandoverPage(title, picture, texts[TFamily.HANDOVER_ANSWER], texts, state::again) {
        Text(texts[TFamily.HANDOVER_SHOWN_ABOUT])
        picture.expiresAt?.let { Text(texts[TFamily.HANDOVER_UNTIL, texts.instant(it)]) }
        Button(state::again, Modifier.fillMaxWidth().heightIn(min = 48.dp)) { Text(texts[TCode.SCAN_DONE]) }
    }
}

/** Somebody has not come to this phone: nothing was recorded, and what was scanned can be tried again. */
@Composable
internal fun NotYet(
    trouble: Trouble,
    state: ScanState,
    remedies: (Remedy) -> (() -> Unit)?,
    texts: Texts,
) {
    val offline = trouble.remedy == Remedy.NETWORK
    val settings = remedies(Remedy.NETWORK).takeIf { offline }
    Notice(
        if (offline) texts[TFamily.HANDOVER_OFFLINE] else texts.of(trouble.text),
        urgent = true,
        title = texts[TFamily.HANDOVER_NOT_YET],
        actions =
            listOfNotNull(
                Action(texts[T.REMEDY_RETRY]) { state.remedy(Remedy.RETRY) },
                settings?.let { Action(texts[T.REMEDY_NETWORK], run = it) },
            ),
    )
}

@Composable
private fun ColumnScope.Title(text: String) =
    Text(text, Modifier.semantics { heading() }, style = MaterialTheme.typography.headlineSmall)
