package dev.healthcode.demo

import dev.healthcode.Colour
import dev.healthcode.Entry
import dev.healthcode.PaperCodeState
import dev.healthcode.Stage
import dev.healthcode.SubjectState
import dev.healthcode.Verdict
import dev.healthcode.atHome
import dev.healthcode.confirmCare
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.TRecord
import dev.healthcode.liSi
import dev.healthcode.papers
import dev.healthcode.requestCare
import dev.healthcode.zhangSan
import org.junit.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue

/** Somebody is cared for with this phone, and has a code on paper. */
internal class CareTest {
    @Test
    fun `an officer confirms who cares for whom, each screen says whose it is, and it ends when asked twice`() =
        onDesk { stage ->
            stage.asksFamily()
            val officer = Officer(stage, "Desk 3", "relations")
            becomeGreen(stage)
            desk.app.go(Screen(Place.PERSON, card().subject))
            see(TFamily.PERSON_CARERS_NONE)
            pictures("person")
            tap(TFamily.PERSON_FAMILY_ADD)
            see(TFamily.CARE_ABOUT)
            assertTrue(desk.device.secret, "a document's number is in no screenshot")
            pictures("care")
            fill(zhaoLiu.copy(documentNumber = "330102197508204627"))
            tap(T.REGISTER_REQUEST)
            see(wrongDigit())
            fill(zhaoLiu)
            tap(T.REGISTER_REQUEST)
            see(T.REGISTER_CONFIRM)
            pictures("care-sent")
            tap(TFamily.CARE_ASK)
            see(TFamily.CARE_WAITING, "*六")
            pictures("care-waiting")
            // The app's process may end while the officer takes a day.
            restart()
            val (subject, key) = officer.subject() to officer.waiting("key")
            officer.does("relation", "--subject", subject, "--carer-key", key, "--allow")
            tap(TFamily.CARE_ASK)
            see(T.DECLARE_PREVIEW)
            seeText("${card(1).maskedName} · 4626")
            assertFalse(desk.device.secret)
            answerNo()
            tap(T.PREVIEW_SEND)
            await("two colours") { card(1).colour == Colour.RED }
            see(TFamily.CARD_CARED_FOR, card(0).maskedName)
            pictures("home-family")
            ends(stage)
        }

    private fun Hand.becomeGreen(stage: Stage) {
        register(stage, liSi)
        answerNo()
        tap(T.PREVIEW_SEND)
        await("green") { card().colour == Colour.GREEN && card().waiting == 0u }
    }

    private fun Hand.wrongDigit() =
        desk.session.resident
            .checkIdentity(zhaoLiu.copy(documentNumber = "330102197508204627"))
            .single()
            .text

    private fun Hand.ends(stage: Stage) {
        val carer = card(0).maskedName
        desk.app.go(Screen(Place.PERSON, card(1).subject))
        see(TFamily.PERSON_CARED_FOR, carer)
        assertFalse(shows(texts[TFamily.PERSON_FAMILY_ADD]), "nobody passes care on")
        pictures("person-cared-for")
        tap(TFamily.PERSON_END, carer)
        see(TFamily.PERSON_END_ASK, carer, card(1).maskedName)
        pictures("person-end")
        tap(T.CANCEL)
        assertEquals(1, card(1).carers.size)
        // What is said offline is kept and sent.
        stage.server.close()
        tap(TFamily.PERSON_END, carer)
        rotate()
        tap(TFamily.PERSON_END_YES)
        await("it is kept") { card(1).waiting == 1u }
        stage.server.start()
        desk.app.home()
        tap(T.SYNC_NOW)
        await("it has ended") { card(1).state is SubjectState.Replaced }
    }

    @Test
    fun `a second carer joins by the records, and both see each other`() =
        onDesk { stage ->
            stage.asksFamily()
            val first = stage.phone("first.db").also { it.enrol(zhangSan) }
            first.resident.requestCare(first.subject, sunQi)
            val subject = first.resident.confirmCare().subject
            first.resident.sync()
            becomeGreen(stage)
            desk.app.go(Screen(Place.CARE, card().subject))
            fill(sunQi)
            tap(T.REGISTER_REQUEST)
            tap(TFamily.CARE_ASK)
            see(T.DECLARE_PREVIEW)
            assertEquals(subject, card(1).subject)
            await("both") { card(1).carers.size == 2 }
            desk.app.go(Screen(Place.PERSON, subject))
            for (carer in card(1).carers) seeText(carer.maskedName)
            val other = card(1).carers.single { !it.thisPhone }
            assertFalse(shows(texts.get(TFamily.PERSON_END, other.maskedName)), "only the own care is ended here")
            pictures("person-carers")
            first.close()
        }

    @Test
    fun `a code on paper is asked for, seen, printed and handed out, passes beside its card, and is withdrawn`() =
        onDesk { stage ->
            register(stage, zhangSan)
            val resident = desk.session.resident
            resident.requestCare(card().subject, liSi)
            val hers = resident.confirmCare(stage.server.oneTimeCode()).subject
            desk.app.go(Screen(Place.PAPER, hers))
            see(TFamily.PAPER_NONE)
            tap(TFamily.PAPER_REQUEST)
            see(T.REMEDY_DECLARE)
            pictures("paper-none")
            resident.record(hers, Entry.Declaration(atHome))
            resident.sync()
            exchanged()
            stage.server.close()
            tap(TFamily.PAPER_REQUEST)
            see(TFamily.PAPER_WAITING)
            exchanged()
            stage.server.start()
            desk.session.sync()
            see(TFamily.PAPER_PRINT)
            val paper = resident.papers(hers).first()
            pictures("paper")
            seesPaper(stage, hers)
            tap(TFamily.PAPER_WITHDRAW)
            tap(TFamily.PAPER_WITHDRAW_YES)
            await("withdrawn") { resident.papers(hers).first().state is PaperCodeState.Withdrawn }
            see(TRecord.EVENT_BY_CARER, card(0).maskedName)
            pictures("paper-withdrawn")
            assertFalse(shows(texts[TFamily.PAPER_PRINT]))
            assertTrue(paper.text.startsWith("H3:"))
        }

    private suspend fun Hand.seesPaper(
        stage: Stage,
        subject: String,
    ) {
        stage.gate().use { gate ->
            gate.sync()
            val verdict = gate.verify(zbar(picture("paper-read"))).verdict
            assertIs<Verdict.CompareCard>(verdict)
        }
        tap(TFamily.PAPER_PRINT)
        await("the printer") { desk.device.printed.isNotEmpty() }
        val (name, page) = desk.device.printed.single()
        assertTrue(name.endsWith(".svg") && "<svg" in page && liSi.documentNumber !in page)
        tap(TFamily.PAPER_SHARE)
        await("the share sheet") { desk.device.shared.isNotEmpty() }
        tap(TFamily.PAPER_SAVE)
        await("a place") { desk.device.saved.isNotEmpty() }
        assertEquals(
            page,
            desk.device.shared
                .single()
                .second
                .decodeToString(),
        )
        assertEquals(
            subject,
            desk.app.stack.value
                .last()
                .subject,
        )
    }
}
