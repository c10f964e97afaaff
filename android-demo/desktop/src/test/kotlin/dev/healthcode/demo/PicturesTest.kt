package dev.healthcode.demo

import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.hasClickAction
import dev.healthcode.Checkpoint
import dev.healthcode.Colour
import dev.healthcode.MemoryVault
import dev.healthcode.PhoneClock
import dev.healthcode.Ports
import dev.healthcode.Resident
import dev.healthcode.Stage
import dev.healthcode.Verdict
import dev.healthcode.at
import dev.healthcode.atHome
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.state.Signal
import dev.healthcode.demo.state.gate.GateStage
import dev.healthcode.demo.state.gate.GateState
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.TGate
import dev.healthcode.demo.ui.parts.day
import dev.healthcode.february
import dev.healthcode.liSi
import dev.healthcode.stayInWuhan
import dev.healthcode.wangWu
import dev.healthcode.zhangSan
import org.junit.Test
import java.time.Duration
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertTrue

/** Every screen as a person sees it, drawn into target/android/pictures: to be looked at, and read by zbar where a code is. */
internal class PicturesTest {
    @Test
    fun `a resident's screens, and the code in the picture is read by zbar and passes the gate`() =
        onDesk(start = at(11, 9, 5)) { stage ->
            see(T.HOME_WELCOME)
            pictures("welcome", small)
            tap(T.HOME_REGISTER)
            pictures("register")
            fill(zhangSan)
            confirm(stage)
            pictures("declare")
            tap(T.NO)
            tap(T.DECLARE_NONE)
            tap(T.DECLARE_ADD)
            type(T.DECLARE_REGION, "武汉", 1)
            pictures("declare-travel")
            type(T.DECLARE_REGION, "420100", 1)
            choose(T.DECLARE_FROM, texts.day(february(1)))
            choose(T.DECLARE_TO, texts.day(february(8)))
            tap(T.DECLARE_PREVIEW)
            see(T.PREVIEW_SERVER)
            pictures("preview")
            tap(T.PREVIEW_SEND)
            await("yellow") { card().colour == Colour.YELLOW && card().waiting == 0u }
            see(T.CARD_DAYS, 0, 7)
            pictures("home-yellow", small)
            open(T.CARD_CODE, Place.CODE)
            await("the code") { desk.device.bright }
            pictures("code-yellow", small, smallEnglish)
            desk.app.home()
            unseen(T.BACK)
            await("the brightness of before") { !desk.device.bright }
            days(stage)
        }

    private fun Hand.days(stage: Stage) {
        exchanged()
        for (day in 11..13) {
            stage.world.goTo(at(day, 9, 30))
            open(T.CARD_QUARANTINE, Place.QUARANTINE)
            tap(TCode.QUARANTINE_CHECK_IN)
            checkedIn()
            await("day $day counts") { card().countedDays?.toInt() == day - 10 }
            if (day == 13) pictures("quarantine", small)
            desk.app.home()
            tap(T.SYNC_NOW)
            sent()
        }
        open(T.CARD_JOURNAL, Place.JOURNAL)
        see(T.EVENT_CHECKED_IN)
        pictures("journal")
        desk.app.home()
        tap(T.NAV_SETTINGS)
        pictures("settings")
        tap(T.NAV_SCAN)
        pictures("scan", small)
        desk.app.home()
    }

    @Test
    fun `a green code's picture is read by zbar and passes a gate, and a small display shows all of it`() =
        onDesk { stage ->
            register(stage, liSi)
            answerNo()
            tap(T.PREVIEW_SEND)
            await("green") { card().colour == Colour.GREEN }
            open(T.CARD_CODE, Place.CODE)
            await("the code") { desk.device.bright }
            pictures("code-green", small, smallEnglish)
            stage.gate().use { gate ->
                gate.sync()
                val ways =
                    listOf(
                        Look(),
                        Look(Language.ZH, dark = true),
                        Look(fontScale = 2f),
                        small,
                        Look(width = 320, height = 600),
                    )
                for (way in ways) {
                    look = way
                    stage.world.pass(Duration.ofSeconds(4))
                    val text = zbar(picture("code-read"))
                    // The phone shows a code for half a minute, and a gate takes it once.
                    val holder =
                        when (val verdict = gate.verify(text).verdict) {
                            is Verdict.Pass -> verdict.holder
                            is Verdict.AlreadySeen -> verdict.holder.takeIf { way != ways.first() }
                            else -> null
                        }
                    assertEquals("0014", holder?.idTail, "$way")
                }
                look = Look()
                challenged(gate)
            }
        }

    /** The gate shows a challenge, the phone scans it and answers it on the whole screen. */
    private fun Hand.challenged(gate: Checkpoint) {
        desk.app.home()
        tap(T.NAV_SCAN)
        await("the camera") { desk.camera != null }
        desk.camera?.invoke(gate.challenge().text)
        await("the answer") { desk.device.bright }
        pictures("answer", small)
        assertIs<Verdict.Pass>(gate.verify(zbar(picture("answer-read"))).verdict)
        desk.app.home()
        open(T.CARD_JOURNAL, Place.JOURNAL)
        seeText("North gate")
        pictures("journal-asked")
    }

    @Test
    fun `places, and a notice that one of them met`() =
        onDesk(witness = true) { stage ->
            register(stage, liSi)
            answerNo()
            tap(T.PREVIEW_SEND)
            await("green") { card().colour == Colour.GREEN }
            tap(T.NAV_EXPOSURE)
            see(T.EXPOSURE_NONE)
            pictures("places-empty")
            tap(T.EXPOSURE_ADD)
            tap(T.TRIP_RECORD)
            pictures("trip-wrong")
            type(T.TRIP_TRAIN_NUMBER, "g7315")
            type(T.TRIP_TRAIN_PLACE, "7")
            type(T.TRIP_FROM, "310000")
            type(T.TRIP_TO, "330100")
            tap(T.TRIP_DATE)
            tapText(texts.day(february(9)))
            pictures("trip")
            tap(T.TRIP_RECORD)
            seeText("G7315")
            stage.publish(notice)
            tap(T.NOTICES_FETCH)
            see(T.MATCH_HOLDS)
            pictures("match")
            tap(T.MATCH_TELL)
            see(T.MATCH_TELL_ASK)
            pictures("match-tell")
            touch(hasClickAction() and dialogButton(texts[T.MATCH_TELL]), "the dialog's button")
            await("it was told") { card().waiting == 0u && !shows(texts[T.MATCH_HOLDS]) }
        }

    private fun dialogButton(word: String) =
        SemanticsMatcher("the last $word") { node ->
            node.config.getOrElseNullable(SemanticsProperties.Text) { null }?.any { it.text == word } == true &&
                generateSequence(node.parent) { it.parent }.any { SemanticsProperties.IsDialog in it.config }
        }

    @Test
    fun `a guard's lane judges without a tap, holds a stop, and asks a screenshot for an answer`() =
        onDesk { stage ->
            tap(T.NAV_SETTINGS)
            slowly()
            tap(T.SETTINGS_GATE_OPEN)
            type(TGate.GATE_NAME, "North gate")
            pictures("gate-settings")
            tap(TGate.GATE_OPEN)
            await("the camera") { desk.camera != null }
            await("evidence") { !shows(texts[TGate.GATE_CONNECTING]) }
            pictures("gate", small)
            people(stage).forEach { (name, phone, subject) ->
                if (name == "green") {
                    passes(stage, phone, subject)
                    return@forEach
                }
                stage.world.pass(Duration.ofSeconds(5))
                val text = phone.code(subject).text
                await("$name's verdict") {
                    desk.camera?.invoke(text)
                    desk.device.signals.isNotEmpty()
                }
                pictures("verdict-$name", small)
                desk.device.signals.clear()
                tap(TGate.GATE_TAP)
                stage.world.pass(Duration.ofSeconds(5))
                await("the next one") { !shows(texts[TGate.GATE_TAP]) }
                phone.close()
            }
        }

    /** Makes the lane before its screen does, with verdicts that stand for as long as a picture of them takes. */
    private fun Hand.slowly() {
        val app = desk.app
        desk.session.holder(Screen(Place.GATE)) {
            GateState(app.openers::checkpoint, app.saved, it, app.seen, hold = Duration.ofMinutes(5))
        }
    }

    /** For each picture of a pass the person comes anew: it is of this moment. */
    private suspend fun Hand.passes(
        stage: Stage,
        phone: Resident,
        subject: String,
    ) {
        val lane = desk.session.holder<GateState>(Screen(Place.GATE)) { error("the lane is open") }
        for (way in Hand.ways + small) {
            look = way
            stage.world.pass(Duration.ofMinutes(1))
            await("the camera") { lane.view.value.stage == GateStage.Looking && desk.camera != null }
            desk.device.signals.clear()
            val text = phone.code(subject).text
            await("a pass") {
                desk.camera?.invoke(text)
                desk.device.signals.isNotEmpty()
            }
            assertEquals(listOf(Signal.PASS), desk.device.signals.toList())
            picture("verdict-green")
            assertIs<GateStage.Judged>(lane.view.value.stage, "it stood for the picture")
            lane.next()
        }
        look = Look()
        desk.device.signals.clear()
        phone.close()
    }

    private suspend fun people(stage: Stage) =
        listOf("green" to liSi, "yellow" to zhangSan, "red" to wangWu).map { (name, identity) ->
            val phone = Resident.open(stage.config("$name.db"), Ports(MemoryVault(5), PhoneClock(stage.world)))
            phone.requestOneTimeCode(identity)
            val subject = phone.enrol(stage.server.oneTimeCode()).subject
            phone.sync()
            phone.declare(subject, if (name == "yellow") stayInWuhan else atHome)
            phone.sync()
            Triple(name, phone, subject)
        }

    private val notice =
        """
        {"region": "330100", "withdraws": [], "classes": [{"kind": "train", "rule": "exposure-near", "minutes": 15,
          "apart": 0, "from": "2020-02-10", "until": "2020-02-23", "records": [{"number": "G7315", "date": "2020-02-09",
          "begins": "2020-02-09T10:00", "ends": "2020-02-09T12:10", "places": [6, 8]}]}]}
        """.trimIndent()
}
