package dev.healthcode.demo

import androidx.compose.runtime.Composable
import androidx.compose.ui.graphics.asSkiaBitmap
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.SkikoComposeUiTest
import dev.healthcode.Checkpoint
import dev.healthcode.Lane
import dev.healthcode.MemoryVault
import dev.healthcode.PhoneClock
import dev.healthcode.Ports
import dev.healthcode.ServerProcess
import dev.healthcode.Stage
import dev.healthcode.Verdict
import dev.healthcode.demo.state.SavedState
import dev.healthcode.demo.state.code.CodeState
import dev.healthcode.demo.state.gate.GateStage
import dev.healthcode.demo.state.gate.GateState
import dev.healthcode.demo.state.scan.ScanState
import dev.healthcode.demo.state.scan.ScanView
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.code.CodeScreen
import dev.healthcode.demo.ui.gate.GateScreen
import dev.healthcode.demo.ui.scan.ScanScreen
import dev.healthcode.onStage
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.flowOf
import org.jetbrains.skia.Image
import org.junit.Test
import java.io.File
import java.time.Duration
import kotlin.io.path.createDirectory
import kotlin.test.assertIs
import kotlin.test.assertTrue

/** What stands on a screen for a moment only: a challenge, a scanned text's name, what a code reveals; to be looked at. */
@OptIn(ExperimentalTestApi::class)
internal class LanePicturesTest {
    @Test
    fun `a challenge, something that is no code, and what a code reveals`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            inScope { scope ->
                val gate = lane(scope)
                gate.use(Lane("North gate"))
                soon("the lane") { gate.view.value.run { status?.trustListVersion != null && !syncing } }
                val code = CodeState(phone.resident, phone.subject, scope, flowOf(true), {})
                val scanner = ScanState(phone.resident, phone.subject, scope, flowOf(true), {})
                for (way in ways) {
                    val name = way.name
                    val old = phone.code().text
                    world.pass(Duration.ofMinutes(2))
                    gate.next()
                    gate.typed(old)
                    soon("a challenge") { gate.view.value.stage is GateStage.Asking }
                    onScreen(way, { GateScreen(gate, NotedDevice(), it, blindCamera) }) {
                        keep("gate-ask-$name")
                    }
                    scanner.again()
                    scanner.scanned("https://example.org/")
                    soon("its name") { scanner.view.value is ScanView.Named }
                    onScreen(way, { ScanScreen(scanner, NotedDevice(), it, blindCamera) }) {
                        keep("scan-named-$name")
                    }
                    onScreen(way, { CodeScreen(code, NotedDevice(), it, {}) }) { texts ->
                        awaits("the code") { code.view.value.code != null }
                        code.reveal()
                        awaits("what it reveals") { shows(texts[TCode.REVEALS_WHAT]) }
                        keep("reveals-$name")
                    }
                }
            }
            phone.close()
        }

    @Test
    fun `what a gate says beside a pass, a stop and a question`() =
        onStage {
            val other = ServerProcess(folder.resolve("other").createDirectory(), folder.resolve("clock"))
            val (green, yellow) = phone("a.db").also { it.becomeGreen() } to phone("b.db").also { it.becomeYellow() }
            val stranger = stranger(this, other)
            inScope { scope ->
                val new = lane(scope, "new.db")
                val gate = lane(scope)
                gate.use(Lane("North gate"))
                soon("the lane") { gate.view.value.run { status?.trustListVersion != null && !syncing } }
                gate.use(Lane("Estate", policy = "residential"))
                soon("its policy") {
                    gate.view.value.status
                        ?.policy != null
                }
                // What was shown before a lane was opened may have been seen there.
                world.pass(Duration.ofSeconds(5))
                val code = green.code().text
                draws(gate, "pass", code) { it is Verdict.Pass }
                draws(gate, "seen", code) { it is Verdict.AlreadySeen }
                draws(gate, "invalid", code.dropLast(30)) { it is Verdict.Invalid }
                draws(gate, "card", yellow.code().text) { it is Verdict.CompareCard }
                draws(gate, "issuer", stranger.code().text) { it is Verdict.UnknownIssuer }
                draws(gate, "foreign", "https://example.org/") { it is Verdict.NotAHealthCode }
                server.close()
                new.use(Lane("South gate"))
                soon("no evidence") { new.view.value.run { lane != null && offline != null } }
                draws(new, "connect", green.code().text) { it is Verdict.ConnectFirst }
            }
            listOf(green, yellow, stranger).forEach { it.close() }
            other.close()
        }

    private suspend fun Stage.draws(
        gate: GateState,
        name: String,
        text: String,
        fits: (Verdict) -> Boolean,
    ) {
        world.pass(Duration.ofSeconds(5))
        gate.next()
        gate.typed(text)
        soon("a verdict: $name") { gate.view.value.stage is GateStage.Judged }
        val verdict = assertIs<GateStage.Judged>(gate.view.value.stage).scan.verdict
        assertTrue(fits(verdict), "$name: $verdict")
        for (way in ways) {
            onScreen(way, { GateScreen(gate, NotedDevice(), it, blindCamera) }) { keep("verdict-$name-${way.name}") }
        }
    }

    /** A lane whose verdicts stand for as long as their pictures take. */
    private fun Stage.lane(
        scope: CoroutineScope,
        file: String = "gate.db",
    ): GateState {
        val clock = PhoneClock(world)
        val open: suspend (Lane) -> Checkpoint = { Checkpoint.open(config(file), Ports(MemoryVault(9), clock), it) }
        val nanos = { world.now.toEpochMilli() * 1_000_000 }
        return GateState(open, SavedState(), scope, flowOf(true), nanos = nanos, hold = Duration.ofMinutes(5))
    }

    private fun SkikoComposeUiTest.keep(name: String) {
        waitForIdle()
        val file = File(checkNotNull(System.getProperty("healthcode.pictures")), "$name.png")
        file.parentFile.mkdirs()
        val image = Image.makeFromBitmap(captureToImage().asSkiaBitmap())
        file.writeBytes(checkNotNull(image.encodeToData()).bytes)
    }

    private data class Way(
        val name: String,
        val width: Int,
        val height: Int,
        val density: Float,
        val scale: Float,
        val language: Language,
        val dark: Boolean = false,
    )

    private fun onScreen(
        way: Way,
        content: @Composable (Texts) -> Unit,
        play: suspend SkikoComposeUiTest.(FileTexts) -> Unit,
    ) = onScreen(way.width, way.height, way.density, way.scale, way.language, content, way.dark, play)

    private companion object {
        val ways =
            listOf(
                Way("zh", 360, 780, 2f, 1f, Language.ZH),
                Way("en", 360, 780, 2f, 1f, Language.EN),
                Way("zh-dark", 360, 780, 2f, 1f, Language.ZH, dark = true),
                Way("en-large", 360, 780, 2f, 2f, Language.EN),
                Way("zh-small", 320, 318, 2.25f, 1f, Language.ZH),
            )
    }
}
