package dev.healthcode.demo.ui

import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.material3.Icon
import androidx.compose.material3.NavigationBar
import androidx.compose.material3.NavigationBarItem
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.key
import androidx.compose.ui.Modifier
import dev.healthcode.demo.state.AppState
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.Opening
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.state.Session
import dev.healthcode.demo.ui.parts.Bounded
import dev.healthcode.demo.ui.parts.Icons

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
    Wakes(session, device)
    // What a screen remembers belongs to that screen alone.
    key(screen) { Shown(session, screen, device, texts, camera) }
}

/** The phone is told at each open, and whenever it has changed, when to remind the person and when to wake the app. */
@Composable
private fun Wakes(
    session: Session,
    device: Device,
) {
    val home by session.home.collectAsState()
    val wakes = home?.let { session.wakes(it) } ?: return
    LaunchedEffect(wakes) {
        device.wakeAt(wakes.sync)
        device.remind(wakes.reminder)
    }
}

/** The bar below the first screens. */
@Composable
internal fun Bar(
    session: Session,
    place: Place,
    texts: Texts,
) = NavigationBar {
    for ((top, icon, word) in bar) {
        NavigationBarItem(
            top == place,
            { session.app.go(Screen(top)) },
            // The word below says the same.
            { Icon(icon, null) },
            label = { Bounded { Text(texts[word], maxLines = 1) } },
        )
    }
}

private val bar =
    listOf(
        Triple(Place.HOME, Icons.home, T.NAV_HOME),
        Triple(Place.SCAN, Icons.scan, T.NAV_SCAN),
        Triple(Place.EXPOSURE, Icons.place, T.NAV_EXPOSURE),
        Triple(Place.SETTINGS, Icons.settings, T.NAV_SETTINGS),
    )
