package dev.healthcode.demo

import androidx.compose.ui.InternalComposeUiApi
import androidx.compose.ui.input.key.Key
import androidx.compose.ui.input.key.KeyEvent
import androidx.compose.ui.input.key.KeyEventType
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.onRoot
import androidx.compose.ui.test.performKeyPress
import dev.healthcode.AskReason
import dev.healthcode.CardReason
import dev.healthcode.Checkpoint
import dev.healthcode.Direction
import dev.healthcode.Foreign
import dev.healthcode.GateTimeState
import dev.healthcode.Lane
import dev.healthcode.MemoryVault
import dev.healthcode.PhoneClock
import dev.healthcode.Ports
import dev.healthcode.Stage
import dev.healthcode.Verdict
import dev.healthcode.at
import dev.healthcode.demo.state.SavedState
import dev.healthcode.demo.state.Signal
import dev.healthcode.demo.state.gate.GateStage
import dev.healthcode.demo.state.gate.GateState
import dev.healthcode.demo.state.gate.Wedge
import dev.healthcode.demo.ui.TGate
import dev.healthcode.demo.ui.gate.GateScreen
import dev.healthcode.onStage
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.launch
import org.junit.Test
import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertNotEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** A guard's lane, from the text that a camera reads to the verdict on the screen. */
internal class GateTest {
    @Test
    fun `a pass stands for a second and a half, once for a code in view, and the next person needs no tap`() =
        onLane { state, signals ->
            val (one, other) = phone("a.db").also { it.becomeGreen() } to phone("b.db").also { it.becomeYellow() }
            val code = one.code().text
            val from = System.nanoTime()
            state.scanned(code)
            soon("a verdict") { state.view.value.stage is GateStage.Judged }
            assertIs<Verdict.Pass>(assertIs<GateStage.Judged>(state.view.value.stage).scan.verdict)
            while (state.view.value.stage is GateStage.Judged) {
                state.scanned(code)
                delay(20)
            }
            val stood = Duration.ofNanos(System.nanoTime() - from)
            assertTrue(stood in Duration.ofMillis(1_400)..Duration.ofSeconds(10), "it stood for $stood")
            repeat(10) {
                state.scanned(code)
                delay(20)
            }
            assertEquals(GateStage.Looking, state.view.value.stage, "it lies in view still")
            assertEquals(listOf(Signal.PASS), signals)
            soon("it is counted") { state.view.value.counts == listOf("pass" to 1u) }

            state.scanned(other.code().text)
            soon("the next person's") { signals.size == 2 }
            assertEquals(Signal.STOP, signals.last())
            listOf(one, other).forEach { it.close() }
        }

    @Test
    fun `a stop stands until a tap, whatever is held before the camera`() =
        onLane { state, signals ->
            val (yellow, green) = phone("a.db").also { it.becomeYellow() } to phone("b.db").also { it.becomeGreen() }
            state.scanned(yellow.code().text)
            soon("a stop") { signals == listOf(Signal.STOP) }
            val stop = state.view.value.stage
            repeat(40) {
                state.scanned(green.code().text)
                delay(50)
            }
            assertEquals(stop, state.view.value.stage)
            assertEquals(listOf(Signal.STOP), signals)
            state.next()
            soon("a tap ends it") { state.view.value.stage == GateStage.Looking }
            state.scanned(green.code().text)
            soon("the one behind passes") { signals.last() == Signal.PASS }
            listOf(yellow, green).forEach { it.close() }
        }

    @Test
    fun `what a typing scanner reads while a verdict stands is judged after it, for it reads once`() =
        onLane { state, signals ->
            val (yellow, green) = phone("a.db").also { it.becomeYellow() } to phone("b.db").also { it.becomeGreen() }
            state.typed(yellow.code().text)
            soon("a stop") { signals == listOf(Signal.STOP) }
            state.typed(green.code().text)
            delay(300)
            assertEquals(listOf(Signal.STOP), signals)
            state.next()
            soon("the next person's") { signals == listOf(Signal.STOP, Signal.PASS) }
            listOf(yellow, green).forEach { it.close() }
        }

    @Test
    fun `a screenshot is asked for an answer, and the answer passes without a tap`() =
        onLane { state, signals ->
            val phone = phone().also { it.becomeGreen() }
            val screenshot = phone.code().text
            world.pass(Duration.ofMinutes(2))
            state.scanned(screenshot)
            soon("a challenge") { state.view.value.stage is GateStage.Asking }
            val asking = assertIs<GateStage.Asking>(state.view.value.stage)
            assertEquals(AskReason.OLDER, assertIs<Verdict.AskForAnswer>(asking.scan?.verdict).reason)
            state.scanned(phone.code(asking.challenge.text).text)
            soon("it passes") { signals == listOf(Signal.ASK, Signal.PASS) }
            phone.close()
        }

    @Test
    fun `where everybody is asked, each person has a challenge of their own`() =
        onLane { state, signals ->
            val phone = phone().also { it.becomeGreen() }
            state.challenge(true)
            soon("a first challenge") { state.view.value.stage is GateStage.Asking }
            val first = assertIs<GateStage.Asking>(state.view.value.stage).challenge.text
            state.scanned(phone.code(first).text)
            soon("it passes") { signals == listOf(Signal.PASS) }
            soon("the next one") { state.view.value.stage is GateStage.Asking }
            assertNotEquals(first, assertIs<GateStage.Asking>(state.view.value.stage).challenge.text)
            state.challenge(false)
            soon("the camera again") { state.view.value.stage == GateStage.Looking }
            phone.close()
        }

    @Test
    fun `a yellow resident goes home through a residential gate, with the card compared, and not out of it`() =
        onLane { state, signals ->
            state.use(Lane("Estate", policy = "residential"))
            soon("the lane with its policy") {
                state.view.value.status
                    ?.policy != null
            }
            val phone = phone().also { it.becomeYellow() }
            world.pass(Duration.ofSeconds(5))
            state.scanned(phone.code().text)
            soon("the card") { signals == listOf(Signal.LOOK) }
            soon("the next one may come") { (state.view.value.stage as? GateStage.Judged)?.held == false }
            val card = assertIs<GateStage.Judged>(state.view.value.stage, "a card takes longer to compare")
            assertEquals(CardReason.POLICY, assertIs<Verdict.CompareCard>(card.scan.verdict).reason)
            state.go(Direction.OUT)
            world.pass(Duration.ofSeconds(5))
            state.scanned(phone.code().text)
            soon("not out") { signals == listOf(Signal.LOOK, Signal.STOP) }
            assertEquals(
                "Estate",
                state.view.value.lane
                    ?.gate,
            )
            phone.close()
        }

    @Test
    fun `a wrong name is named at its field, and the lane comes back after the process has ended`() =
        onStage {
            inScope { scope ->
                val saved = SavedState()
                val state = state(scope, saved)
                state.use(Lane("门".repeat(9)))
                soon("what is wrong") { state.view.value.nameProblem != null }
                assertNull(state.view.value.lane)
                state.use(Lane("North gate"))
                soon("it is open") { state.view.value.lane != null }
                val again = state(scope, SavedState(saved.all()))
                soon("it opens by itself") { again.view.value.lane == Lane("North gate") }
            }
        }

    @Test
    fun `a wish to connect before a lane is open stands in the way of none after it`() =
        onStage {
            // As on a phone's main thread, where what has nothing to wait for is over when its launch returns.
            inScope(Dispatchers.Unconfined) { scope ->
                val state = state(scope, SavedState())
                state.sync()
                state.use(Lane("North gate"))
                soon("its evidence") {
                    state.view.value.status
                        ?.trustListVersion != null
                }
            }
        }

    @Test
    fun `a day without a server asks for the date, and then every code for an answer`() =
        onLane { state, signals ->
            val phone = phone().also { it.becomeGreen() }
            server.close()
            world.goTo(at(13, 8))
            state.use(Lane("North gate"))
            soon("it asks") {
                state.view.value.status
                    ?.time == GateTimeState.CONFIRM_DATE
            }
            soon("it says why") { state.view.value.offline != null }
            state.scanned(phone.code().text)
            soon("no verdict without a time") { signals == listOf(Signal.LOOK) }
            state.next()
            state.confirmDate()
            soon("the staff's word") {
                state.view.value.status
                    ?.time == GateTimeState.COARSE
            }
            world.pass(Duration.ofSeconds(5))
            state.scanned(phone.code().text)
            soon("an answer is asked for") { signals.last() == Signal.ASK }
            phone.close()
        }

    @Test
    fun `whatever is scanned comes to a verdict and never to a crash`() =
        onLane { state, signals ->
            val junk =
                listOf(
                    "",
                    " ",
                    "H1:",
                    "H1:%%%",
                    "\u0000",
                    "\uD800",
                    "张".repeat(3_000),
                    "https://example.org/",
                    "H6:AAAA",
                )
            for ((number, text) in junk.withIndex()) {
                state.typed(text)
                soon("'${text.take(9)}' is judged") { signals.size > number }
                assertNotEquals(Signal.PASS, signals.last())
                state.next()
            }
            val what = Verdict.NotAHealthCode(Foreign.OTHER)
            assertTrue(
                state.view.value.last
                    ?.verdict == what ||
                    state.view.value.last
                        ?.verdict is Verdict.Invalid,
            )
        }

    @Test
    fun `a typing scanner's text ends with Enter, and half a text is no beginning of the next`() {
        var now = 0L
        val wedge = Wedge { now }

        fun types(text: String) = text.mapNotNull { wedge.key(it) }
        assertEquals(emptyList(), types("\n\r\n"))
        assertEquals(listOf("H1:AB C", "H2:"), types("H1:AB C\nH2:\r"))
        types("H1:HALF")
        now += 2_000_000_000
        assertEquals(listOf("H1:WHOLE"), types("H1:WHOLE\n"))
        assertEquals(8_192, types("A".repeat(20_000) + "\n").single().length)
    }

    @OptIn(ExperimentalTestApi::class, InternalComposeUiApi::class)
    @Test
    fun `a scanner that types is heard on the screen, whose buttons its Enter does not press`() =
        onLane(listens = false) { state, _ ->
            val device = NotedDevice()
            onScreen(content = { GateScreen(state, device, it, blindCamera) }) { texts ->
                awaits("the lane") { shows(texts[TGate.GATE_LOOKING]) }
                assertTrue(device.awake, "the display stays on")
                for ((key, character) in listOf(
                    Key.H to 'H',
                    Key.T to 't',
                    Key.Spacebar to ' ',
                    Key.X to 'X',
                    Key.Enter to '\n',
                )) {
                    for (type in listOf(KeyEventType.KeyDown, KeyEventType.KeyUp)) {
                        onRoot().performKeyPress(KeyEvent(key, type, codePoint = character.code))
                    }
                }
                awaits("a verdict") { device.signals == listOf(Signal.LOOK) }
                assertEquals(Direction.IN, state.view.value.direction)
                awaits("it makes way") { state.view.value.stage == GateStage.Looking }
                taps(texts[TGate.GATE_OUT])
                assertEquals(Direction.OUT, state.view.value.direction)
                taps(texts[TGate.GATE_TORCH])
                assertTrue(state.view.value.torch)
                awaits("the day's counts") { shows(texts.get(TGate.GATE_TODAY, "no health code 1")) }
            }
            assertTrue(!device.awake, "and no longer than the screen")
        }

    /** A lane that is open and has its evidence. The test [listens], unless a screen does. */
    private fun onLane(
        listens: Boolean = true,
        play: suspend Stage.(GateState, List<Signal>) -> Unit,
    ) = onStage {
        inScope { scope ->
            val signals = CopyOnWriteArrayList<Signal>()
            val state = state(scope, SavedState())
            state.use(Lane("North gate"))
            soon("the lane with its evidence") {
                state.view.value.run { status?.trustListVersion != null && !syncing }
            }
            if (listens) scope.launch { state.signals.collect { signals += it } }
            play(state, signals)
        }
    }

    private fun Stage.state(
        scope: CoroutineScope,
        saved: SavedState,
    ): GateState {
        val clock = PhoneClock(world)
        val open: suspend (
            Lane,
        ) -> Checkpoint = { Checkpoint.open(config("gate.db"), Ports(MemoryVault(9), clock), it) }
        return GateState(open, saved, scope, flowOf(true), nanos = { world.now.toEpochMilli() * 1_000_000 })
    }
}
