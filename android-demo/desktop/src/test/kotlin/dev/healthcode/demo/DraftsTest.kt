package dev.healthcode.demo

import dev.healthcode.Colour
import dev.healthcode.at
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.RegisterState
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.parts.day
import dev.healthcode.draft
import dev.healthcode.february
import dev.healthcode.keepDraft
import dev.healthcode.liSi
import dev.healthcode.zhangSan
import org.junit.Test
import java.io.File
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** What was typed and not recorded, over the end of the app's process. */
internal class DraftsTest {
    @Test
    fun `the form of a registration and the wait for its code survive the end of the process`() =
        onDesk { stage ->
            tap(T.HOME_REGISTER)
            fill(zhangSan)
            kept(null, "register", "document", zhangSan.documentNumber)
            restart()
            see(T.DRAFT_RESTORED)
            seeText("张三")
            seeText(zhangSan.documentNumber)
            pictures("register-restored")
            assertFalse(
                "张三" in unsealed() || zhangSan.documentNumber in unsealed(),
                "nothing that is not sealed has it",
            )
            assertTrue(
                stage.folder
                    .toFile()
                    .walk()
                    .filter(File::isFile)
                    .none { it.holds("张三") },
                "in none at all",
            )
            tap(T.DRAFT_CLEAR)
            tap(T.CANCEL)
            seeText("张三")
            tap(T.DRAFT_CLEAR)
            tap(T.DRAFT_CLEAR_YES)
            await("it is empty") { !shows("张三") }
            await("nothing is kept") { desk.session.resident.draft(null, "register") == null }

            fill(zhangSan)
            tap(T.REGISTER_REQUEST)
            see(T.REGISTER_WAITS, "*三")
            restart()
            see(T.REGISTER_WAITS, "*三")
            // Another person, without a network: the code that was sent is still waited for.
            val code = stage.server.oneTimeCode()
            tap(T.REGISTER_EDIT)
            stage.server.close()
            fill(liSi)
            tap(T.REGISTER_REQUEST)
            see(T.OFFLINE_ASKED)
            see(T.REGISTER_RESUME, "*三")
            pictures("register-under-way")
            stage.server.start()
            fill(zhangSan)
            desk.app.home()
            see(T.HOME_CODE_WAITS, "*三")
            pictures("home-code-waits")
            tap(T.HOME_CODE_ENTER)
            type(T.REGISTER_CODE, code)
            tap(T.REGISTER_CONFIRM)
            see(T.DECLARE_PREVIEW)
            assertNull(desk.session.resident.draft(null, "register"), "it was recorded")
            desk.app.home()
            unseen(T.HOME_CODE_WAITS, "*三")
        }

    @Test
    fun `a declaration, a journey and the symptoms of a check-in survive the end of the process`() =
        onDesk { stage ->
            register(stage, zhangSan)
            val subject = card().subject
            fillWuhan()
            kept(subject, "declaration", "stays.0", "420100\n2020-02-01\n2020-02-08")
            restart()
            see(T.DRAFT_RESTORED)
            seeText("420100")
            tap(T.DECLARE_PREVIEW)
            see(T.COLOUR_YELLOW)
            tap(T.PREVIEW_SEND)
            await("yellow") { card().colour == Colour.YELLOW }
            await("nothing is kept") { desk.session.resident.draft(subject, "declaration") == null }

            desk.app.go(Screen(Place.TRIP, subject))
            type(T.TRIP_TRAIN_NUMBER, "G1234")
            choose(T.TRIP_DATE, texts.day(february(9)))
            kept(subject, "journey", "date", "2020-02-09")
            restart()
            see(T.DRAFT_RESTORED)
            seeText("G1234")
            type(T.TRIP_FROM, "420100")
            type(T.TRIP_TO, "330100")
            tap(T.TRIP_RECORD)
            await("it is recorded") {
                desk.app.stack.value
                    .last()
                    .place != Place.TRIP
            }
            await("nothing is kept") { desk.session.resident.draft(subject, "journey") == null }

            desk.app.home()
            open(T.CARD_QUARANTINE, Place.QUARANTINE)
            tap(TCode.QUARANTINE_SYMPTOMS)
            val fever =
                desk.session.resident
                    .form(subject)
                    .symptoms
                    .first()
            see(fever.text)
            tapText(fever.text.en)
            pictures("quarantine-symptoms")
            kept(subject, "check-in", "symptoms", fever.id)
            exchanged()
            // On another day nobody is said to have what was ticked the day before.
            stage.world.goTo(at(12, 9))
            restart()
            see(TCode.QUARANTINE_CHECK_IN)
            await("it is forgotten") { desk.session.resident.draft(subject, "check-in") == null }
            tap(TCode.QUARANTINE_SYMPTOMS)
            tapText(fever.text.en)
            kept(subject, "check-in", "day", "2020-02-12")
            restart()
            tap(TCode.QUARANTINE_SYMPTOMS_SEND)
            await("it is recorded") {
                desk.session.resident
                    .quarantine(subject)
                    ?.checkIns
                    ?.size == 1
            }
            await("nothing is kept") { desk.session.resident.draft(subject, "check-in") == null }
        }

    @Test
    fun `a code's page sends no other person's, and what was typed about somebody else since stays`() =
        onDesk { stage ->
            tap(T.HOME_REGISTER)
            fill(zhangSan)
            tap(T.REGISTER_REQUEST)
            see(T.REGISTER_AGAIN)
            stage.server.oneTimeCode()
            restart()
            tap(T.REGISTER_AGAIN)
            val code = stage.server.oneTimeCode()
            tap(T.REGISTER_EDIT)
            tap(T.DRAFT_CLEAR)
            tap(T.DRAFT_CLEAR_YES)
            await("it is empty") { !shows("张三") }
            tap(T.REGISTER_RESUME, "*三")
            see(T.REGISTER_WAITS, "*三")
            assertFalse(shows(texts[T.REGISTER_AGAIN]), "the form is empty")
            // Where it is asked for all the same, the form says what is wrong with it.
            desk.session.holder<RegisterState>(Screen(Place.REGISTER)) { error("it is open") }.request()
            val form = desk.session.resident.checkIdentity(liSi.copy(name = "", documentNumber = ""))
            for (wrong in form) see(wrong.text)
            see(T.REGISTER_REQUEST)
            fill(liSi)
            tap(T.REGISTER_RESUME, "*三")
            see(T.REGISTER_WAITS, "*三")
            assertFalse(shows(texts[T.REGISTER_AGAIN]), "it is another person's")
            type(T.REGISTER_CODE, code)
            tap(T.REGISTER_CONFIRM)
            see(T.DECLARE_PREVIEW)
            assertEquals("*三", card().maskedName)
            desk.app.go(Screen(Place.REGISTER))
            seeText("李四")
            see(T.DRAFT_RESTORED)
            kept(null, "register", "document", liSi.documentNumber)
        }

    @Test
    fun `what is waited for can be given up, when asked twice`() =
        onDesk {
            tap(T.HOME_REGISTER)
            fill(zhangSan)
            tap(T.REGISTER_REQUEST)
            see(T.REGISTER_WAITS, "*三")
            tap(T.REGISTER_EDIT)
            tap(T.WAIT_GIVE_UP)
            see(T.WAIT_GIVE_UP_ASK, "*三")
            tap(T.CANCEL)
            see(T.REGISTER_RESUME, "*三")
            tap(T.WAIT_GIVE_UP)
            tap(T.WAIT_GIVE_UP_YES)
            unseen(T.REGISTER_RESUME, "*三")
            seeText("张三")
            desk.app.home()
            unseen(T.HOME_CODE_WAITS, "*三")
        }

    @Test
    fun `what an earlier rulebook's form was answered with does not stand in the way of this one`() =
        onDesk { stage ->
            register(stage, liSi)
            val old =
                mapOf(
                    "answers.gone" to "yes-no\ntrue",
                    "answers.contact" to "one\nperhaps",
                    "answers.symptoms" to "any\nplague",
                    "answers.odd" to "curve\n1",
                    "stays.0" to "330106\nyesterday",
                )
            val subject = card().subject
            desk.app.home()
            desk.session.resident.keepDraft(subject, "declaration", old)
            restart()
            see(T.CARD_DECLARE)
            desk.app.go(Screen(Place.DECLARE, subject))
            see(T.DRAFT_RESTORED)
            tap(T.DRAFT_CLEAR)
            tap(T.DRAFT_CLEAR_YES)
            answerNo()
            tap(T.PREVIEW_SEND)
            await("green") { card().colour == Colour.GREEN }
            desk.session.resident.keepDraft(subject, "declaration", old - "stays.0")
            restart()
            see(T.CARD_DECLARE)
            desk.app.go(Screen(Place.DECLARE, subject))
            answerNo()
            see(T.PREVIEW_SEND)
        }

    @Test
    fun `what one began to fill in is not in another person's form`() =
        onDesk { stage ->
            register(stage, liSi)
            val first = card().subject
            tap(T.NO)
            await("it is kept") { desk.session.resident.draft(first, "declaration") != null }
            desk.app.go(Screen(Place.REGISTER))
            fill(zhangSan)
            confirm(stage)
            unseen(T.DRAFT_RESTORED)
            desk.app.home()
            desk.app.go(Screen(Place.DECLARE, first))
            see(T.DRAFT_RESTORED)
            assertEquals(
                1,
                desk.session.resident
                    .draft(first, "declaration")
                    ?.size,
            )
        }

    /** Waits until what was typed last is in the file: a moment after the letter. */
    private fun Hand.kept(
        subject: String?,
        form: String,
        field: String,
        word: String,
    ) = await("$form.$field is kept") {
        desk.session.resident
            .draft(subject, form)
            ?.get(field) == word
    }

    private fun File.holds(text: String) = text in readBytes().decodeToString()
}
