package dev.healthcode.demo.ui.code

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.DisposableEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.sp
import dev.healthcode.ShownCode
import dev.healthcode.TimeState
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.code.CodeState
import dev.healthcode.demo.state.code.CodeView
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.parts.instant
import dev.healthcode.demo.ui.parts.time

/** A person's code, to be scanned: bright, always fresh, without a network. */
@Composable
fun CodeScreen(
    state: CodeState,
    device: Device,
    texts: Texts,
    onBack: (() -> Unit)? = null,
) {
    val view by state.view.collectAsState()
    DisposableEffect(state) {
        val watching = state.watch()
        onDispose { watching.cancel() }
    }
    val (code, trouble, disclosure) = Triple(view.code, view.trouble, view.disclosure)
    when {
        code != null && disclosure != null -> {
            DisclosurePage(code, disclosure, texts, state::closeDisclosure)
        }

        code != null -> {
            Bright(device)
            CodePage(code, texts, onBack, state::reveal, texts[TCode.CODE_REVEALS]) { tight ->
                if (tight) ShortFacts(code, view, texts, state) else Facts(code, view, texts, state)
            }
        }

        else -> {
            Page(texts[TCode.CODE_TITLE], texts, onBack) {
                if (trouble == null) {
                    Text(texts[TCode.CODE_OPENING])
                } else {
                    TroubleNotice(trouble, texts) { { state.remedy(it) } }
                }
            }
        }
    }
}

/** Raises the display's brightness for as long as this is shown. */
@Composable
internal fun Bright(device: Device) =
    DisposableEffect(device) {
        device.bright(true)
        onDispose { device.bright(false) }
    }

@Composable
private fun ColumnScope.Facts(
    code: ShownCode,
    view: CodeView,
    texts: Texts,
    state: CodeState,
) {
    Row(Modifier.fillMaxWidth(), Arrangement.SpaceBetween, Alignment.CenterVertically) {
        Name(code, texts, Modifier.weight(1f, fill = false))
        view.time?.let { Time(it, texts) }
    }
    Text(texts.of(code.advice), style = MaterialTheme.typography.bodyLarge)
    val remarks = remarks(code, view, texts)
    remarks.forEach { Text(it, style = MaterialTheme.typography.bodyMedium) }
    val connect = Action(texts[TCode.QUARANTINE_CONNECT]) { state.remedy(Remedy.SYNC) }
    if (code.expired) Actions(listOf(connect))
    TextButton(state::reveal, Modifier.heightIn(min = 48.dp)) { Text(texts[TCode.CODE_REVEALS]) }
}

@Composable
private fun ColumnScope.ShortFacts(
    code: ShownCode,
    view: CodeView,
    texts: Texts,
    state: CodeState,
) {
    Row(Modifier.fillMaxWidth().heightIn(min = 44.dp), Arrangement.spacedBy(8.dp), Alignment.CenterVertically) {
        Column(Modifier.weight(1f)) {
            OneLine("${code.maskedName}  ${code.idTail}", largest = 18.sp, weight = FontWeight.Medium)
            remarks(code, view, texts).firstOrNull()?.let { OneLine(it, largest = 14.sp) }
        }
        view.time?.let { Time(it, texts) }
        TextButton(state::reveal, Modifier.semantics { contentDescription = texts[TCode.CODE_REVEALS] }) {
            Text(texts[TCode.CODE_REVEALS_SHORT], maxLines = 1)
        }
    }
}

@Composable
private fun Name(
    code: ShownCode,
    texts: Texts,
    modifier: Modifier,
) = Column(modifier) {
    Text(code.maskedName, style = MaterialTheme.typography.headlineSmall, maxLines = 1)
    Text(texts[TCode.CODE_TAIL, code.idTail], style = MaterialTheme.typography.bodyMedium)
}

/** The trusted time, with a mark where no server has vouched for it since the phone was started. */
@Composable
private fun Time(
    time: TimeState,
    texts: Texts,
) {
    val said = texts.time(time.now)
    val shown = if (time.sure) said else "≈ $said"
    val description = if (time.sure) said else texts[TCode.CODE_TIME_UNSURE, said]
    OneLine(
        shown,
        largest = 24.sp,
        weight = FontWeight.Medium,
        modifier = Modifier.testTag("time").semantics { contentDescription = description },
    )
}

/** What else a person should know, what matters most first. */
private fun remarks(
    code: ShownCode,
    view: CodeView,
    texts: Texts,
): List<String> =
    listOfNotNull(
        texts[TCode.CODE_EXPIRED].takeIf { code.expired },
        texts[TCode.CODE_LOWERED].takeIf { code.lowered },
        view.time?.notice?.let { texts.of(it.what) + " " + texts.of(it.action) },
        view.card?.waiting?.takeIf { it > 0u }?.let { texts[TCode.CODE_WAITING, it.toInt()] },
        view.sync?.takeIf { it.failures > 0u && !code.expired }?.let {
            texts[TCode.CODE_OFFLINE, texts.instant(code.validUntil)]
        },
    )
