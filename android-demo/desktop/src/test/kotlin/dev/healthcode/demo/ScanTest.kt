package dev.healthcode.demo

import androidx.compose.ui.test.ExperimentalTestApi
import dev.healthcode.Foreign
import dev.healthcode.Phone
import dev.healthcode.Stage
import dev.healthcode.Verdict
import dev.healthcode.atHome
import dev.healthcode.demo.state.Signal
import dev.healthcode.demo.state.scan.Found
import dev.healthcode.demo.state.scan.ScanState
import dev.healthcode.demo.state.scan.ScanView
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.scan.ScanScreen
import dev.healthcode.onStage
import dev.healthcode.whereabouts
import dev.healthcode.zhangSan
import kotlinx.coroutines.flow.flowOf
import org.junit.Test
import java.time.Duration
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertTrue

/** The resident's scanner: it answers, it enters, and names all else. */
@OptIn(ExperimentalTestApi::class)
internal class ScanTest {
    @Test
    fun `a gate's challenge is answered at once over the whole screen, and the answer passes`() =
        onScanner { state, phone ->
            val gate = gate().also { it.sync() }
            // A phone that was off and has no network can answer all the same.
            phone.clock.restart()
            server.close()
            val device = NotedDevice()
            onScreen(content = { ScanScreen(state, device, it, blindCamera) }) { texts ->
                state.scanned(gate.challenge().text)
                awaits("the answer") { shows(texts.get(TCode.CODE_ANSWER_FOR, "North gate")) }
                assertTrue(device.bright)
                assertEquals(listOf(Signal.LOOK), device.signals.toList())
                val answer = assertIs<ScanView.Answer>(state.view.value).code
                assertIs<Verdict.Pass>(gate.verify(answer.text).verdict)
                taps(texts[TCode.SCAN_DONE])
                awaits("the camera") { shows(texts[TCode.SCAN_HINT]) && !device.bright }
            }
            gate.close()
        }

    @Test
    fun `with two people on the phone either answers, one after the other`() =
        onScanner { state, phone ->
            phone.resident.requestOneTimeCode(zhangSan)
            val other = phone.resident.enrol(server.oneTimeCode()).subject
            phone.resident.sync()
            phone.resident.declare(other, atHome)
            phone.resident.sync()
            val gate = gate().also { it.sync() }
            onScreen(content = { ScanScreen(state, NotedDevice(), it, blindCamera) }) { texts ->
                awaits("who can be chosen") { state.people.value?.size == 2 }
                assertEquals(phone.subject, state.chosen.value)
                val card =
                    phone.resident
                        .home()
                        .subjects
                        .single { it.subject == other }
                state.scanned(gate.challenge().text)
                awaits("the first one's") { (state.view.value as? ScanView.Answer)?.code?.idTail == "0014" }
                taps(texts.get(TCode.SCAN_FOR, card.maskedName, card.idTail))
                awaits("the other one's") { (state.view.value as? ScanView.Answer)?.code?.idTail == "002X" }
            }
            gate.close()
        }

    @Test
    fun `a venue is entered and left`() =
        onScanner { state, phone ->
            val door =
                server.command(
                    "venue",
                    "--region",
                    "330106",
                    "--name-zh",
                    "西湖书店",
                    "--name-en",
                    "West Lake Books",
                )
            val text = door.lines().map { it.trim() }.last { it.startsWith("H4:") }
            onScreen(content = { ScanScreen(state, NotedDevice(), it, blindCamera) }) { texts ->
                awaits("the camera") { state.chosen.value != null }
                state.scanned(text)
                awaits("its name") { shows("West Lake Books") }
                taps(texts[TCode.SCAN_ENTER])
                awaits("it is entered") { shows(texts.get(TCode.SCAN_ENTERED, "West Lake Books")) }
                assertTrue(
                    phone.resident
                        .whereabouts(phone.subject)
                        .single()
                        .open,
                )
                world.pass(Duration.ofMinutes(20))
                taps(texts[TCode.SCAN_LEAVE])
                awaits("it is left") { shows(texts.get(TCode.SCAN_LEFT, "West Lake Books")) }
                assertTrue(
                    !phone.resident
                        .whereabouts(phone.subject)
                        .single()
                        .open,
                )
            }
        }

    @Test
    fun `anything else is named, whatever it is`() =
        onScanner { state, phone ->
            val named =
                listOf(
                    phone.code().text to ScanView.Named(Found.CODE),
                    "https://example.org/" to ScanView.Named(Found.FOREIGN, Foreign.URL),
                    "just some words" to ScanView.Named(Found.FOREIGN, Foreign.OTHER),
                    "" to ScanView.Named(Found.FOREIGN, Foreign.OTHER),
                    "张".repeat(5_000) to ScanView.Named(Found.FOREIGN, Foreign.OTHER),
                    "H1:AB" to ScanView.Named(Found.DAMAGED),
                    "H2:AB" to ScanView.Named(Found.DAMAGED),
                )
            for ((text, what) in named) {
                state.again()
                state.scanned(text)
                soon("'${text.take(20)}'") { state.view.value !in listOf(ScanView.Looking, ScanView.Reading) }
                if (text.startsWith("H")) {
                    assertIs<ScanView.Named>(state.view.value, text.take(20))
                } else {
                    assertEquals<ScanView>(what, state.view.value, text.take(20))
                }
            }
            state.again()
            state.scanned("\uD800")
            soon("half a character") { state.view.value !in listOf(ScanView.Looking, ScanView.Reading) }
        }

    private fun onScanner(play: suspend Stage.(ScanState, Phone) -> Unit) =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            inScope { scope -> play(ScanState(phone.resident, phone.subject, scope, flowOf(true), {}), phone) }
            phone.close()
        }
}
