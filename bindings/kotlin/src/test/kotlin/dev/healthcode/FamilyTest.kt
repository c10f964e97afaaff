package dev.healthcode

import org.junit.jupiter.api.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** Family, another phone, paper, appeals and another authority, against the server's process. */
internal class FamilyTest {
    @Test
    fun `somebody is cared for, gets a code on paper, and the care ends`() =
        onStage {
            val phone = phone().also { it.becomeYellow() }
            val resident = phone.resident
            resident.requestCare(phone.subject, liSi)
            val hers = resident.confirmCare(server.oneTimeCode()).subject
            resident.declare(hers, atHome)
            assertFailsWith<HealthcodeException.NotRated> { resident.requestPaper(hers) }
            resident.sync()
            resident.requestPaper(hers)
            resident.sync()
            val paper = resident.papers(hers).first()
            assertEquals(Colour.GREEN, paper.colour)
            assertTrue(paper.text.startsWith("H3:"))
            assertIs<PaperCodeState.Valid>(paper.state)
            val page = resident.paperPage(hers, paper.id)
            assertTrue(page.startsWith("<svg") || page.startsWith("<?xml"), page.take(20))
            assertFalse("440524188001010014" in page)
            resident.withdrawPaper(hers, paper.id)
            resident.sync()
            assertIs<PaperCodeState.Withdrawn>(resident.papers(hers).first().state)

            val carer =
                resident
                    .home()
                    .subjects
                    .first { it.subject == hers }
                    .carers
                    .single()
            assertEquals(phone.subject, carer.carer)
            resident.endCare(hers, carer.key)
            resident.sync()
            val state =
                resident
                    .home()
                    .subjects
                    .first { it.subject == hers }
                    .state
            assertEquals(SubjectState.Replaced, state)
            phone.close()
        }

    @Test
    fun `a subject moves to another phone, and the one of before is replaced`() =
        onStage {
            val old = phone("old.db").also { it.becomeGreen() }
            val new = phone("new.db")
            val asked = new.resident.handoverRequest()
            assertIs<ScannedText.HandoverRequest>(old.resident.scan(asked.text))
            val answer = old.resident.handOver(old.subject, asked.text)
            assertEquals(null to old.card().maskedName, asked.maskedName to answer.maskedName)
            assertIs<ScannedText.Handover>(new.resident.scan(answer.text))
            assertEquals(old.subject, new.resident.takeOver(answer.text).subject)
            new.resident.sync()
            assertEquals(Colour.GREEN, new.resident.code(old.subject).colour)
            old.resident.sync()
            assertEquals(SubjectState.Replaced, old.card().state)
            assertFailsWith<HealthcodeException.InvalidField> { new.resident.takeOver("H5:NONSENSE") }
            old.close()
            new.close()
        }

    @Test
    fun `an appeal is drafted, made, and received with the time of its answer`() =
        onStage {
            val phone = phone().also { it.becomeYellow() }
            val (resident, subject) = phone.resident to phone.subject
            val contestable = resident.appeals(subject).contestable.single()
            val draft = AppealInput(contestable.rating, contestable.reason.rule, "I was at home", listOf("A ticket"))
            resident.keepAppealDraft(subject, draft)
            assertEquals(draft, resident.appeals(subject).draft)
            assertWrong("text", "missing") { resident.appeal(subject, draft.copy(text = " ")) }
            resident.appeal(subject, draft)
            assertNull(resident.appeals(subject).draft)
            assertIs<AppealStanding.Waiting>(
                resident
                    .appeals(subject)
                    .made
                    .single()
                    .standing,
            )
            resident.sync()
            val made = resident.appeals(subject).made.single()
            assertIs<AppealStanding.Received>(made.standing)
            assertNotNull(made.dueBy)
            assertFalse(made.overdue)
            assertFalse("home" in "$draft $made", "it prints as its type's name")
            phone.close()
        }

    @Test
    fun `an authority that is not listed, or one's own, is named`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            assertWrong("issuer", "home") { phone.resident.previewMove(phone.subject, "hangzhou") }
            assertWrong("issuer", "not-listed") { phone.resident.previewMove(phone.subject, "nowhere") }
            phone.close()
        }

    @Test
    fun `a person moves to another authority, and the phone shows whose code counts where`() =
        onStage(witness = true) {
            val phone = phone().also { it.becomeYellow() }
            val resident = phone.resident
            phone.tap()
            resident.sync()
            val listed = resident.authorities()
            assertEquals(listOf("hangzhou" to true, "shenzhen" to false), listed.map { it.id to it.home })
            assertEquals(listOf("440300"), listed.last().regions)
            val preview = resident.previewMove(phone.subject, "shenzhen")
            assertEquals(Colour.YELLOW to 1.toUShort(), preview.colour to preview.countedHere)
            assertEquals("Shenzhen", preview.name.en)
            resident.moveTo(phone.subject, "shenzhen")
            val there = resident.enrol(checkNotNull(second).oneTimeCode()).subject
            resident.sync()
            val card = resident.home().subjects.first { it.subject == there }
            assertEquals(phone.subject, card.movedFrom)
            assertEquals("Shenzhen" to Colour.YELLOW, card.issuerName?.en to card.colour)
            assertEquals(preview.days, resident.quarantine(there)?.days)
            assertEquals(listOf("contact", "symptoms"), resident.form(there).questions.map { it.id })
            assertEquals(listOf(phone.subject), shown(resident))
            resident.setRegion("440300")
            assertEquals(listOf(there), shown(resident))
            assertEquals("440300", resident.home().region)
            assertEquals("Shenzhen", resident.code(there).issuerName?.en)
            assertWrong("region", "length") { resident.setRegion("44") }
            resident.setRegion(null)
            assertNull(resident.home().region)
            assertWrong("document", "already-enrolled") { resident.moveTo(phone.subject, "shenzhen") }
            phone.close()
        }

    private fun shown(resident: Resident) =
        resident
            .home()
            .subjects
            .filter { it.shownHere }
            .map { it.subject }
}
