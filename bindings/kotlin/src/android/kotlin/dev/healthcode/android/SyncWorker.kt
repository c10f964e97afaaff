package dev.healthcode.android

import android.content.Context
import androidx.work.BackoffPolicy
import androidx.work.Constraints
import androidx.work.CoroutineWorker
import androidx.work.ExistingPeriodicWorkPolicy
import androidx.work.ExistingWorkPolicy
import androidx.work.NetworkType
import androidx.work.OneTimeWorkRequest
import androidx.work.OneTimeWorkRequestBuilder
import androidx.work.PeriodicWorkRequestBuilder
import androidx.work.WorkManager
import androidx.work.WorkerParameters
import dev.healthcode.HealthcodeException
import dev.healthcode.Home
import dev.healthcode.StorageKind
import dev.healthcode.VaultKind
import dev.healthcode.fetchNotices
import java.time.Duration

/*
 * Background work that follows the library's own plan: it says when something is next to be done, WorkManager waits for
 * that and for a network. The app's Application is a HealthcodeHost; add androidx.work:work-runtime to the app.
 */

/**
 * One exchange with the authority in the background, after which the next one is planned. Plan it with [follow] whenever
 * a screen has read a [Home].
 *
 * A maker's own battery saver may hold it up for hours: what depends on time is right all the same, since the library
 * counts it when it looks, and the person is reminded by [Reminders].
 */
class SyncWorker(
    context: Context,
    parameters: WorkerParameters,
) : CoroutineWorker(context, parameters) {
    override suspend fun doWork(): Result {
        val host = applicationContext.host ?: return Result.failure()
        return try {
            host.openResident().use { resident ->
                try {
                    resident.sync()
                } catch (_: HealthcodeException.Network) {
                    // Normal. The library has counted it, and says when to try again.
                }
                val home = resident.home()
                Reminders.plan(applicationContext, resident)
                home.wait()?.let { enqueue(applicationContext, ExistingWorkPolicy.APPEND_OR_REPLACE, request(it)) }
            }
            Result.success()
        } catch (error: HealthcodeException) {
            if (error.passes) Result.retry() else Result.failure()
        }
    }

    /**
     * Whether it passes by itself: locked since the phone was started, the file in another process, no space. All else
     * needs a person, and the app plans anew when it is opened.
     */
    private val HealthcodeException.passes: Boolean
        get() =
            when (this) {
                is HealthcodeException.Vault -> kind != VaultKind.GONE
                is HealthcodeException.Storage -> kind in setOf(StorageKind.BUSY, StorageKind.FULL)
                else -> false
            }

    /** How the work is planned. */
    companion object {
        /** The name under which WorkManager knows the next exchange. */
        const val NAME = "healthcode-sync"

        /** Never a loop without a pause, whatever was planned. */
        private val shortest = Duration.ofMinutes(1)

        /** Plans the next exchange as [home] says; without anything to do none is planned. */
        fun follow(
            context: Context,
            home: Home,
        ) {
            val wait = home.wait()
            if (wait == null) stop(context) else enqueue(context, ExistingWorkPolicy.REPLACE, request(wait))
        }

        /** Takes back what was planned. */
        fun stop(context: Context) {
            WorkManager.getInstance(context).cancelUniqueWork(NAME)
        }

        // Between two readings of the library's clock: the phone's own may be wrong.
        private fun Home.wait() = nextWake?.let { maxOf(Duration.between(time.now, it), shortest) }

        private fun request(wait: Duration): OneTimeWorkRequest =
            OneTimeWorkRequestBuilder<SyncWorker>()
                .setInitialDelay(wait)
                .setConstraints(connected)
                .setBackoffCriteria(BackoffPolicy.EXPONENTIAL, shortest)
                .build()

        private fun enqueue(
            context: Context,
            policy: ExistingWorkPolicy,
            request: OneTimeWorkRequest,
        ) {
            WorkManager.getInstance(context).enqueueUniqueWork(NAME, policy, request)
        }
    }
}

/**
 * Fetches the authority's exposure notices once a day and matches them on this phone; large files come over an unmetered
 * network only. All phones make the same calls, whether or not anybody was anywhere.
 */
class NoticesWorker(
    context: Context,
    parameters: WorkerParameters,
) : CoroutineWorker(context, parameters) {
    override suspend fun doWork(): Result {
        val host = applicationContext.host ?: return Result.failure()
        return try {
            host.openResident().use { it.fetchNotices(large = inputData.getBoolean(LARGE, false)) }
            Result.success()
        } catch (error: HealthcodeException) {
            // The next day is soon enough for what is not there yet or not taken.
            if (error is HealthcodeException.Network) Result.retry() else Result.success()
        }
    }

    /** How the work is planned. */
    companion object {
        /** The names under which WorkManager knows the daily fetch, of what is small and of everything. */
        val NAMES = listOf("healthcode-notices", "healthcode-notices-large")
        private const val LARGE = "large"

        /** Plans the daily fetch; one that is planned already stays as it is. */
        fun daily(context: Context) {
            val works = WorkManager.getInstance(context)
            for ((name, large) in NAMES.zip(listOf(false, true))) {
                val network = if (large) NetworkType.UNMETERED else NetworkType.CONNECTED
                val request =
                    PeriodicWorkRequestBuilder<NoticesWorker>(Duration.ofDays(1))
                        .setInputData(androidx.work.workDataOf(LARGE to large))
                        .setConstraints(Constraints.Builder().setRequiredNetworkType(network).build())
                        .build()
                works.enqueueUniquePeriodicWork(name, ExistingPeriodicWorkPolicy.KEEP, request)
            }
        }

        /** Takes back what was planned. */
        fun stop(context: Context) {
            NAMES.forEach { WorkManager.getInstance(context).cancelUniqueWork(it) }
        }
    }
}

private val connected = Constraints.Builder().setRequiredNetworkType(NetworkType.CONNECTED).build()
