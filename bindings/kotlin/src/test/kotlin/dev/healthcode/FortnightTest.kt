package dev.healthcode

import org.junit.jupiter.api.Test
import java.time.Duration
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** The fortnight of the story, over the border and against the server's own process. */
internal class FortnightTest {
    @Test
    fun `seven days with a check-in each, one of them offline, turn a yellow code green and open the gate`() =
        onStage {
            val phone = phone()
            val gate = gate().also { it.sync() }
            phone.becomeYellow()
            assertEquals(Colour.YELLOW, phone.code().colour)
            assertEquals(listOf("area-high"), phone.code().reasons.map { it.rule })
            assertEquals(7.toUShort() to 0.toUShort(), phone.quarantine().run { days to counted })
            world.pass(Duration.ofSeconds(1))
            val stopped = assertIs<Verdict.Stop>(gate.verify(phone.code().text).verdict)
            assertEquals(Colour.YELLOW to "002X", stopped.colour to stopped.holder.idTail)

            for (day in 11..17) {
                world.goTo(at(day, 9, 30))
                assertEquals(february(day), phone.quarantine().due?.day)
                assertEquals(february(day), phone.tap().day)
                assertEquals((day - 10).toUShort(), phone.quarantine().counted)
                // The fourth and fifth day pass without a network.
                if (day in 14..15) continue
                val report = phone.resident.sync()
                assertEquals(if (day == 16) 3u else 1u, report.accepted)
                assertEquals(0u to 0u, report.refused to report.waiting)
            }
            val done = phone.quarantine()
            assertEquals(Phase.Complete(at(18, 0)), done.phase)
            assertTrue(done.checkIns.all { (it.state as? CheckInState.Counted)?.certainty == Certainty.CERTAIN })
            phone.resident.sync()
            assertEquals(Colour.YELLOW, phone.card().colour, "nothing is released early")

            world.goTo(at(18, 8))
            assertTrue(phone.card().connectToConfirm)
            assertEquals(Colour.YELLOW, phone.card().colour, "a phone never releases itself")
            phone.resident.sync()
            assertEquals(Colour.GREEN, phone.card().colour)
            assertNull(phone.resident.quarantine(phone.subject))

            gate.sync()
            world.pass(Duration.ofSeconds(1))
            val code = phone.code()
            assertEquals(Colour.GREEN, assertIs<Verdict.Pass>(gate.verify(code.text).verdict).colour)
            world.pass(Duration.ofMinutes(2))
            val screenshot = assertIs<Verdict.AskForAnswer>(gate.verify(code.text).verdict)
            assertEquals(AskReason.OLDER, screenshot.reason)
            val challenge = gate.challenge()
            assertEquals(ScannedText.Challenge("North gate"), phone.resident.scan(challenge.text))
            val answer = phone.code(challenge.text)
            assertEquals("North gate" to null, answer.gate to answer.refreshIn)
            assertIs<Verdict.Pass>(gate.verify(answer.text).verdict)
            phone.close()
            gate.close()
        }

    @Test
    fun `a close contact is red for fourteen days, and a missed day begins the count again`() =
        onStage {
            val phone = phone()
            phone.enrol(wangWu)
            phone.resident.declare(phone.subject, atHome)
            phone.resident.sync()
            assertEquals(Colour.RED, phone.card().colour)
            assertEquals(14.toUShort(), phone.quarantine().days)
            // The second day is missed: fourteen in a row are counted from the third.
            for (day in listOf(11) + (13..26)) {
                world.goTo(at(day, 20))
                phone.tap()
                phone.resident.sync()
            }
            val done = phone.quarantine()
            assertEquals(DayState.MISSED, done.calendar[1].state)
            assertEquals(Phase.Complete(at(27, 0)), done.phase)
            assertFalse(done.connectToConfirm)
            world.goTo(at(27, 0, 1))
            phone.resident.sync()
            assertEquals(Colour.GREEN, phone.card().colour)
            assertNotNull(phone.code().refreshIn)
            phone.close()
        }
}
