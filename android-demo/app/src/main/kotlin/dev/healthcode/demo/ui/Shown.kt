package dev.healthcode.demo.ui

import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.ExposureState
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.RegisterState
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.state.Session
import dev.healthcode.demo.state.SettingsState
import dev.healthcode.demo.state.family.HandoverState
import dev.healthcode.demo.state.gate.GateState
import dev.healthcode.demo.state.scan.ScanState
import dev.healthcode.demo.ui.exposure.ExposureActions
import dev.healthcode.demo.ui.exposure.ExposureScreen
import dev.healthcode.demo.ui.family.HandoverScreen
import dev.healthcode.demo.ui.gate.GateScreen
import dev.healthcode.demo.ui.home.HomeScreen
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.register.RegisterScreen
import dev.healthcode.demo.ui.scan.ScanScreen
import dev.healthcode.demo.ui.settings.SettingsScreen

/** A screen with its state, which lives as long as the screen is open. */
@Composable
internal fun Shown(
    session: Session,
    screen: Screen,
    device: Device,
    texts: Texts,
    camera: Camera,
) {
    val app = session.app
    val back: () -> Unit = { app.back() }
    val bottomBar: @Composable () -> Unit = { Bar(session, screen.place, texts) }
    when (screen.place) {
        Place.HOME -> {
            HomeScreen(session, device, texts, bottomBar)
        }

        Place.REGISTER -> {
            val state = session.holder(screen) { RegisterState(session, it) }
            RegisterScreen(state, device, texts, remedies(session, device, retry = { state.again() }), back)
        }

        Place.SCAN -> {
            val state =
                session.holder(
                    screen,
                ) { ScanState(session.resident, screen.subject, it, app.seen, session.mending(screen.subject)) }
            ScanScreen(state, device, texts, camera, null, bottomBar)
        }

        Place.EXPOSURE -> {
            Exposure(session, screen, device, texts, bottomBar)
        }

        Place.SETTINGS -> {
            val state = session.holder(screen) { SettingsState(session, it) }
            val remedies = remedies(session, device, retry = { state.again() })
            SettingsScreen(state, session, device, texts, remedies, bottomBar)
        }

        Place.GATE -> {
            val state =
                session.holder(screen) {
                    GateState(app.openers::checkpoint, app.saved, it, app.seen, erase = app.openers::eraseCheckpoint)
                }
            GateScreen(state, device, texts, camera, back)
        }

        Place.HANDOVER -> {
            val state = session.holder(screen) { HandoverState(session, it) }
            HandoverScreen(state, device, texts, { app.go(Screen(Place.SCAN)) }, back)
        }

        Place.DECLARE, Place.CODE, Place.QUARANTINE, Place.TRIP, Place.JOURNAL,
        Place.PERSON, Place.CARE, Place.PAPER, Place.APPEAL, Place.MOVE,
        -> {
            About(session, screen, screen.subject ?: return, device, texts)
        }
    }
}

/** The places of one person: of the one who was chosen, or of the first. */
@Composable
private fun Exposure(
    session: Session,
    screen: Screen,
    device: Device,
    texts: Texts,
    bottomBar: @Composable () -> Unit,
) {
    val home by session.home.collectAsState()
    val people = home?.subjects.orEmpty()
    val subject = screen.subject ?: people.firstOrNull()?.subject
    if (subject == null) {
        Page(texts[T.EXPOSURE_TITLE], texts, null, bottomBar) { Text(texts[T.EXPOSURE_NOBODY]) }
        return
    }
    val state = session.holder(screen) { ExposureState(session, subject, it) }
    val actions =
        ExposureActions(
            choose = { session.app.go(Screen(Place.EXPOSURE, it)) },
            add = { session.app.go(Screen(Place.TRIP, subject)) },
            scan = { session.app.go(Screen(Place.SCAN, subject)) },
        )
    val remedies = remedies(session, device, subject, retry = { state.fetch() })
    ExposureScreen(state, people, texts, remedies, actions, bottomBar)
}
