package dev.healthcode.android

import android.app.AlarmManager
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.os.SystemClock
import dev.healthcode.Home
import dev.healthcode.Resident
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import java.time.Duration
import java.time.Instant

/**
 * Reminders of the daily check-in, by one alarm for the next of all subjects. Makers of phones end background work, and
 * every alarm is gone after a restart: call [plan] at each opening of the app and after each change, and declare
 * [ReminderReceiver] for the start of the phone.
 *
 * Alarms are inexact, which needs no permission: the system may be some minutes late.
 */
object Reminders {
    /** The id of the notification, so that the next one takes the place of the one that was not read. */
    const val NOTIFICATION = 0x4843

    /** A day that is open is reminded of at the rulebook's times, and these lie within two days. */
    private val longest = Duration.ofDays(3)

    /** Once it has reminded by an unsure time it does not do so again for so long. */
    internal val pause = Duration.ofHours(3)

    /** Sets the alarm for the next reminder of all subjects, or takes it back where none is due. */
    fun plan(
        context: Context,
        resident: Resident,
    ) = plan(context, resident, Duration.ZERO)

    internal fun plan(
        context: Context,
        resident: Resident,
        least: Duration,
    ) {
        val home = resident.home()
        val next = home.subjects.mapNotNull { resident.quarantine(it.subject)?.reminders?.minOrNull() }.minOrNull()
        // After a day's last reminder the next day's are known once the day is over.
        val again = home.subjects.mapNotNull { it.due?.deadline }.minOrNull()
        val (at, action) = if (next != null) next to ReminderReceiver.DUE else again to ReminderReceiver.LOOK
        for (other in ReminderReceiver.ALARMS - action) context.alarms()?.cancel(intent(context, other))
        if (at == null) {
            context.alarms()?.cancel(intent(context, action))
        } else {
            val wait = waitUntil(at, home.time.now, home.time.sure, Instant.now())
            set(context, if (home.time.sure) wait else maxOf(wait, least), action)
        }
        if (home.nobodyIsDue()) context.notifications()?.cancel(NOTIFICATION)
    }

    /** Takes back alarm and notification. */
    fun cancel(context: Context) {
        for (action in ReminderReceiver.ALARMS) context.alarms()?.cancel(intent(context, action))
        context.notifications()?.cancel(NOTIFICATION)
    }

    /**
     * How long until [at]. The library's time is right where it is sure. After a restart it lags by as long as the phone
     * was off: then the phone's own clock is heard too, which may be wrong, and at worst reminds too early.
     */
    internal fun waitUntil(
        at: Instant,
        now: Instant,
        sure: Boolean,
        wall: Instant,
    ): Duration {
        val wait = Duration.between(if (sure) now else maxOf(now, wall), at)
        return wait.coerceIn(Duration.ZERO, longest)
    }

    private fun set(
        context: Context,
        wait: Duration,
        action: String,
    ) {
        // By the clock that nobody can set, like everything that depends on time.
        val at = SystemClock.elapsedRealtime() + wait.toMillis()
        context.alarms()?.setAndAllowWhileIdle(AlarmManager.ELAPSED_REALTIME_WAKEUP, at, intent(context, action))
    }

    /** Reminds if a check-in is due, or may be where the time is unsure. */
    internal fun remind(
        context: Context,
        host: HealthcodeHost,
        home: Home,
    ) {
        val notifications = context.notifications() ?: return
        if (!home.nobodyIsDue() || !home.time.sure) notifications.notify(NOTIFICATION, host.reminder())
    }

    private fun Home.nobodyIsDue() = subjects.none { it.due != null }

    private fun intent(
        context: Context,
        action: String,
    ): PendingIntent {
        val intent = Intent(context, ReminderReceiver::class.java).setAction(action)
        return PendingIntent.getBroadcast(
            context,
            0,
            intent,
            PendingIntent.FLAG_IMMUTABLE or PendingIntent.FLAG_UPDATE_CURRENT,
        )
    }

    private fun Context.alarms() = getSystemService(AlarmManager::class.java)

    private fun Context.notifications() = getSystemService(NotificationManager::class.java)
}

/**
 * Reminds when the alarm of [Reminders] goes off, and sets it again then, when the phone has started, and when the app was
 * updated. An app declares it, not exported, with the permission `RECEIVE_BOOT_COMPLETED`:
 *
 * ```xml
 * <receiver android:name="dev.healthcode.android.ReminderReceiver" android:exported="false">
 *     <intent-filter>
 *         <action android:name="android.intent.action.BOOT_COMPLETED" />
 *         <action android:name="android.intent.action.MY_PACKAGE_REPLACED" />
 *     </intent-filter>
 * </receiver>
 * ```
 */
class ReminderReceiver : BroadcastReceiver() {
    override fun onReceive(
        context: Context,
        intent: Intent,
    ) {
        val due = intent.action == DUE
        if (intent.action !in ALARMS && intent.action !in OTHERS) return
        val host = context.host ?: return
        val pending = goAsync()
        CoroutineScope(Dispatchers.Default).launch {
            try {
                withTimeoutOrNull(LONGEST) { work(context.applicationContext, host, due) }
            } finally {
                pending?.finish()
            }
        }
    }

    private suspend fun work(
        context: Context,
        host: HealthcodeHost,
        due: Boolean,
    ) {
        // A file that does not open now is planned for when the app is opened.
        val resident = runCatching { host.openResident() }.getOrNull() ?: return
        resident.use {
            runCatching {
                Reminders.plan(context, it, if (due) Reminders.pause else Duration.ZERO)
                val home = it.home()
                SyncWorker.follow(context, home)
                if (due) Reminders.remind(context, host, home)
            }
        }
    }

    internal companion object {
        const val DUE = "dev.healthcode.android.CHECK_IN_DUE"

        /** The day is over: only the next alarm is set. */
        const val LOOK = "dev.healthcode.android.DAY_OVER"

        val ALARMS = setOf(DUE, LOOK)
        private val OTHERS = setOf(Intent.ACTION_BOOT_COMPLETED, Intent.ACTION_MY_PACKAGE_REPLACED)

        /** The system ends a receiver after ten seconds. */
        const val LONGEST = 9_000L
    }
}
