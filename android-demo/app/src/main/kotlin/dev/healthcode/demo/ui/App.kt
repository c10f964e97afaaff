package dev.healthcode.demo.ui

import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.Modifier
import dev.healthcode.demo.state.AppState
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.Opening
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.state.Session

/**
 * A camera's picture that fills its place: whether the torch is lit, and what takes each text that is read from it. The
 * platform provides it.
 */
typealias Camera = @Composable (Modifier, Boolean, (String) -> Unit) -> Unit

/** The whole app: the screen on top of the stack, or what stands in its place while the file is not open. */
@Composable
fun HealthCodeApp(
    app: AppState,
    device: Device,
    texts: Texts,
    camera: Camera,
    dark: Boolean = isSystemInDarkTheme(),
) {
    val opening by app.opening.collectAsState()
    HealthCodeTheme(dark) {
        when (val now = opening) {
            is Opening.Open -> Screens(now.session, device, texts, camera)
            is Opening.Under -> OpeningPage(texts)
            is Opening.Failed -> FailedPage(app, now.trouble, texts)
        }
    }
}

@Composable
private fun Screens(
    session: Session,
    device: Device,
    texts: Texts,
    camera: Camera,
) {
    val stack by session.app.stack.collectAsState()
    val screen = stack.last()
    OnScreen(session, screen, device, texts, camera)
}

@Composable
private fun OnScreen(
    session: Session,
    screen: Screen,
    device: Device,
    texts: Texts,
    camera: Camera,
) {
    when (screen.place) {
        Place.HOME -> Unit
        else -> Unit
    }
}
