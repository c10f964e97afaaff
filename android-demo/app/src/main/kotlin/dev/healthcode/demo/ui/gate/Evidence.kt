package dev.healthcode.demo.ui.gate

import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import dev.healthcode.CheckpointStatus
import dev.healthcode.ClockHint
import dev.healthcode.GateTimeState
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.DeviceSetting
import dev.healthcode.demo.state.gate.GateState
import dev.healthcode.demo.state.gate.GateView
import dev.healthcode.demo.ui.TGate
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Notice
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.parts.day
import dev.healthcode.demo.ui.parts.instant

/** What the lane lacks to judge by, the worst first, each with what can be done; nothing where all is well. */
@Composable
internal fun Evidence(
    view: GateView,
    state: GateState,
    device: Device,
    texts: Texts,
) {
    LaneTrouble(view, state, texts)
    if (view.noticeLoaded) Notice(texts[TGate.GATE_NOTICE_LOADED])
    val status = view.status ?: return
    val connect =
        Action(texts[if (view.syncing) TGate.GATE_CONNECTING else TGate.GATE_CONNECT], !view.syncing, state::sync)
    val lacks = lacks(status, view, texts)
    when {
        status.time == GateTimeState.CONFIRM_DATE -> {
            ConfirmDate(status, state, device, texts)
        }

        lacks != null -> {
            val why = view.offline?.let { "\n" + texts.of(it.text) }.orEmpty()
            Notice(lacks + why, urgent = true, actions = listOf(connect))
        }

        status.time == GateTimeState.COARSE -> {
            Notice(texts[TGate.GATE_TIME_COARSE], actions = listOf(connect))
        }
    }
    status.hint?.let {
        val set = Action(texts[TGate.GATE_CLOCK_SET]) { device.openSettings(DeviceSetting.DATE) }
        val said = if (it == ClockHint.AHEAD) TGate.GATE_CLOCK_AHEAD else TGate.GATE_CLOCK_BEHIND
        Notice(texts[said], actions = listOf(set))
    }
    for (outage in status.outages) {
        Text(texts[TGate.GATE_OUTAGE, outage.issuer, outage.hours.toInt(), texts.instant(outage.endsAt)])
    }
}

/** Why the lane has to connect first; null where it need not. */
private fun lacks(
    status: CheckpointStatus,
    view: GateView,
    texts: Texts,
): String? =
    when {
        status.time == GateTimeState.NONE -> texts[TGate.GATE_TIME_NONE]
        view.lane?.policy != null && status.policy == null -> texts[TGate.GATE_NO_POLICY]
        !status.isCurrent -> texts[TGate.GATE_NOT_CURRENT]
        else -> null
    }

@Composable
private fun ConfirmDate(
    status: CheckpointStatus,
    state: GateState,
    device: Device,
    texts: Texts,
) {
    val date = status.date ?: return
    Notice(
        texts[TGate.GATE_CONFIRM_DATE, texts.day(date)],
        urgent = true,
        actions =
            listOf(
                Action(texts[TGate.GATE_CONFIRM_YES]) { state.confirmDate() },
                Action(texts[TGate.GATE_CONFIRM_NO]) { device.openSettings(DeviceSetting.DATE) },
            ),
    )
}
