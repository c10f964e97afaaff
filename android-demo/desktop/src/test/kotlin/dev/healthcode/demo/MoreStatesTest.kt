package dev.healthcode.demo

import androidx.compose.ui.test.ExperimentalTestApi
import dev.healthcode.AppealStanding
import dev.healthcode.BilingualText
import dev.healthcode.Checkpoint
import dev.healthcode.FormQuestion
import dev.healthcode.HealthcodeException
import dev.healthcode.Lane
import dev.healthcode.MemoryVault
import dev.healthcode.PhoneClock
import dev.healthcode.Ports
import dev.healthcode.QuestionForm
import dev.healthcode.Resident
import dev.healthcode.Stage
import dev.healthcode.VaultKind
import dev.healthcode.appeals
import dev.healthcode.at
import dev.healthcode.demo.state.DeclareState
import dev.healthcode.demo.state.DeviceSetting
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.SavedState
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.state.Sync
import dev.healthcode.demo.state.gate.GateState
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.TGate
import dev.healthcode.demo.ui.TRecord
import dev.healthcode.demo.ui.declare.DeclareScreen
import dev.healthcode.demo.ui.gate.GateScreen
import dev.healthcode.demo.ui.parts.instant
import dev.healthcode.liSi
import dev.healthcode.onStage
import dev.healthcode.zhangSan
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.flowOf
import org.junit.Test
import java.io.RandomAccessFile
import java.time.Duration
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertTrue

/** What was refused, what is of a later version, a wrong date, a lane's damaged file, a step back. */
@OptIn(ExperimentalTestApi::class)
internal class MoreStatesTest {
    @Test
    fun `what the authority does not take is counted, and its reason is in the record and where it was made`() =
        onDesk { stage ->
            register(stage, zhangSan)
            declareWuhan()
            val officer = Officer(stage, "Desk 9", "orders")
            desk.app.go(Screen(Place.APPEAL, card().subject))
            tap(TFamily.APPEAL_WRITE)
            type(TFamily.APPEAL_TEXT, "I was at home")
            stage.server.close()
            tap(TFamily.APPEAL_SEND)
            see(TFamily.APPEAL_WAITING)
            // When it arrives, what it contests is no longer in force.
            stage.server.start()
            val cause = arrayOf("--cause-zh", "与病例同住", "--cause-en", "Lives with a case")
            val order = arrayOf("--colour", "red", "--starts-on", "2020-02-11", "--days", "14")
            officer.does("order", "--subject", card().subject, *order, *cause)
            desk.app.home()
            tap(T.SYNC_NOW)
            see(T.SYNC_REFUSED, 1)
            pictures("refused")
            tap(T.CARD_JOURNAL)
            val standing = {
                desk.session.resident
                    .appeals(card().subject)
                    .made
                    .single()
                    .standing
            }
            val refused = assertIs<AppealStanding.NotTaken>(standing())
            seeText(
                texts.get(
                    T.OUTCOME_REFUSED,
                    if (look.language ==
                        Language.EN
                    ) {
                        refused.text.en
                    } else {
                        refused.text.zh
                    },
                ),
            )
            pictures("journal-refused")
            desk.app.home()
            desk.app.go(Screen(Place.APPEAL, card().subject))
            see(TFamily.APPEAL_NOT_TAKEN)
            see(refused.text)
            pictures("appeal-not-taken")
            lapses(stage)
        }

    /** The officer's order lapses without a second one, and the phone does not take that for days that are done. */
    private fun Hand.lapses(stage: Stage) {
        desk.app.home()
        open(T.CARD_QUARANTINE, Place.QUARANTINE)
        val until =
            checkNotNull(
                desk.session.resident
                    .quarantine(card().subject)
                    ?.provisionalUntil,
            )
        see(TRecord.EVENT_PROVISIONAL, texts.instant(until))
        exchanged()
        stage.server.close()
        stage.world.goTo(until.plusSeconds(3_600))
        seeLater(TCode.QUARANTINE_LAPSED)
        pictures("quarantine-lapsed")
    }

    @Test
    fun `a question of a later version's kind is shown as a text, and the others can be sent`() =
        onDesk { stage ->
            register(stage, liSi)
            val form = desk.session.resident.form()
            val later = BilingualText("您上周的体温变化", "How your temperature changed last week")
            val question = FormQuestion("curve", QuestionForm.Other("curve"), false, later, emptyList())
            val all = form.copy(questions = form.questions + question)
            inScope { scope ->
                val state = DeclareState(desk.session, card().subject, scope) { all }
                onScreen(content = { DeclareScreen(state, Sync.Idle, it, { null }, {}) }) { texts ->
                    awaits("the question") { shows(later.en) }
                    assertTrue(shows(texts[T.DECLARE_UNKNOWN]))
                    state.answer("contact", dev.healthcode.AnswerValue.YesNo(false))
                    state.answer("symptoms", dev.healthcode.AnswerValue.Any(emptyList()))
                    state.preview()
                    awaits("the preview") { shows(texts[T.PREVIEW_SERVER]) }
                }
            }
        }

    @Test
    fun `a date in the past is said before anybody registers`() =
        onDesk(start = at(1, 0).minus(Duration.ofDays(400))) {
            see(T.HOME_CLOCK_BEHIND)
            pictures("welcome-clock", small)
            tap(T.REMEDY_DATE)
            assertEquals(listOf(DeviceSetting.DATE), desk.device.opened.toList())
        }

    @Test
    fun `back leads from the preview to the answers, and from the one-time code to the form`() =
        onDesk { stage ->
            tap(T.HOME_REGISTER)
            fill(liSi)
            tap(T.REGISTER_REQUEST)
            see(T.REGISTER_CONFIRM)
            assertTrue(desk.app.back())
            see(T.REGISTER_REQUEST)
            seeText("李四")
            stage.server.oneTimeCode()
            confirm(stage)
            answerNo()
            assertTrue(desk.app.back())
            see(T.DECLARE_PREVIEW)
            tap(T.DECLARE_PREVIEW)
            see(T.PREVIEW_SEND)
        }

    @Test
    fun `a lane's file of another vault is erased only when asked twice, and the lane opens then`() =
        onStage {
            val clock = PhoneClock(world)
            Checkpoint.open(config("gate.db"), Ports(MemoryVault(9), clock), Lane("North gate")).close()
            val ports = Ports(MemoryVault(8), clock)
            inScope { scope ->
                val state = lane(scope, ports)
                state.use(Lane("North gate"))
                onScreen(content = { GateScreen(state, NotedDevice(), it, blindCamera) }) { texts ->
                    val gone = HealthcodeException.Vault(VaultKind.GONE).text.en
                    awaits("why it does not open") {
                        state.view.value.trouble
                            ?.text
                            ?.en == gone && shows(gone)
                    }
                    taps(texts[T.REMEDY_ERASE])
                    awaits("the question") { shows(texts[TGate.GATE_ERASE_ASK]) }
                    taps(texts[T.CANCEL])
                    assertTrue(state.view.value.lane == null)
                    taps(texts[T.REMEDY_ERASE])
                    taps(texts[T.ERASE_FILE_YES])
                    awaits("the lane") {
                        state.view.value.lane
                            ?.gate == "North gate"
                    }
                }
            }
        }

    @Test
    fun `a lane whose file is damaged while it is open is erased when asked twice, and opens again`() =
        onStage {
            val ports = Ports(MemoryVault(9), PhoneClock(world))
            inScope { scope ->
                val state = lane(scope, ports)
                state.use(Lane("North gate"))
                onScreen(content = { GateScreen(state, NotedDevice(), it, blindCamera) }) { texts ->
                    awaits("the lane") { state.view.value.run { status?.trustListVersion != null && !syncing } }
                    for (file in folder
                        .toFile()
                        .listFiles()
                        .orEmpty()
                        .filter { it.name.startsWith("gate.db") }) {
                        RandomAccessFile(file, "rw").use { it.write(ByteArray(it.length().toInt()) { 0x5A }) }
                    }
                    state.sync()
                    awaits("that it is damaged") {
                        state.view.value.trouble
                            ?.remedy == Remedy.ERASE
                    }
                    taps(texts[T.REMEDY_ERASE])
                    awaits("the question") { shows(texts[TGate.GATE_ERASE_ASK]) }
                    taps(texts[T.ERASE_FILE_YES])
                    awaits("a lane that works") {
                        state.view.value.run { trouble == null && status?.trustListVersion != null && !syncing }
                    }
                    assertTrue(shows("North gate"))
                }
            }
        }

    /** A guard's lane over the stage's file, which it can erase. */
    private fun Stage.lane(
        scope: CoroutineScope,
        ports: Ports,
    ) = GateState(
        { Checkpoint.open(config("gate.db"), ports, it) },
        SavedState(),
        scope,
        flowOf(true),
        erase = { Resident.eraseDatabase(config("gate.db"), ports) },
    )
}
