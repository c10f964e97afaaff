package dev.healthcode.demo

import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.requiredSize
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.DisposableEffect
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.LocalSaveableStateRegistry
import androidx.compose.runtime.saveable.SaveableStateRegistry
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.asSkiaBitmap
import androidx.compose.ui.input.InputMode
import androidx.compose.ui.input.InputModeManager
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.LocalInputModeManager
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.test.ComposeTimeoutException
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.SkikoComposeUiTest
import androidx.compose.ui.test.click
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasSetTextAction
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.isSelected
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performTextReplacement
import androidx.compose.ui.test.performTouchInput
import androidx.compose.ui.test.v2.runSkikoComposeUiTest
import androidx.compose.ui.unit.Density
import androidx.compose.ui.unit.dp
import dev.healthcode.BilingualText
import dev.healthcode.Stage
import dev.healthcode.at
import dev.healthcode.demo.state.Opening
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.Sync
import dev.healthcode.demo.ui.Camera
import dev.healthcode.demo.ui.HealthCodeApp
import dev.healthcode.demo.ui.of
import org.jetbrains.skia.Bitmap
import org.jetbrains.skia.Canvas
import org.jetbrains.skia.Image
import org.jetbrains.skia.Rect
import java.io.File
import java.time.Instant
import kotlin.time.Duration.Companion.minutes

/** How the app is looked at. */
internal data class Look(
    val language: Language = Language.EN,
    val dark: Boolean = false,
    val fontScale: Float = 1f,
    val width: Int = 360,
    val height: Int = 780,
) {
    val name
        get() =
            language.name.lowercase() + (if (dark) "-dark" else "") + (if (fontScale > 1) "-large" else "") +
                if (height < width) "-small" else ""
}

/** A person before the phone of a [Desk]: sees, taps, types, turns the phone, takes pictures of it. */
@OptIn(ExperimentalTestApi::class)
internal class Hand(
    private val test: SkikoComposeUiTest,
    val desk: Desk,
) {
    /** How it is looked at from now on. */
    var look by mutableStateOf(Look())

    private var shown by mutableStateOf(true)
    private var kept = emptyMap<String, List<Any?>>()
    private var registry by mutableStateOf(registry())
    private val known = Language.entries.associateWith(::FileTexts)

    val texts get() = known.getValue(look.language)

    private val camera: Camera = { modifier, _, take ->
        DisposableEffect(take) {
            desk.camera = take
            onDispose { desk.camera = null }
        }
        Box(modifier.background(Color.DarkGray))
    }

    internal fun begin() {
        test.setContent {
            val now = look
            CompositionLocalProvider(
                LocalDensity provides Density(DENSITY, now.fontScale),
                LocalSaveableStateRegistry provides registry,
                LocalInputModeManager provides Touched,
            ) {
                Box(Modifier.requiredSize(now.width.dp, now.height.dp)) {
                    if (shown) HealthCodeApp(desk.app, desk.device, texts, camera, now.dark)
                }
            }
        }
        opened()
    }

    private fun opened() = await("the file is open, or says why not") { desk.app.opening.value !is Opening.Under }

    /** Whether the one of several with this text is chosen, as a screen reader says it. */
    fun chosen(text: String) =
        test.onAllNodes(hasText(text) and hasClickAction() and isSelected()).fetchSemanticsNodes().isNotEmpty()

    /** Turns the phone: Android makes the activity anew, and the state stays. */
    fun rotate() {
        kept = registry.performSave()
        remake()
    }

    private fun remake() {
        shown = false
        test.waitForIdle()
        registry = registry()
        shown = true
        test.waitForIdle()
    }

    private fun registry() = SaveableStateRegistry(kept) { true }

    /** The process ends and the app is opened again: Android keeps what the screens remember for that. */
    fun restart() {
        kept = registry.performSave()
        desk.die()
        remake()
        opened()
    }

    /** What would go into a file that is not sealed, as the process ends. */
    fun unsealed(): String =
        desk.app.saved
            .all()
            .toString() + registry.performSave()

    fun see(
        key: String,
        vararg args: Any,
    ) = seeText(texts.get(key, *args))

    fun see(text: BilingualText) = seeText(texts.of(text))

    fun seeText(text: String) = await(text) { shows(text) }

    fun unseen(
        key: String,
        vararg args: Any,
    ) = await("no ${texts.get(key, *args)}") { !shows(texts.get(key, *args)) }

    fun shows(text: String) = test.onAllNodes(hasText(text, substring = true), true).fetchSemanticsNodes().isNotEmpty()

    /** Waits for what another thread is about to do; what is seen instead is drawn. */
    fun await(
        what: String,
        holds: () -> Boolean,
    ) = try {
        test.waitUntil(what, PATIENCE) { holds() }
    } catch (error: ComposeTimeoutException) {
        picture("failed-" + what.filter { it.isLetterOrDigit() }.take(NAME))
        throw error
    }

    /** Looks away and again until it is seen what time has changed: whoever is quick was not seen to look away. */
    fun seeLater(key: String) {
        var next = System.nanoTime()
        await(texts[key]) {
            val seen = shows(texts[key])
            if (!seen && System.nanoTime() >= next) {
                desk.app.seen(false)
                Thread.sleep(LOOK_AWAY)
                desk.app.seen(true)
                next = System.nanoTime() + LOOK_NANOS
            }
            seen
        }
    }

    /** Waits until no exchange is under way and one has been: in the middle of one the world's time does not jump. */
    fun exchanged() =
        await("the exchange is over") {
            desk.session.sync.value
                .let { it is Sync.Done || it is Sync.Failed }
        }

    /** What was recorded has gone to the authority, and the exchange with it is over. */
    fun sent() = await("it was sent") { card().waiting == 0u && desk.session.sync.value is Sync.Done }

    fun tap(
        key: String,
        vararg args: Any,
    ) = tapText(texts.get(key, *args))

    fun tapText(text: String) = touch(hasText(text) and hasClickAction(), text)

    /** Taps what leads to a screen; where the page moved under the finger, once more. */
    fun open(
        key: String,
        place: Place,
    ) {
        repeat(TAPS) {
            if (desk.app.stack.value
                    .last()
                    .place != place
            ) {
                tap(key)
                val until = System.nanoTime() + TAP_NANOS
                while (desk.app.stack.value
                        .last()
                        .place != place && System.nanoTime() < until
                ) {
                    test.waitForIdle()
                }
            }
        }
        await("$place") {
            desk.app.stack.value
                .last()
                .place == place
        }
    }

    /** Opens choices and takes one; where the page moved under the finger, or an earlier list was still closing, once more. */
    fun choose(
        key: String,
        choice: String,
    ) {
        val listed = hasText(choice) and hasClickAction()
        val isListed = { test.onAllNodes(listed).fetchSemanticsNodes().isNotEmpty() }
        // A list that was open before goes first: it may have the same choice.
        idleUntil { !isListed() }
        repeat(TAPS) {
            if (!isListed()) {
                tap(key)
                idleUntil(isListed)
            }
        }
        touch(listed, choice)
    }

    private fun idleUntil(holds: () -> Boolean) {
        val until = System.nanoTime() + TAP_NANOS
        while (!holds() && System.nanoTime() < until) test.waitForIdle()
    }

    fun touch(
        matcher: SemanticsMatcher,
        name: String,
    ) {
        await("$name, to tap") { test.onAllNodes(matcher).fetchSemanticsNodes().isNotEmpty() }
        val node = test.onAllNodes(matcher)[0]
        // What does not scroll is seen already.
        runCatching { node.performScrollTo() }
        // By touch: a mouse would stay over what is seen next, and light it.
        node.performTouchInput { click() }
        test.waitForIdle()
    }

    fun type(
        key: String,
        value: String,
        vararg args: Any,
    ) {
        val matcher = hasText(texts.get(key, *args), substring = true) and hasSetTextAction()
        await("$key, to type in") { test.onAllNodes(matcher).fetchSemanticsNodes().isNotEmpty() }
        val node = test.onAllNodes(matcher)[0]
        runCatching { node.performScrollTo() }
        node.performTextReplacement(value)
        test.waitForIdle()
    }

    /** A picture of what is seen, as it is looked at now. */
    fun picture(name: String): File {
        test.waitForIdle()
        val whole = test.captureToImage().asSkiaBitmap()
        val (width, height) = (look.width * DENSITY) to (look.height * DENSITY)
        val part = Bitmap().apply { allocN32Pixels(width.toInt(), height.toInt()) }
        Canvas(part).drawImageRect(
            Image.makeFromBitmap(whole),
            Rect.makeWH(width, height),
            Rect.makeWH(width, height),
        )
        val file = File(checkNotNull(System.getProperty("healthcode.pictures")), "$name-${look.name}.png")
        file.parentFile.mkdirs()
        file.writeBytes(checkNotNull(Image.makeFromBitmap(part).encodeToData()).bytes)
        return file
    }

    /** The same in every language, light and dark, in large letters, and on a small display. */
    fun pictures(
        name: String,
        vararg more: Look,
    ) {
        // What a tap has lit has gone out by then.
        test.mainClock.advanceTimeBy(LIT_MILLIS)
        val before = look
        for (way in ways + more) {
            look = way
            picture(name)
            spoken(name)
        }
        look = before
        test.waitForIdle()
    }

    /** Whatever can be tapped has a word that a screen reader says. */
    private fun spoken(name: String) {
        for (node in test.onAllNodes(hasClickAction()).fetchSemanticsNodes()) {
            val said =
                node.config
                    .getOrElseNullable(SemanticsProperties.Text) { null }
                    .orEmpty()
                    .map { it.text } +
                    node.config.getOrElseNullable(SemanticsProperties.ContentDescription) { null }.orEmpty() +
                    listOfNotNull(node.config.getOrElseNullable(SemanticsProperties.EditableText) { null }?.text)
            check(said.any { it.isNotBlank() }) { "$name: something to tap at ${node.boundsInRoot} is silent" }
        }
    }

    internal companion object {
        private const val DENSITY = 2f
        private const val PATIENCE = 60_000L
        private const val LIT_MILLIS = 1_000L
        private const val TAPS = 3
        private const val TAP_NANOS = 500_000_000L
        private const val LOOK_AWAY = 100L
        private const val LOOK_NANOS = 2_000_000_000L
        private const val NAME = 40

        /** How every screen is looked at. */
        val ways =
            listOf(
                Look(Language.ZH),
                Look(Language.EN),
                Look(Language.ZH, dark = true),
                Look(Language.EN, fontScale = 2f),
            )
    }
}

/** As on a phone: what is touched keeps no focus, which a desktop would draw as a film. */
private object Touched : InputModeManager {
    override val inputMode = InputMode.Touch

    override fun requestInputMode(inputMode: InputMode) = inputMode == InputMode.Touch
}

internal val small = Look(Language.ZH, height = 358)
internal val smallEnglish = Look(Language.EN, height = 358)

/** Plays a test with a person before a phone, on a stage of its own. */
@OptIn(ExperimentalTestApi::class)
internal fun onDesk(
    start: Instant = at(11, 9),
    witness: Boolean = false,
    play: suspend Hand.(Stage) -> Unit,
) = Stage(start, witness).use { stage ->
    Desk(stage).use { desk ->
        runSkikoComposeUiTest(Size(720f, 1560f), Density(2f), testTimeout = 5.minutes) {
            Hand(this, desk).also { it.begin() }.play(stage)
        }
    }
}
