package dev.healthcode.demo.ui.family

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.min
import dev.healthcode.HandoverPicture
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.family.HandoverState
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.code.Modules
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.Opening
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.PageBar
import dev.healthcode.demo.ui.parts.Secret
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.remedies

/** What a new phone shows to the one of before; the answer is taken by the scanner. */
@Composable
internal fun HandoverScreen(
    state: HandoverState,
    device: Device,
    texts: Texts,
    onScan: () -> Unit,
    onBack: () -> Unit,
) {
    val view by state.view.collectAsState()
    val (request, trouble) = view.request to view.trouble
    Secret(device)
    if (request == null) {
        Page(texts[TFamily.HANDOVER_TITLE], texts, onBack) {
            if (trouble == null) Opening(texts) else TroubleNotice(trouble, texts, remedies(device) { state.ask() })
        }
        return
    }
    HandoverPage(texts[TFamily.HANDOVER_TITLE], request, texts[TFamily.HANDOVER_PICTURE], texts, onBack) {
        Text(texts[TFamily.HANDOVER_ONE])
        Text(texts[TFamily.HANDOVER_TWO])
        Text(texts[TFamily.HANDOVER_THREE])
        Actions(listOf(Action(texts[TFamily.HANDOVER_SCAN], run = onScan)))
    }
}

/** A code between two phones: whole on every display, since a camera must see all of it, and what it is for below. */
@Composable
internal fun HandoverPage(
    title: String,
    shown: HandoverPicture,
    description: String,
    texts: Texts,
    onBack: (() -> Unit)?,
    content: @Composable ColumnScope.() -> Unit,
) = Scaffold(topBar = { PageBar(title, texts, onBack) }) { padding ->
    BoxWithConstraints(Modifier.padding(padding).fillMaxSize(), Alignment.TopCenter) {
        val side = min(min(maxWidth, maxHeight), 440.dp)
        Column(
            Modifier.widthIn(max = 600.dp).verticalScroll(rememberScrollState()),
            horizontalAlignment = Alignment.CenterHorizontally,
        ) {
            Modules(shown.picture, description, Modifier.size(side).testTag("handover"))
            Column(
                Modifier.fillMaxWidth().padding(start = 16.dp, end = 16.dp, top = 12.dp, bottom = 24.dp),
                Arrangement.spacedBy(12.dp),
                content = content,
            )
        }
    }
}
