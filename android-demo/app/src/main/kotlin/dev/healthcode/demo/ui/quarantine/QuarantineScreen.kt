package dev.healthcode.demo.ui.quarantine

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.selection.toggleable
import androidx.compose.material3.Button
import androidx.compose.material3.Checkbox
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.DisposableEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.unit.dp
import dev.healthcode.MissEffect
import dev.healthcode.Phase
import dev.healthcode.QuarantineView
import dev.healthcode.Risk
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.quarantine.QuarantineShown
import dev.healthcode.demo.state.quarantine.QuarantineState
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.TRecord
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.Notice
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.parts.day
import dev.healthcode.demo.ui.parts.instant
import dev.healthcode.demo.ui.remedies

/** A person's quarantine: the day's check-in first, then how far it is, the days, and the proof. */
@Composable
fun QuarantineScreen(
    state: QuarantineState,
    device: Device,
    texts: Texts,
    onBack: (() -> Unit)? = null,
    onContest: (() -> Unit)? = null,
    syncLine: @Composable () -> Unit = {},
) {
    val view by state.view.collectAsState()
    DisposableEffect(state) {
        val watching = state.watch()
        onDispose { watching.cancel() }
    }
    val quarantine = view.quarantine
    Page(texts[TCode.QUARANTINE_TITLE], texts, onBack) {
        view.unread?.let { trouble -> TroubleNotice(trouble, texts, remedies(device, state::readAgain)) }
        view.trouble?.let { trouble ->
            TroubleNotice(trouble, texts, remedies(device) { state.remedy(it, device::shareProof) })
        }
        when {
            quarantine != null -> {
                Count(quarantine, texts)
                CheckIn(quarantine, view, texts, state)
                syncLine()
                Standing(quarantine, texts, state)
                // Once that is past, what stands above says so.
                quarantine.provisionalUntil
                    ?.takeUnless {
                        quarantine.connectToConfirm
                    }?.let { Notice(texts[TRecord.EVENT_PROVISIONAL, texts.instant(it)]) }
                Calendar(quarantine, texts)
                Reminder(quarantine, device, texts)
                CheckIns(quarantine, texts)
                Cause(quarantine, texts)
                if (onContest != null) {
                    Actions(listOf(Action(texts[TFamily.PERSON_APPEAL], run = onContest)), first = false)
                }
            }

            view.loaded -> {
                Text(texts[TCode.QUARANTINE_NONE], style = MaterialTheme.typography.bodyLarge)
            }

            else -> {
                Text(texts[TCode.QUARANTINE_OPENING])
            }
        }
        if (view.provable) Proof(view, device, texts, state)
    }
}

@Composable
private fun ColumnScope.Count(
    quarantine: QuarantineView,
    texts: Texts,
) {
    val (counted, days) = quarantine.counted.toInt() to quarantine.days.toInt()
    quarantine.time.notice?.let { Notice(texts.of(it.what) + "\n" + texts.of(it.action)) }
    Text(
        texts[TCode.QUARANTINE_DAYS, counted, days],
        Modifier.semantics { heading() },
        style = MaterialTheme.typography.headlineSmall,
    )
    LinearProgressIndicator({ counted.toFloat() / days.coerceAtLeast(1) }, Modifier.fillMaxWidth())
}

@Composable
private fun ColumnScope.Standing(
    quarantine: QuarantineView,
    texts: Texts,
    state: QuarantineState,
) {
    val phase = quarantine.phase
    val release = quarantine.earliestRelease
    when {
        quarantine.connectToConfirm -> {
            val connect = Action(texts[TCode.QUARANTINE_CONNECT]) { state.remedy(Remedy.SYNC) }
            // An officer's order may also have lapsed: then no days are done.
            val said = if (phase is Phase.Complete) TCode.QUARANTINE_COMPLETE else TCode.QUARANTINE_LAPSED
            Notice(texts[said], actions = listOf(connect))
        }

        phase is Phase.Review -> {
            Notice(texts[TCode.QUARANTINE_REVIEW])
        }

        release != null -> {
            Text(
                texts[TCode.QUARANTINE_EARLIEST, texts.instant(release)],
                Modifier.testTag("release"),
                style = MaterialTheme.typography.titleMedium,
                fontWeight = FontWeight.SemiBold,
            )
            Text(texts[TCode.QUARANTINE_EARLIEST_NOTE], style = MaterialTheme.typography.bodyMedium)
        }
    }
}

@Composable
private fun ColumnScope.CheckIn(
    quarantine: QuarantineView,
    view: QuarantineShown,
    texts: Texts,
    state: QuarantineState,
) {
    val due = quarantine.due
    // Once it was sent, the record below says what became of it.
    view.recorded?.takeIf { view.card?.waiting != 0u }?.let { recorded ->
        val day = recorded.day
        val said = day?.let { texts[TCode.QUARANTINE_RECORDED_DAY, texts.day(it)] } ?: texts[TCode.QUARANTINE_RECORDED]
        Notice(said, Modifier.testTag("recorded"))
    }
    if (due == null && quarantine.time.sure) {
        val next = quarantine.nextOpensAt
        if (view.recorded == null) Text(texts[TCode.QUARANTINE_NOTHING_DUE])
        if (next != null) Text(texts[TCode.QUARANTINE_NEXT, texts.instant(next)])
        return
    }
    if (view.choosing) {
        Symptoms(view, texts, state)
    } else {
        Button(state::checkIn, Modifier.fillMaxWidth().heightIn(min = 64.dp), enabled = !view.busy) {
            Text(texts[TCode.QUARANTINE_CHECK_IN], style = MaterialTheme.typography.titleMedium)
        }
        OutlinedButton(
            { state.askSymptoms(true) },
            Modifier.fillMaxWidth().heightIn(min = 48.dp),
            enabled = !view.busy && view.symptoms.isNotEmpty(),
        ) { Text(texts[TCode.QUARANTINE_SYMPTOMS]) }
    }
    if (due == null) Text(texts[TCode.QUARANTINE_CHECK_IN_UNSURE]) else Danger(due, texts)
}

/** What would break it: until when the check-in must be made, and what missing it does. */
@Composable
private fun ColumnScope.Danger(
    due: Risk,
    texts: Texts,
) {
    val effect =
        when (due.effect) {
            MissEffect.RESTART -> TCode.QUARANTINE_RESTART
            MissEffect.EXTEND -> TCode.QUARANTINE_EXTEND
            MissEffect.FORGIVEN -> TCode.QUARANTINE_FORGIVEN
        }
    Text(
        texts[TCode.QUARANTINE_DUE, texts.day(due.day), texts.instant(due.deadline)] + " " + texts[effect],
        Modifier.testTag("due"),
    )
}

@Composable
private fun ColumnScope.Symptoms(
    view: QuarantineShown,
    texts: Texts,
    state: QuarantineState,
) = Surface(Modifier.fillMaxWidth(), MaterialTheme.shapes.medium, MaterialTheme.colorScheme.surfaceContainerLow) {
    Column(Modifier.padding(16.dp), Arrangement.spacedBy(4.dp)) {
        Text(texts[TCode.QUARANTINE_SYMPTOMS_ASK], style = MaterialTheme.typography.titleMedium)
        for (symptom in view.symptoms) {
            val chosen = symptom.id in view.chosen
            Row(
                Modifier
                    .fillMaxWidth()
                    .heightIn(min = 48.dp)
                    .toggleable(chosen, role = Role.Checkbox) { state.choose(symptom.id) },
                Arrangement.spacedBy(12.dp),
                Alignment.CenterVertically,
            ) {
                Checkbox(chosen, null)
                Text(texts.of(symptom.text))
            }
        }
        Button(
            state::checkIn,
            Modifier.fillMaxWidth().heightIn(min = 48.dp),
            enabled = !view.busy && view.chosen.isNotEmpty(),
        ) { Text(texts[TCode.QUARANTINE_SYMPTOMS_SEND]) }
        TextButton({ state.askSymptoms(false) }) { Text(texts[T.CANCEL]) }
    }
}

@Composable
private fun ColumnScope.Cause(
    quarantine: QuarantineView,
    texts: Texts,
) = Text(
    texts[TCode.QUARANTINE_CAUSE, texts.of(quarantine.cause), texts.day(quarantine.startsOn)],
    style = MaterialTheme.typography.bodyMedium,
)
