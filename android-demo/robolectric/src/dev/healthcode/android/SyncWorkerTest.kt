package dev.healthcode.android

import android.content.Context
import androidx.work.Data
import androidx.work.ListenableWorker.Result
import androidx.work.NetworkType
import androidx.work.WorkInfo
import androidx.work.WorkManager
import androidx.work.WorkerFactory
import androidx.work.WorkerParameters
import androidx.work.impl.utils.taskexecutor.WorkManagerTaskExecutor
import dev.healthcode.demo.OnStage
import dev.healthcode.demo.TestApplication
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import java.time.Duration
import java.util.UUID
import java.util.concurrent.Executors

/** The workers over the real WorkManager. That the system runs them in time is the system's. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34], application = TestApplication::class)
internal class SyncWorkerTest {
    @get:Rule
    val on = OnStage()

    private val app: Context get() = on.app
    private val executor = Executors.newSingleThreadExecutor()

    @After
    fun end() {
        executor.shutdown()
    }

    private fun parameters(input: Data = Data.EMPTY) =
        WorkerParameters(
            UUID.randomUUID(),
            input,
            emptySet(),
            WorkerParameters.RuntimeExtras(),
            1,
            0,
            executor,
            Dispatchers.Default,
            WorkManagerTaskExecutor(executor),
            object : WorkerFactory() {
                override fun createWorker(
                    appContext: Context,
                    workerClassName: String,
                    workerParameters: WorkerParameters,
                ) = null
            },
            { _, _, _ -> throw UnsupportedOperationException() },
            { _, _, _ -> throw UnsupportedOperationException() },
        )

    private fun sync() = runBlocking { SyncWorker(app, parameters()).doWork() }

    private fun home() = runBlocking { on.app.resident().use { it.home() } }

    private fun planned(name: String = SyncWorker.NAME): List<WorkInfo> =
        WorkManager
            .getInstance(app)
            .getWorkInfosForUniqueWork(name)
            .get()
            .filterNot { it.state.isFinished }

    @Test
    fun `an exchange sends what waits, and the next one follows the library's plan`() {
        val subject = on.enrol()
        runBlocking { on.app.resident().use { it.checkIn(subject) } }
        assertTrue(home().sync.waiting > 0u)
        assertEquals(Result.success(), sync())
        val after = home()
        assertEquals(0u, after.sync.waiting)
        val work = planned().single()
        assertEquals(Duration.between(after.time.now, after.nextWake).toMillis(), work.initialDelayMillis)
        assertEquals(NetworkType.CONNECTED, work.constraints.requiredNetworkType)
    }

    @Test
    fun `without a network nothing is lost, and it is tried again when the library says so`() {
        val subject = on.enrol()
        runBlocking { on.app.resident().use { it.checkIn(subject) } }
        on.stage.server.close()
        assertEquals(Result.success(), sync())
        val after = home()
        assertEquals(1u, after.sync.waiting)
        assertTrue(after.sync.failures > 0u)
        assertTrue("never without a pause", planned().single().initialDelayMillis >= 60_000)
    }

    @Test
    fun `a file whose key is gone is not tried again for ever`() {
        on.enrol()
        on.app.vault = 8
        assertEquals(Result.failure(), sync())
        on.app.vault = 7
        assertEquals("nothing was lost", Result.success(), sync())
    }

    @Test
    fun `planned twice it is one, and taken back it is none`() {
        on.enrol()
        SyncWorker.follow(app, home())
        SyncWorker.follow(app, home())
        assertEquals(1, planned().size)
        SyncWorker.follow(app, home().copy(nextWake = null))
        assertEquals(0, planned().size)
    }

    @Test
    fun `notices are fetched once a day, large ones over an unmetered network`() {
        NoticesWorker.daily(app)
        NoticesWorker.daily(app)
        val works = NoticesWorker.NAMES.map { planned(it).single() }
        assertEquals(
            listOf(NetworkType.CONNECTED, NetworkType.UNMETERED),
            works.map { it.constraints.requiredNetworkType },
        )
        assertTrue(works.all { it.periodicityInfo?.repeatIntervalMillis == Duration.ofDays(1).toMillis() })
        NoticesWorker.stop(app)
        assertTrue(NoticesWorker.NAMES.all { planned(it).isEmpty() })
    }

    @Test
    fun `a fetch of notices ends well where there are none, and is tried again without a network`() {
        on.enrol()
        assertEquals(Result.success(), runBlocking { NoticesWorker(app, parameters()).doWork() })
        on.stage.server.close()
        assertEquals(Result.retry(), runBlocking { NoticesWorker(app, parameters()).doWork() })
    }
}
