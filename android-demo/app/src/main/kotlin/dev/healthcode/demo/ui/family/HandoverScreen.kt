package dev.healthcode.demo.ui.family

import androidx.compose.foundation.layout.aspectRatio
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.widthIn
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.unit.dp
import dev.healthcode.HandoverPicture
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.family.HandoverState
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.code.Modules
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.Secret
import dev.healthcode.demo.ui.parts.TroubleNotice

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
    Secret(device)
    Page(texts[TFamily.HANDOVER_TITLE], texts, onBack) {
        view.trouble?.let { TroubleNotice(it, texts) { state::ask } }
        val request = view.request ?: return@Page
        Text(texts[TFamily.HANDOVER_ONE])
        HandoverCode(request, texts[TFamily.HANDOVER_PICTURE])
        Text(texts[TFamily.HANDOVER_TWO])
        Text(texts[TFamily.HANDOVER_THREE])
        Actions(listOf(Action(texts[TFamily.HANDOVER_SCAN], run = onScan)))
    }
}

/** A code between two phones, as large as the page is wide. */
@Composable
internal fun HandoverCode(
    shown: HandoverPicture,
    description: String,
) = Modules(
    shown.picture,
    description,
    Modifier
        .widthIn(max = 400.dp)
        .fillMaxWidth()
        .aspectRatio(1f)
        .testTag("handover"),
)
