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
import kotlinx.coroutines.flow.flowOf
import org.jetbrains.skia.Image
import org.junit.Test
import java.io.File
import java.time.Duration

/** What stands on a screen for a moment only: a challenge, a scanned text's name, what a code reveals; to be looked at. */
@OptIn(ExperimentalTestApi::class)
internal class LanePicturesTest {
    @Test
    fun `a challenge, something that is no code, and what a code reveals`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val clock = PhoneClock(world)
            inScope { scope ->
                val open: suspend (Lane) -> Checkpoint = {
                    Checkpoint.open(config("gate.db"), Ports(MemoryVault(9), clock), it)
                }
                val gate =
                    GateState(open, SavedState(), scope, flowOf(true), nanos = {
                        world.now.toEpochMilli() *
                            1_000_000
                    })
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
