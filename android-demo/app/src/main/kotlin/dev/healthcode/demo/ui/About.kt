package dev.healthcode.demo.ui

import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import dev.healthcode.demo.state.DeclareState
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.JournalState
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.RegisterState
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.state.Session
import dev.healthcode.demo.state.TripState
import dev.healthcode.demo.state.code.CodeState
import dev.healthcode.demo.state.family.AppealState
import dev.healthcode.demo.state.family.MoveState
import dev.healthcode.demo.state.family.PaperState
import dev.healthcode.demo.state.family.PersonState
import dev.healthcode.demo.state.quarantine.QuarantineState
import dev.healthcode.demo.ui.code.CodeScreen
import dev.healthcode.demo.ui.declare.DeclareScreen
import dev.healthcode.demo.ui.exposure.TripScreen
import dev.healthcode.demo.ui.family.AppealScreen
import dev.healthcode.demo.ui.family.MoveScreen
import dev.healthcode.demo.ui.family.PaperScreen
import dev.healthcode.demo.ui.family.PersonScreen
import dev.healthcode.demo.ui.journal.JournalScreen
import dev.healthcode.demo.ui.parts.LocalWho
import dev.healthcode.demo.ui.quarantine.QuarantineScreen
import dev.healthcode.demo.ui.register.RegisterScreen

/** A screen that is about one person, whose name stands on it. */
@Composable
internal fun About(
    session: Session,
    screen: Screen,
    subject: String,
    device: Device,
    texts: Texts,
) {
    val home by session.home.collectAsState()
    val card = home?.subjects?.firstOrNull { it.subject == subject }
    val who = card?.let { "${it.maskedName} · ${it.idTail}" }
    val back: () -> Unit = { session.app.back() }
    // Who will care is not whom the form is about.
    val below = if (screen.place == Place.CARE) who?.let { texts[TFamily.CARE_BY, it] } else who
    CompositionLocalProvider(LocalWho provides below) {
        when (screen.place) {
            Place.CARE, Place.PERSON, Place.PAPER, Place.APPEAL, Place.MOVE -> {
                Beyond(session, screen, subject, card?.maskedName.orEmpty(), device, texts)
            }

            else -> {
                Daily(session, screen, subject, device, texts, back)
            }
        }
    }
}

/** What a day brings. */
@Composable
private fun Daily(
    session: Session,
    screen: Screen,
    subject: String,
    device: Device,
    texts: Texts,
    back: () -> Unit,
) {
    val (resident, looking) = session.resident to session.app.seen
    val remedies = { retry: () -> Unit -> remedies(session, device, subject, retry) }
    val contest = { session.app.go(Screen(Place.APPEAL, subject)) }
    when (screen.place) {
        Place.DECLARE -> {
            val state = session.holder(screen) { DeclareState(session, subject, it) }
            val sync by session.sync.collectAsState()
            DeclareScreen(state, sync, texts, remedies { state.again() }, back)
        }

        Place.CODE -> {
            val state = session.holder(screen) { CodeState(resident, subject, it, looking, session.mending(subject)) }
            CodeScreen(state, device, texts, back, contest)
        }

        Place.QUARANTINE -> {
            val state =
                session.holder(
                    screen,
                ) {
                    val draft = session.draft(subject, "check-in")
                    QuarantineState(resident, subject, it, looking, session.mending(subject), draft)
                }
            val sync by session.sync.collectAsState()
            QuarantineScreen(state, device, texts, back, contest) { SyncLine(sync, session, device, texts) }
        }

        Place.TRIP -> {
            val state = session.holder(screen) { TripState(session, subject, it) }
            TripScreen(state, texts, remedies { state.record() }, back)
        }

        else -> {
            val state = session.holder(screen) { JournalState(session, subject, it) }
            JournalScreen(state, texts, remedies { state.read() }, back)
        }
    }
}

/** Family, paper, appeals, another region. */
@Composable
private fun Beyond(
    session: Session,
    screen: Screen,
    subject: String,
    name: String,
    device: Device,
    texts: Texts,
) {
    val back: () -> Unit = { session.app.back() }
    val remedies = { retry: () -> Unit -> remedies(session, device, subject, retry) }
    when (screen.place) {
        Place.CARE -> {
            val state = session.holder(screen) { RegisterState(session, it, subject) }
            RegisterScreen(state, device, texts, remedies(session, device, retry = { state.again() }), back)
        }

        Place.PAPER -> {
            val state = session.holder(screen) { PaperState(session, subject, it) }
            PaperScreen(state, name, device, texts, remedies, back)
        }

        Place.APPEAL -> {
            AppealScreen(session.holder(screen) { AppealState(session, subject, it) }, texts, remedies, back)
        }

        Place.MOVE -> {
            val state = session.holder(screen) { MoveState(session, subject, it) }
            MoveScreen(state, texts, remedies(state::again), back)
        }

        else -> {
            val state = session.holder(screen) { PersonState(session, subject, it) }
            PersonScreen(state, texts, remedies(state::again), { session.app.go(Screen(it, subject)) }, back)
        }
    }
}
