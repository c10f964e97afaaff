package dev.healthcode.demo

import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Box
import androidx.compose.runtime.Composable
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.SkikoComposeUiTest
import androidx.compose.ui.test.click
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.performTouchInput
import androidx.compose.ui.test.v2.runSkikoComposeUiTest
import androidx.compose.ui.unit.Density
import dev.healthcode.demo.ui.Camera
import dev.healthcode.demo.ui.HealthCodeTheme
import dev.healthcode.demo.ui.Texts
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.job
import kotlin.time.Duration.Companion.minutes

/** For how long a test waits for what it is sure of: the machine may have other things to do. */
private val WAIT = 1.minutes

/** A camera that reads nothing: a test gives the texts itself. */
internal val blindCamera: Camera = { modifier, _, _ -> Box(modifier.background(Color.DarkGray)) }

/** Shows one screen alone, [width] by [height] dp, and plays with it. */
@OptIn(ExperimentalTestApi::class)
internal fun onScreen(
    width: Int = 360,
    height: Int = 780,
    density: Float = 2f,
    fontScale: Float = 1f,
    language: Language = Language.EN,
    content: @Composable (Texts) -> Unit,
    dark: Boolean = false,
    play: suspend SkikoComposeUiTest.(FileTexts) -> Unit,
) {
    val texts = FileTexts(language)
    runSkikoComposeUiTest(
        Size(width * density, height * density),
        Density(density, fontScale),
        testTimeout = 5.minutes,
    ) {
        setContent { HealthCodeTheme(dark) { content(texts) } }
        play(texts)
    }
}

@OptIn(ExperimentalTestApi::class)
internal fun SkikoComposeUiTest.awaits(
    what: String,
    holds: () -> Boolean,
) = waitUntil(what, WAIT.inWholeMilliseconds) { holds() }

@OptIn(ExperimentalTestApi::class)
internal fun SkikoComposeUiTest.shows(text: String) =
    onAllNodes(hasText(text, substring = true), true).fetchSemanticsNodes().isNotEmpty()

@OptIn(ExperimentalTestApi::class)
internal fun SkikoComposeUiTest.taps(text: String) {
    val button = hasText(text) and hasClickAction()
    awaits("$text, to tap") { onAllNodes(button).fetchSemanticsNodes().isNotEmpty() }
    onAllNodes(button)[0].performTouchInput { click() }
    waitForIdle()
}

/** By how much any part of the screen can be scrolled. */
@OptIn(ExperimentalTestApi::class)
internal fun SkikoComposeUiTest.scrolls(): Float {
    val scrolling = SemanticsMatcher.keyIsDefined(SemanticsProperties.VerticalScrollAxisRange)
    return onAllNodes(scrolling, true).fetchSemanticsNodes().maxOfOrNull {
        it.config[SemanticsProperties.VerticalScrollAxisRange].maxValue()
    } ?: 0f
}

/** A place for a state's coroutines, one after the other as on a phone's main thread; it ends with [use]. */
internal suspend fun <T> inScope(
    dispatcher: CoroutineDispatcher = Dispatchers.Default.limitedParallelism(1),
    use: suspend (CoroutineScope) -> T,
): T {
    val scope = CoroutineScope(SupervisorJob() + dispatcher)
    return try {
        use(scope)
    } finally {
        // What the states have open they close at the end of their scope.
        scope.coroutineContext.job.cancelAndJoin()
    }
}

/** Waits for what another thread is about to do, on a machine that has more to do. */
internal suspend fun soon(
    what: String,
    holds: () -> Boolean,
) {
    val until = System.nanoTime() + WAIT.inWholeNanoseconds
    while (!holds()) {
        check(System.nanoTime() < until) { "$what: not within $WAIT" }
        delay(10)
    }
}
