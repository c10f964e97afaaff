package dev.healthcode.demo

import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.semantics.getOrNull
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.SkikoComposeUiTest
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.text.TextLayoutResult
import dev.healthcode.Colour
import dev.healthcode.HealthcodeException
import dev.healthcode.Phone
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.code.CodeState
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.code.CodeScreen
import dev.healthcode.demo.ui.of
import dev.healthcode.onStage
import dev.healthcode.stayInWuhan
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.flowOf
import org.junit.Test
import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.math.PI
import kotlin.math.atan
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNotEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** The code's screen: bright, fresh, legible, all of it in view, and without a network. */
@OptIn(ExperimentalTestApi::class)
internal class CodeTest {
    @Test
    fun `without a network the code is there at once, ticks, and is new after thirty seconds`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            server.close()
            inScope { scope ->
                val state = state(phone, scope)
                val from = System.nanoTime()
                val watching = state.watch()
                soon("the code") { state.view.value.code != null }
                val took = Duration.ofNanos(System.nanoTime() - from)
                assertTrue(took < Duration.ofSeconds(10), "it took $took")
                val first = state.view.value.code
                world.pass(Duration.ofSeconds(1))
                soon("the time goes on") {
                    state.view.value.time
                        ?.now == world.now
                }
                world.pass(Duration.ofSeconds(29))
                // The phone's own waiting is real.
                delay(Duration.ofSeconds(26).toMillis())
                val same =
                    state.view.value.code
                        ?.text == first?.text
                // A busy machine may have waited for longer than the code's own half a minute.
                val waited = Duration.ofNanos(System.nanoTime() - from)
                assertTrue(same || waited >= Duration.ofSeconds(29), "not before its time, but after $waited")
                soon("a new presentation") {
                    state.view.value.code
                        ?.text != first?.text
                }
                assertEquals(
                    world.now,
                    state.view.value.code
                        ?.shownAt,
                )
                watching.cancel()
                soon("none is kept where nobody looks") { state.view.value.code == null }
            }
            phone.close()
        }

    @Test
    fun `nothing is read while nobody looks at the app`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            inScope { scope ->
                val looking = MutableStateFlow(true)
                val state = CodeState(phone.resident, phone.subject, scope, looking, {})
                state.watch()
                soon("the code") { state.view.value.code != null }
                looking.value = false
                soon("it is put away") { state.view.value.code == null }
                looking.value = true
                soon("it is back") { state.view.value.code != null }
            }
            phone.close()
        }

    @Test
    fun `the display is bright while the code is seen, and a tap tells what it reveals`() =
        onStage {
            val phone = phone().also { it.becomeYellow() }
            val device = NotedDevice()
            inScope { scope ->
                val state = state(phone, scope)
                onScreen(content = { CodeScreen(state, device, it) }) { texts ->
                    awaits("it is bright") { device.bright }
                    taps(texts[TCode.CODE_REVEALS])
                    awaits("what it reveals") { shows(texts[TCode.REVEALS_WHAT]) }
                    assertTrue(shows(texts[TCode.REVEALS_ONLY_YOU]), "why it is yellow")
                    assertTrue(shows("002X"))
                    awaits("nobody scans this") { !device.bright }
                    state.closeDisclosure()
                    awaits("the code again") { device.bright }
                }
                assertFalse(device.bright, "as it was before")
            }
            phone.close()
        }

    @Test
    fun `on small displays and in large letters nothing scrolls, and the word is legible at two metres`() =
        onStage {
            val phone = phone().also { it.becomeYellow() }
            inScope { scope ->
                for (way in ways) {
                    val state = state(phone, scope)
                    val (width, height) = way.width to way.height
                    onScreen(
                        width,
                        height,
                        way.density,
                        way.scale,
                        way.language,
                        { CodeScreen(state, NotedDevice(), it, {}) },
                    ) {
                        awaits(
                            "$way: the code",
                        ) {
                            state.view.value.code
                                ?.let { code -> shows(it.of(code.word)) } == true
                        }
                        awaits("$way: the time") { state.view.value.time != null }
                        waitForIdle()
                        assertEquals(0f, scrolls(), "$way scrolls")
                        val minutes = arcMinutes(way.density)
                        assertTrue(minutes >= LEGIBLE_MINUTES, "$way: $minutes minutes of arc")
                        val code = onNodeWithTag("code", true).fetchSemanticsNode().size
                        assertTrue(minOf(code.width, code.height) >= 73 * 5, "$way: modules of five pixels, in $code")
                    }
                }
            }
            phone.close()
        }

    @Test
    fun `after a restart without a network it says so, leads to the scanner, and is back after a sync`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            phone.clock.restart()
            val asked = CopyOnWriteArrayList<Remedy>()
            inScope { scope ->
                val state = state(phone, scope) { asked += it }
                onScreen(content = { CodeScreen(state, NotedDevice(), it) }) { texts ->
                    val trouble =
                        dev.healthcode.HealthcodeException
                            .TimeUnsure()
                            .text
                    awaits("why there is none") { shows(texts.of(trouble)) }
                    assertNull(state.view.value.code)
                    taps(texts[T.REMEDY_SCAN])
                    assertEquals(listOf(Remedy.SCAN), asked)
                    phone.resident.sync()
                    awaits("the code") {
                        state.view.value.code
                            ?.colour == Colour.GREEN
                    }
                }
            }
            phone.close()
        }

    @Test
    fun `another colour is shown at once, with another word`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            inScope { scope ->
                val state = state(phone, scope)
                onScreen(language = Language.ZH, content = { CodeScreen(state, NotedDevice(), it) }) {
                    awaits("green") { shows("绿码") }
                    val green =
                        state.view.value.code
                            ?.text
                    phone.resident.declare(phone.subject, stayInWuhan)
                    awaits("yellow, by this phone alone") { shows("黄码") && shows(it[TCode.CODE_LOWERED]) }
                    assertNotEquals(
                        green,
                        state.view.value.code
                            ?.text,
                    )
                }
            }
            phone.close()
        }

    private fun state(
        phone: Phone,
        scope: CoroutineScope,
        mend: (Remedy) -> Unit = {},
    ) = CodeState(phone.resident, phone.subject, scope, flowOf(true), mend)

    /** The angle under which the word's capitals are seen at two metres: six tenths of a line's height, and rather more. */
    private fun SkikoComposeUiTest.arcMinutes(density: Float): Double {
        val results = mutableListOf<TextLayoutResult>()
        val word = onNodeWithTag("word", true).fetchSemanticsNode()
        checkNotNull(word.config.getOrNull(SemanticsActions.GetTextLayoutResult)?.action).invoke(results)
        val layout = results.single()
        assertFalse(layout.hasVisualOverflow, word.config[SemanticsProperties.Text].toString())
        val line = layout.getLineBottom(0) - layout.getLineTop(0)
        val millimetres = line * CAPITAL / density * MILLIMETRES_A_DP
        return atan(millimetres / 2_000) * 180 / PI * 60
    }

    private class Way(
        val width: Int,
        val height: Int,
        val density: Float,
        val scale: Float,
        val language: Language,
    ) {
        override fun toString() = "$width x $height dp at $density, letters at $scale, $language"
    }

    private companion object {
        const val CAPITAL = 0.6
        const val MILLIMETRES_A_DP = 25.4 / 160

        /** Eyes that see as they should tell letters of five minutes apart; this is for weaker ones. */
        const val LEGIBLE_MINUTES = 7.0

        val ways =
            listOf(
                Triple(360, 780, 2f),
                // 720 by 716 pixels, of a display 320 dp wide.
                Triple(320, 318, 2.25f),
                Triple(360, 358, 2f),
                Triple(320, 568, 2f),
            ).flatMap { (width, height, density) ->
                listOf(1f, 2f).flatMap { scale -> Language.entries.map { Way(width, height, density, scale, it) } }
            }
    }
}
