package dev.healthcode.demo

import dev.healthcode.AppealStanding
import dev.healthcode.Colour
import dev.healthcode.HealthcodeException
import dev.healthcode.appeals
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.TRecord
import dev.healthcode.zhangSan
import org.junit.Test
import java.time.Duration
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue

/** A colour is contested from its reason on, and answered. */
internal class AppealTest {
    @Test
    fun `what is written survives the app's end and a missing network, and is refused with a reason`() =
        onDesk { stage ->
            val officer = Officer(stage, "Desk 5", "appeals")
            register(stage, zhangSan)
            declareWuhan()
            write()
            // Offline from here on.
            stage.server.close()
            restart()
            seeText("I was at home")
            seeText("A ticket of the train")
            tap(TFamily.APPEAL_SEND)
            see(TFamily.APPEAL_WAITING)
            assertEquals(1u, card().waiting)
            pictures("appeal-waiting")
            exchanged()
            stage.server.start()
            desk.session.sync()
            see(TFamily.APPEAL_RECEIVED)
            pictures("appeal-received")
            exchanged()
            val (subject, appeal) = officer.subject() to officer.waiting("appeal")
            officer.does("decide-appeal", "--subject", subject, "--appeal", appeal, "--decision", "take")
            desk.session.sync()
            see(TFamily.APPEAL_IN_REVIEW)
            seeText(texts.get(TRecord.EVENT_BY_OFFICER, "Desk 5"))
            exchanged()
            officer.refuses(subject, appeal)
            desk.session.sync()
            see(TFamily.APPEAL_REFUSED)
            seeText("The ticket is of another day")
            pictures("appeal-refused")
            assertIs<AppealStanding.Refused>(made().single().standing)
        }

    @Test
    fun `the authority's lapse is said, and a granted appeal turns the code green`() =
        onDesk { stage ->
            val officer = Officer(stage, "Desk 5", "appeals")
            register(stage, zhangSan)
            declareWuhan()
            open(T.CARD_QUARANTINE, Place.QUARANTINE)
            tap(TFamily.PERSON_APPEAL)
            tap(TFamily.APPEAL_WRITE)
            type(TFamily.APPEAL_TEXT, "I was at home")
            tap(TFamily.APPEAL_SEND)
            see(TFamily.APPEAL_RECEIVED)
            exchanged()
            stage.world.goTo(checkNotNull(made().single().dueBy) + Duration.ofHours(1))
            desk.session.sync()
            see(TFamily.APPEAL_OVERDUE)
            pictures("appeal-overdue")
            exchanged()
            val (subject, appeal) = officer.subject() to officer.waiting("appeal")
            officer.does("decide-appeal", "--subject", subject, "--appeal", appeal, "--decision", "grant")
            desk.session.sync()
            see(TFamily.APPEAL_GRANTED)
            await("green") { card().colour == Colour.GREEN }
            see(TFamily.APPEAL_NOTHING)
            pictures("appeal-granted")
        }

    private fun Hand.write() {
        open(T.CARD_CODE, Place.CODE)
        tap(TCode.CODE_REVEALS)
        see(TCode.REVEALS_ONLY_YOU)
        tap(TFamily.PERSON_APPEAL)
        see(TFamily.APPEAL_REASONS)
        pictures("appeal")
        tap(TFamily.APPEAL_WRITE)
        tap(TFamily.APPEAL_SEND)
        see(HealthcodeException.InvalidField("text", "missing").text)
        type(TFamily.APPEAL_TEXT, "家".repeat(2_000))
        see(HealthcodeException.InvalidField("text", "too-long").text)
        pictures("appeal-wrong")
        type(TFamily.APPEAL_TEXT, "I was at home. Look at the ticket.")
        tap(TFamily.APPEAL_ADD)
        type(TFamily.APPEAL_STATEMENT, "A ticket of the train", 1)
        rotate()
        seeText("I was at home. Look at the ticket.")
        pictures("appeal-writing")
        val draft = {
            desk.session.resident
                .appeals(card().subject)
                .draft
        }
        await("the core keeps it") { draft()?.statements == listOf("A ticket of the train") }
        assertTrue(
            desk.app.saved
                .all()
                .values
                .none { "ticket" in it },
        )
        tap(TFamily.APPEAL_DISCARD)
        see(TFamily.APPEAL_DISCARD_ASK)
        tap(T.CANCEL)
        assertFalse(draft() == null)
    }

    private fun Officer.refuses(
        subject: String,
        appeal: String,
    ) {
        val reason = arrayOf("--reason-zh", "车票日期不符", "--reason-en", "The ticket is of another day")
        does("decide-appeal", "--subject", subject, "--appeal", appeal, "--decision", "refuse", *reason)
    }

    private fun Hand.made() =
        desk.session.resident
            .appeals(card().subject)
            .made
}
