package dev.healthcode.demo

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.Canvas
import android.os.Looper
import android.view.View
import android.view.ViewGroup
import androidx.compose.ui.platform.ViewRootForTest
import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.semantics.SemanticsNode
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.semantics.getAllSemanticsNodes
import androidx.compose.ui.semantics.getOrNull
import org.robolectric.Shadows.shadowOf
import java.io.File
import java.time.Duration

/** What a person with TalkBack meets on an activity's screen, and the picture that others see. */
internal class Seen(
    private val activity: Activity,
) {
    /** All that is on the screen, in words. */
    fun words(): List<String> = nodes().flatMap { it.words() }

    /** Waits until a text holds [part]. */
    fun await(part: String) = await("\"$part\" among ${words()}") { words().any { part in it } }

    /** Taps the thing that says [part], when it is there. */
    fun tap(part: String) {
        await("something to tap that says \"$part\" among ${words()}") { tappable(part) != null }
        val action = checkNotNull(tappable(part)).config.getOrNull(SemanticsActions.OnClick)?.action
        checkNotNull(action) { "what says $part can be tapped" }.invoke()
        idle()
    }

    /** The picture of the whole window, kept as [name] for people to look at. */
    fun picture(name: String): Bitmap {
        idle()
        val view = activity.window.decorView
        val bitmap = Bitmap.createBitmap(view.width, view.height, Bitmap.Config.ARGB_8888)
        view.draw(Canvas(bitmap))
        File(System.getProperty("healthcode.pictures"), "$name.png").outputStream().use {
            bitmap.compress(Bitmap.CompressFormat.PNG, 100, it)
        }
        return bitmap
    }

    private fun tappable(part: String) =
        nodes().firstOrNull { node ->
            node.config.getOrNull(SemanticsActions.OnClick) != null &&
                node.words().any { part in it }
        }

    private fun nodes(): List<SemanticsNode> =
        activity.window.decorView
            .all()
            .filterIsInstance<ViewRootForTest>()
            .flatMap { it.semanticsOwner.getAllSemanticsNodes(mergingEnabled = true) }

    private fun SemanticsNode.words(): List<String> =
        config.getOrNull(SemanticsProperties.Text).orEmpty().map { it.text } +
            config.getOrNull(SemanticsProperties.ContentDescription).orEmpty()

    private fun View.all(): List<View> =
        listOf(this) +
            (
                (this as? ViewGroup)
                    ?.let { group ->
                        (0 until group.childCount).flatMap { group.getChildAt(it).all() }
                    }.orEmpty()
            )

    companion object {
        /** Lets the main thread do all that it has to do by now, and a frame beyond. */
        fun idle() = shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(32))

        /** Waits until something holds, while the main thread goes on; other threads do the library's work. */
        fun await(
            what: String,
            holds: () -> Boolean,
        ) {
            val until = System.nanoTime() + 60_000_000_000
            while (!holds()) {
                check(System.nanoTime() < until) { "not within a minute: $what" }
                idle()
                Thread.sleep(10)
            }
        }
    }
}
