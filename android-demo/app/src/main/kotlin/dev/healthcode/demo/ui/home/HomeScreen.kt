package dev.healthcode.demo.ui.home

import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import dev.healthcode.EnrolmentUnderWay
import dev.healthcode.Home
import dev.healthcode.SyncReport
import dev.healthcode.TimeNoticeKind
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.DeviceSetting
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.state.Session
import dev.healthcode.demo.state.Sync
import dev.healthcode.demo.ui.SyncLine
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.Heading
import dev.healthcode.demo.ui.parts.Notice
import dev.healthcode.demo.ui.parts.Opening
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.Panel
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.parts.instant
import dev.healthcode.demo.ui.remedies

/** The first screen: everybody on this phone, what is due, and how the exchange with the authority stands. */
@Composable
internal fun HomeScreen(
    session: Session,
    device: Device,
    texts: Texts,
    bottomBar: @Composable () -> Unit,
) {
    val home by session.home.collectAsState()
    val trouble by session.trouble.collectAsState()
    val sync by session.sync.collectAsState()
    val waits by session.underWay.collectAsState()
    Page(texts[T.APP_NAME], texts, null, bottomBar) {
        trouble?.let { TroubleNotice(it, texts, remedies(session, device, retry = session::again)) }
        if (home == null && trouble == null) Opening(texts)
        home?.let { now ->
            TimeLine(now, session, device, texts)
            waits?.let { Waits(it, session, texts) }
            if (now.subjects.isEmpty()) Welcome(session, texts)
            for (card in now.subjects) SubjectPanel(card, now.subjects, session, texts)
            if (now.subjects.isNotEmpty()) {
                SyncPart(now, sync, session, device, texts)
                Actions(
                    listOf(
                        Action(texts[T.HOME_ANOTHER]) { session.app.go(Screen(Place.REGISTER)) },
                        Action(texts[TFamily.HANDOVER_OPEN]) { session.app.go(Screen(Place.HANDOVER)) },
                    ),
                    first = false,
                )
            }
        }
    }
}

/** A registration that was begun and not ended. */
@Composable
private fun Waits(
    waits: EnrolmentUnderWay,
    session: Session,
    texts: Texts,
) {
    val (carer, moved) = waits.carer to waits.movedFrom
    if (moved != null) {
        val enter = Action(texts[T.HOME_CODE_ENTER]) { session.app.go(Screen(Place.MOVE, moved)) }
        Notice(texts[T.HOME_MOVES, waits.maskedName], actions = listOf(enter))
    } else if (carer == null) {
        val enter = Action(texts[T.HOME_CODE_ENTER]) { session.app.go(Screen(Place.REGISTER)) }
        Notice(texts[T.HOME_CODE_WAITS, waits.maskedName], actions = listOf(enter))
    } else {
        val ask = Action(texts[TFamily.CARE_ASK]) { session.app.go(Screen(Place.CARE, carer)) }
        Notice(texts[TFamily.CARE_EARLIER, waits.maskedName], actions = listOf(ask))
    }
}

@Composable
private fun Welcome(
    session: Session,
    texts: Texts,
) = Panel {
    Heading(texts[T.HOME_WELCOME])
    Text(texts[T.HOME_WELCOME_ABOUT])
    Actions(
        listOf(
            Action(texts[T.HOME_REGISTER]) { session.app.go(Screen(Place.REGISTER)) },
            Action(texts[TFamily.HANDOVER_OPEN]) { session.app.go(Screen(Place.HANDOVER)) },
        ),
    )
}

/** What is unsure about the time, with what mends it. */
@Composable
private fun TimeLine(
    home: Home,
    session: Session,
    device: Device,
    texts: Texts,
) {
    val notice = home.time.notice ?: return
    val date = Action(texts[T.REMEDY_DATE]) { device.openSettings(DeviceSetting.DATE) }
    if (notice.kind == TimeNoticeKind.DAY_UNKNOWN && home.subjects.isEmpty()) {
        // With nobody here there is nothing that the day decides, but a wrong clock stands in the way of registering.
        if (home.time.hint != null) Notice(texts[T.HOME_CLOCK_BEHIND], urgent = true, actions = listOf(date))
        return
    }
    val mend =
        if (notice.kind == TimeNoticeKind.DAY_UNKNOWN) Action(texts[T.REMEDY_SYNC]) { session.sync() } else date
    Notice("${texts.of(notice.what)} ${texts.of(notice.action)}", actions = listOf(mend))
}

@Composable
private fun SyncPart(
    home: Home,
    sync: Sync,
    session: Session,
    device: Device,
    texts: Texts,
) = Panel {
    val last = home.sync.lastSuccess
    val waiting = home.sync.waiting.toInt()
    Text(if (last == null) texts[T.SYNC_NEVER] else texts[T.SYNC_LAST, texts.instant(last)])
    if (waiting > 0) Text(texts[T.SYNC_WAITING, waiting])
    SyncLine(sync, session, device, texts)
    val report = (sync as? Sync.Done)?.report ?: (sync as? Sync.Failed)?.report
    report?.let { Outcome(home, it, session, texts) }
    Actions(
        listOf(
            if (sync is Sync.Under) {
                Action(texts[T.STOP]) { session.stopSync() }
            } else {
                Action(texts[T.SYNC_NOW]) { session.sync() }
            },
        ),
    )
}

/** What the authority did not take: said once here, and kept with its reason in the person's journal. */
@Composable
private fun Outcome(
    home: Home,
    report: SyncReport,
    session: Session,
    texts: Texts,
) {
    val refused = report.refused.toInt()
    if (refused > 0) {
        val people = home.subjects
        val read =
            people.map {
                val twice = people.count { other -> other.maskedName == it.maskedName } > 1
                val at =
                    it.issuerName
                        ?.takeIf { twice }
                        ?.let { name -> " · " + texts.of(name) }
                        .orEmpty()
                val word = texts[T.CARD_JOURNAL] + if (people.size > 1) " · ${it.maskedName}$at" else ""
                Action(word) { session.app.go(Screen(Place.JOURNAL, it.subject)) }
            }
        Notice(texts[T.SYNC_REFUSED, refused], urgent = true, actions = read)
    }
    val problems = report.problems.map { it.problem }
    // What a card says itself is not said again.
    if (problems.any { it !in saidByCards }) Notice(texts[T.SYNC_PROBLEM], urgent = true)
}

private val saidByCards = setOf("unknown-subject", "replaced", "enrolment-pending")
