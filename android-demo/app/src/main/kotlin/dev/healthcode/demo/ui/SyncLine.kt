package dev.healthcode.demo.ui

import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.Session
import dev.healthcode.demo.state.Sync
import dev.healthcode.demo.ui.parts.Small
import dev.healthcode.demo.ui.parts.TroubleNotice

/** That an exchange is under way, or why the last one brought nothing; nothing where all is well. */
@Composable
internal fun SyncLine(
    sync: Sync,
    session: Session,
    device: Device,
    texts: Texts,
) {
    when (sync) {
        is Sync.Under -> {
            LinearProgressIndicator(Modifier.fillMaxWidth())
            Small(texts[T.SYNC_RUNNING])
        }

        is Sync.Failed -> {
            TroubleNotice(sync.trouble, texts, remedies(session, device))
        }

        is Sync.Idle, is Sync.Done -> {}
    }
}
