package dev.healthcode.demo

import android.Manifest
import android.content.pm.PackageManager
import android.os.Bundle
import dev.healthcode.atHome
import dev.healthcode.liSi
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotSame
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.annotation.GraphicsMode.Mode.NATIVE

/** The real activity, with the Rust library underneath and the reference server as a process of its own. */
@RunWith(RobolectricTestRunner::class)
@GraphicsMode(NATIVE)
@Config(sdk = [34], application = TestApplication::class, qualifiers = "w360dp-h780dp-xhdpi")
internal class ActivityTest {
    @get:Rule
    val on = OnStage()

    private fun launch(saved: Bundle? = null): ActivityController<MainActivity> {
        val controller = Robolectric.buildActivity(MainActivity::class.java)
        return if (saved == null) controller.setup() else controller.setup(saved)
    }

    @Test
    fun `it launches with an empty file and asks to register`() {
        launch().use { activity ->
            Seen(activity.get()).apply {
                await("Register")
                picture("welcome")
                tap("Register")
                await("Name")
            }
        }
    }

    @Test
    fun `it shows the code, also after the activity was made anew`() {
        on.enrol()
        val controller = launch()
        Seen(controller.get()).apply {
            await("YELLOW")
            picture("home")
            tap("Show the code")
            await("QR code")
            picture("code")
        }
        val before = controller.get()
        controller.recreate()
        assertNotSame("another activity", before, controller.get())
        Seen(controller.get()).await("QR code")
        RuntimeEnvironment.setQualifiers("+w780dp-h360dp-land")
        controller.recreate()
        Seen(controller.get()).apply {
            await("QR code")
            picture("code-lying")
        }
        controller.close()
    }

    @Test
    fun `it shows the code again after the process has ended, without a network`() {
        on.enrol()
        val saved = Bundle()
        val first = launch()
        Seen(first.get()).apply {
            await("YELLOW")
            tap("Show the code")
            await("QR code")
        }
        first
            .pause()
            .stop()
            .saveInstanceState(saved)
            .destroy()
        val kept = saved.toString() + saved.keySet().joinToString { "${saved.get(it)}" }
        assertFalse("no name and no document is kept in the clear", "三" in kept || "002X" in kept)
        on.stage.server.close()
        launch(saved).use { second ->
            Seen(second.get()).apply {
                await("QR code")
                await("YELLOW")
            }
        }
    }

    @Test
    @Config(qualifiers = "zh-rCN-w360dp-h780dp-night-xhdpi")
    fun `it speaks Chinese in the dark`() {
        on.enrol(liSi, atHome)
        launch().use { activity ->
            Seen(activity.get()).apply {
                await("绿")
                picture("home-zh-dark")
                tap(activity.get().getString(R.string.card_code))
                await(activity.get().getString(R.string.code_reveals))
                picture("code-zh-dark")
            }
        }
    }

    @Test
    @Config(qualifiers = "w360dp-h360dp-xhdpi")
    fun `the code fits a small square display`() {
        on.enrol()
        launch().use { activity ->
            Seen(activity.get()).apply {
                await("YELLOW")
                tap("Show the code")
                await("QR code")
                picture("code-small")
            }
        }
    }

    @Test
    fun `back closes one screen after the other, and the last one leaves the app`() {
        on.enrol()
        launch().use { activity ->
            val seen = Seen(activity.get())
            seen.await("YELLOW")
            seen.tap("Show the code")
            seen.await("QR code")
            activity.get().onBackPressedDispatcher.onBackPressed()
            seen.await("Show the code")
            assertFalse(activity.get().isFinishing)
            Seen.idle()
            // Whether it ends the activity or moves it to the back is the system's.
            assertFalse("the last one is the system's", activity.get().onBackPressedDispatcher.hasEnabledCallbacks())
        }
    }

    @Test
    fun `the scanner asks for the camera, and has its picture once it may`() {
        on.enrol()
        shadowOf(on.app.packageManager).setSystemFeature(PackageManager.FEATURE_CAMERA_ANY, true)
        launch().use { activity ->
            val seen = Seen(activity.get())
            seen.await("YELLOW")
            seen.tap("Scan")
            seen.await(activity.get().getString(R.string.platform_camera_ask))
            seen.picture("scan-ask")
            shadowOf(on.app).grantPermissions(Manifest.permission.CAMERA)
            seen.tap(activity.get().getString(R.string.platform_camera_allow))
            // Its picture's place is there; Robolectric has no camera that would fill it.
            seen.await(activity.get().getString(R.string.platform_camera_view))
        }
    }
}
