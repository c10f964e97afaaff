package dev.healthcode.demo.ui.code

import androidx.compose.foundation.border
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.text.BasicText
import androidx.compose.foundation.text.TextAutoSize
import androidx.compose.material3.LocalContentColor
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
import androidx.compose.ui.text.TextStyle
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.text.style.TextAlign
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
import dev.healthcode.demo.ui.remedies

/** A person's code, to be scanned: bright, always fresh, without a network. */
@Composable
fun CodeScreen(
    state: CodeState,
    device: Device,
    texts: Texts,
    onBack: (() -> Unit)? = null,
    onContest: (() -> Unit)? = null,
) {
    val view by state.view.collectAsState()
    DisposableEffect(state) {
        val watching = state.watch()
        onDispose { watching.cancel() }
    }
    val (code, trouble, disclosure) = Triple(view.code, view.trouble, view.disclosure)
    when {
        code != null && disclosure != null -> {
            DisclosurePage(code, disclosure, texts, onContest, state::closeDisclosure)
        }

        code != null -> {
            Bright(device)
            CodePage(code, texts, onBack, state::reveal, texts[TCode.CODE_REVEALS]) { room ->
                when (room) {
                    Room.WIDE -> Facts(code, view, texts, state)
                    Room.CLOSE -> CloseFacts(code, view, texts, state)
                    Room.LINES -> ShortFacts(code, view, texts, state)
                }
            }
        }

        else -> {
            Page(texts[TCode.CODE_TITLE], texts, onBack) {
                if (trouble == null) {
                    Text(texts[TCode.CODE_OPENING])
                } else {
                    TroubleNotice(trouble, texts, remedies(device, state::remedy))
                    // A server knows the time as well as a gate does.
                    val connect = Action(texts[TCode.QUARANTINE_CONNECT]) { state.remedy(Remedy.SYNC) }
                    if (trouble.remedy == Remedy.SCAN) Actions(listOf(connect), first = false)
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
        Name(code, texts, Modifier.weight(1f))
        view.time?.let { Time(it, texts, Modifier) }
    }
    Text(texts.of(code.advice), style = MaterialTheme.typography.bodyLarge)
    val remarks = remarks(code, view, texts)
    remarks.forEach { Text(it, style = MaterialTheme.typography.bodyMedium) }
    val connect = Action(texts[TCode.QUARANTINE_CONNECT]) { state.remedy(Remedy.SYNC) }
    if (code.expired) Actions(listOf(connect))
    TextButton(state::reveal, Modifier.heightIn(min = 48.dp)) { Text(texts[TCode.CODE_REVEALS]) }
}

/** Name and time in one line, then what matters most: large letters must not take the code's room. */
@Composable
private fun ColumnScope.CloseFacts(
    code: ShownCode,
    view: CodeView,
    texts: Texts,
    state: CodeState,
) {
    NameAndTime(code, view, texts, state)
    for (text in remarks(code, view, texts).take(2).ifEmpty { listOf(texts.of(code.advice)) }) {
        BasicText(
            text,
            style = TextStyle(LocalContentColor.current),
            maxLines = 3,
            autoSize = TextAutoSize.StepBased(16.dp.notScaled(), 24.dp.notScaled(), 1.dp.notScaled()),
        )
    }
    if (code.expired) Actions(listOf(Action(texts[TCode.QUARANTINE_CONNECT]) { state.remedy(Remedy.SYNC) }))
}

@Composable
private fun ColumnScope.ShortFacts(
    code: ShownCode,
    view: CodeView,
    texts: Texts,
    state: CodeState,
) {
    NameAndTime(code, view, texts, state)
    val remark = remarks(code, view, texts).firstOrNull() ?: return
    OneLine(remark, largest = 16.dp.notScaled(), smallest = 10.dp.notScaled())
}

@Composable
private fun NameAndTime(
    code: ShownCode,
    view: CodeView,
    texts: Texts,
    state: CodeState,
) = Row(Modifier.fillMaxWidth().heightIn(min = 44.dp), Arrangement.spacedBy(8.dp), Alignment.CenterVertically) {
    OneLine(
        "${code.maskedName}  ${code.idTail}",
        largest = 24.sp,
        weight = FontWeight.Medium,
        modifier = Modifier.weight(1f),
    )
    view.time?.let { Time(it, texts, Modifier.weight(1f)) }
    TextButton(
        state::reveal,
        Modifier.size(44.dp).semantics { contentDescription = texts[TCode.CODE_REVEALS] },
        contentPadding = PaddingValues(0.dp),
    ) {
        Box(Modifier.size(28.dp).border(2.dp, LocalContentColor.current, CircleShape), Alignment.Center) {
            OneLine("i", largest = 18.dp.notScaled(), weight = FontWeight.Bold)
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
    val issuer = code.issuerName?.let { " · " + texts.of(it) }.orEmpty()
    Text(texts[TCode.CODE_TAIL, code.idTail] + issuer, style = MaterialTheme.typography.bodyMedium)
}

/** The trusted time, with a mark where no server has vouched for it since the phone was started. */
@Composable
private fun Time(
    time: TimeState,
    texts: Texts,
    modifier: Modifier,
) {
    val said = texts.time(time.now)
    val shown = if (time.sure) said else "≈ $said"
    val description = if (time.sure) said else texts[TCode.CODE_TIME_UNSURE, said]
    OneLine(
        shown,
        largest = 24.sp,
        weight = FontWeight.Medium,
        align = TextAlign.End,
        modifier = modifier.testTag("time").semantics { contentDescription = description },
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
        view.card
            ?.waiting
            ?.takeIf { it > 0u }
            ?.let { texts[TCode.CODE_WAITING, it.toInt()] },
        view.sync?.takeIf { it.failures > 0u && !code.expired }?.let {
            texts[TCode.CODE_OFFLINE, texts.instant(code.validUntil)]
        },
    )
