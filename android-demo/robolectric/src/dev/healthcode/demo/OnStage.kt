package dev.healthcode.demo

import android.os.SystemClock
import androidx.work.impl.WorkManagerImpl
import dev.healthcode.DeclarationInput
import dev.healthcode.IdentityForm
import dev.healthcode.Stage
import dev.healthcode.at
import dev.healthcode.stayInWuhan
import dev.healthcode.zhangSan
import kotlinx.coroutines.runBlocking
import org.junit.rules.ExternalResource
import org.robolectric.RuntimeEnvironment
import org.robolectric.shadows.ShadowSystemClock
import org.robolectric.util.ReflectionHelpers
import java.time.Duration
import java.util.TimeZone

/** A server process in virtual time for each test, and a phone over it: the application's own file. */
internal class OnStage : ExternalResource() {
    private val zone = TimeZone.getDefault()
    lateinit var stage: Stage
        private set

    val app get() = RuntimeEnvironment.getApplication() as TestApplication

    override fun before() {
        TimeZone.setDefault(TimeZone.getTimeZone("Asia/Shanghai"))
        stage = Stage(at(11, 9))
        TestApplication.stage = stage
        // Compose keeps the frame clock of its first test, for which a frame of an earlier time than the last is none.
        ShadowSystemClock.advanceBy(Duration.ofMillis(System.getProperty(UPTIME, "0").toLong()))
        // Robolectric makes a new application for each test, and WorkManager would stay with the first one.
        for (field in listOf("sDelegatedInstance", "sDefaultInstance")) {
            ReflectionHelpers.setStaticField(WorkManagerImpl::class.java, field, null)
        }
    }

    override fun after() {
        // What still waits for the main thread would be lost, and Compose wait for it in the next test.
        Seen.idle()
        System.setProperty(UPTIME, "${SystemClock.uptimeMillis()}")
        stage.close()
        TimeZone.setDefault(zone)
    }

    /** Enrols a person on the phone; who was in a high-risk area is yellow then. Gives the subject. */
    fun enrol(
        person: IdentityForm = zhangSan,
        declares: DeclarationInput = stayInWuhan,
    ): String =
        runBlocking {
            app.resident().use { phone ->
                phone.requestOneTimeCode(person)
                val subject = phone.enrol(stage.server.oneTimeCode()).subject
                phone.sync()
                phone.declare(subject, declares)
                phone.sync()
                subject
            }
        }

    private companion object {
        /** Survives what Robolectric makes anew. */
        const val UPTIME = "healthcode.uptime"
    }
}
