package dev.healthcode.demo.ui

import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import dev.healthcode.demo.state.AppState
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.Trouble
import dev.healthcode.demo.ui.parts.Confirm
import dev.healthcode.demo.ui.parts.Opening
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.TroubleNotice

/** Shown for the moment that the file takes to open, which is local and ends. */
@Composable
internal fun OpeningPage(texts: Texts) =
    Page(texts[T.APP_NAME], texts, null) {
        Opening(texts)
    }

/** The file does not open: why, and the way on. Erasing is asked for twice, since what waits to be sent goes with it. */
@Composable
internal fun FailedPage(
    app: AppState,
    trouble: Trouble,
    texts: Texts,
) {
    var asked by rememberSaveable { mutableStateOf(false) }
    Page(texts[T.APP_NAME], texts, null) {
        Text(texts[T.OPENING_FAILED])
        TroubleNotice(trouble, texts) {
            when (it) {
                Remedy.ERASE -> ({ asked = true })
                Remedy.RETRY -> app::open
                else -> null
            }
        }
        if (trouble.remedy == Remedy.ERASE) OutlinedButton(app::open) { Text(texts[T.REMEDY_RETRY]) }
    }
    if (!asked) return
    Confirm(texts[T.ERASE_FILE_ASK], texts[T.ERASE_FILE_YES], texts) { yes ->
        asked = false
        if (yes) app.eraseFile()
    }
}
