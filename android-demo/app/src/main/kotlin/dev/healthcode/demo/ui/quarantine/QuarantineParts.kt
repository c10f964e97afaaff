package dev.healthcode.demo.ui.quarantine

import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import dev.healthcode.CheckInState
import dev.healthcode.NotCounted
import dev.healthcode.QuarantineView
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.DeviceSetting
import dev.healthcode.demo.state.quarantine.QuarantineShown
import dev.healthcode.demo.state.quarantine.QuarantineState
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Notice
import dev.healthcode.demo.ui.parts.day
import dev.healthcode.demo.ui.parts.instant

/** When the phone will remind, and what stands in its way. */
@Composable
internal fun ColumnScope.Reminder(
    quarantine: QuarantineView,
    device: Device,
    texts: Texts,
) {
    val at = quarantine.reminders.firstOrNull() ?: return
    val allowed by device.notificationsAllowed.collectAsState()
    if (allowed) {
        Text(texts[TCode.QUARANTINE_REMINDER, texts.instant(at)], style = MaterialTheme.typography.bodyMedium)
        Text(texts[TCode.QUARANTINE_BATTERY], style = MaterialTheme.typography.bodySmall)
        TextButton({ device.openSettings(DeviceSetting.BATTERY) }) { Text(texts[TCode.QUARANTINE_BATTERY_OPEN]) }
    } else {
        val allow = Action(texts[TCode.QUARANTINE_REMINDER_ALLOW]) { device.openSettings(DeviceSetting.NOTIFICATIONS) }
        Notice(texts[TCode.QUARANTINE_REMINDER_OFF], actions = listOf(allow))
    }
}

/** What became of each check-in that this phone has recorded, the latest first. */
@Composable
internal fun ColumnScope.CheckIns(
    quarantine: QuarantineView,
    texts: Texts,
) {
    if (quarantine.checkIns.isEmpty()) return
    Text(
        texts[TCode.QUARANTINE_CHECK_INS],
        Modifier.semantics { heading() },
        style = MaterialTheme.typography.titleMedium,
    )
    for (one in quarantine.checkIns.asReversed()) {
        Text(texts.instant(one.recordedAt) + " · " + texts.said(one.state), style = MaterialTheme.typography.bodyMedium)
    }
}

/** The proof of the quarantine, for the share sheet: nothing of it is written to a file of the app's. */
@Composable
internal fun ColumnScope.Proof(
    view: QuarantineShown,
    device: Device,
    texts: Texts,
    state: QuarantineState,
) {
    val word = if (view.quarantine == null) TCode.QUARANTINE_LAST_PROOF else TCode.QUARANTINE_PROOF
    OutlinedButton(
        { state.proof(device::shareProof) },
        Modifier.fillMaxWidth().heightIn(min = 48.dp),
        enabled = !view.busy,
    ) { Text(texts[word]) }
    Text(texts[TCode.QUARANTINE_PROOF_NOTE], style = MaterialTheme.typography.bodySmall)
}

internal fun Device.shareProof(proof: ByteArray) = share(PROOF, "application/json", proof)

private const val PROOF = "quarantine-proof.json"

private fun Texts.said(state: CheckInState): String =
    when (state) {
        is CheckInState.Waiting -> this[TCode.CHECK_IN_WAITING]
        is CheckInState.Received -> this[TCode.CHECK_IN_RECEIVED]
        is CheckInState.Counted -> this[TCode.CHECK_IN_COUNTED, day(state.day)]
        is CheckInState.NotCounted -> this[notCounted.getValue(state.reason)]
        is CheckInState.Refused -> this[TCode.CHECK_IN_REFUSED, of(state.text)]
    }

private val notCounted =
    mapOf(
        NotCounted.BEFORE_ORDER to TCode.CHECK_IN_BEFORE_ORDER,
        NotCounted.TOO_OLD to TCode.CHECK_IN_TOO_OLD,
        NotCounted.DAY_TAKEN to TCode.CHECK_IN_DAY_TAKEN,
        NotCounted.UNCLEAR to TCode.CHECK_IN_UNCLEAR,
        NotCounted.AFTER_ORDER to TCode.CHECK_IN_AFTER_ORDER,
    )
