package dev.healthcode.demo

import android.content.res.Configuration
import dev.healthcode.Stage
import dev.healthcode.at
import dev.healthcode.stayInWuhan
import dev.healthcode.zhangSan
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotSame
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.annotation.GraphicsMode.Mode.NATIVE

/** The real activity, with the Rust library underneath and the reference server as a process of its own. */
@RunWith(RobolectricTestRunner::class)
@GraphicsMode(NATIVE)
@Config(sdk = [34], application = TestApplication::class, qualifiers = "w360dp-h780dp-xhdpi")
internal class ActivityTest {
    private lateinit var stage: Stage
    private val app get() = RuntimeEnvironment.getApplication() as TestApplication

    @Before
    fun begin() {
        stage = Stage(at(11, 9))
        TestApplication.stage = stage
    }

    @After
    fun end() = stage.close()

    private fun enrol() =
        runBlocking {
            app.resident().use { phone ->
                phone.requestOneTimeCode(zhangSan)
                val subject = phone.enrol(stage.server.oneTimeCode()).subject
                phone.sync()
                phone.declare(subject, stayInWuhan)
                phone.sync()
            }
        }

    @Test
    fun `it launches with an empty file and asks to register`() {
        Robolectric.buildActivity(MainActivity::class.java).setup().use { activity ->
            val seen = Seen(activity.get())
            seen.await("Register")
            seen.picture("welcome")
        }
    }

    @Test
    fun `it shows the code, also after the activity was made anew`() {
        enrol()
        val controller = Robolectric.buildActivity(MainActivity::class.java).setup()
        val seen = Seen(controller.get())
        seen.await("张*")
        seen.picture("home")
        seen.words().forEach(::println)
    }
}
