package dev.healthcode.android

import android.app.AlarmManager
import android.app.Notification
import android.app.NotificationManager
import android.content.Context
import android.content.Intent
import android.os.SystemClock
import dev.healthcode.at
import dev.healthcode.demo.OnStage
import dev.healthcode.demo.Seen
import dev.healthcode.demo.TestApplication
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import java.time.Duration
import java.time.Instant

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34], application = TestApplication::class)
internal class RemindersTest {
    @get:Rule
    val on = OnStage()

    private val app: Context get() = on.app
    private val alarms get() = shadowOf(app.getSystemService(AlarmManager::class.java))
    private val notifications get() = shadowOf(app.getSystemService(NotificationManager::class.java))

    private fun plan() = runBlocking { on.app.resident().use { Reminders.plan(app, it) } }

    private fun next(subject: String) =
        runBlocking {
            on.app.resident().use { phone ->
                val reminders = checkNotNull(phone.quarantine(subject)).reminders
                Duration.between(phone.home().time.now, reminders.min())
            }
        }

    @Test
    fun `the next reminder is one alarm, by the clock that nobody can set`() {
        val subject = on.enrol()
        plan()
        plan()
        val alarm = alarms.scheduledAlarms.single()
        assertEquals(AlarmManager.ELAPSED_REALTIME_WAKEUP, alarm.type)
        assertEquals(next(subject).toMillis(), alarm.triggerAtMs - SystemClock.elapsedRealtime())
        assertTrue("also while the phone dozes", alarm.isAllowWhileIdle)
    }

    @Test
    fun `it is set again when the phone has started and when the app was updated`() {
        on.enrol()
        for (action in listOf(Intent.ACTION_BOOT_COMPLETED, Intent.ACTION_MY_PACKAGE_REPLACED)) {
            app.getSystemService(AlarmManager::class.java).cancelAll()
            assertTrue(alarms.scheduledAlarms.isEmpty())
            app.sendBroadcast(Intent(action).setPackage(app.packageName))
            Seen.await("an alarm after $action") { alarms.scheduledAlarms.size == 1 }
        }
    }

    @Test
    fun `it reminds of a check-in that is due, and says nothing on a locked screen`() {
        on.enrol()
        plan()
        alarms.scheduledAlarms
            .single()
            .operation
            ?.send()
        Seen.await("a notification") { notifications.size() == 1 }
        val shown = notifications.getNotification(Reminders.NOTIFICATION)
        assertEquals(Notification.VISIBILITY_PRIVATE, shown.visibility)
        for (notice in listOf(shown, checkNotNull(shown.publicVersion))) {
            val words = notice.extras.keySet().joinToString { "${notice.extras.get(it)}" }
            for (secret in listOf("三", "002X", "yellow", "YELLOW", "quarantine")) assertFalse(words, secret in words)
        }
        val locked = checkNotNull(shown.publicVersion).extras.getString(Notification.EXTRA_TITLE).orEmpty()
        assertEquals("There is something to do today", locked)
        assertTrue("the next one is planned", alarms.scheduledAlarms.isNotEmpty())
    }

    @Test
    fun `after a day's last reminder it looks again when the day is over, and what was not read stays`() {
        on.enrol()
        on.stage.world.goTo(at(11, 21, 30))
        val home = runBlocking { on.app.resident().use { it.home() } }
        Reminders.remind(app, on.app, home)
        plan()
        val alarm = alarms.scheduledAlarms.single()
        val deadline = checkNotNull(home.subjects.single().due).deadline
        val wait = Duration.between(home.time.now, deadline)
        assertEquals(wait.toMillis(), alarm.triggerAtMs - SystemClock.elapsedRealtime())
        assertEquals(1, notifications.size())
        on.stage.world.goTo(deadline.plusSeconds(60))
        app.getSystemService(NotificationManager::class.java).cancelAll()
        alarm.operation?.send()
        Seen.await("the next day's alarm") { alarms.scheduledAlarms.singleOrNull().let { it != null && it != alarm } }
        assertEquals("nobody is woken at night", 0, notifications.size())
    }

    @Test
    fun `by an unsure time it reminds, and not again at once`() {
        on.enrol()
        on.app.restartPhone()
        plan()
        alarms.scheduledAlarms
            .single()
            .operation
            ?.send()
        Seen.await("a notification") { notifications.size() == 1 }
        val wait = alarms.scheduledAlarms.single().triggerAtMs - SystemClock.elapsedRealtime()
        assertTrue("$wait ms", wait >= Duration.ofMinutes(179).toMillis())
    }

    @Test
    fun `it does not remind of what was done meanwhile`() {
        val subject = on.enrol()
        plan()
        val alarm = alarms.scheduledAlarms.single()
        runBlocking { on.app.resident().use { it.checkIn(subject) } }
        alarm.operation?.send()
        Seen.await("the next day's alarm") { alarms.scheduledAlarms.any { it.triggerAtMs > alarm.triggerAtMs } }
        assertNull(notifications.getNotification(Reminders.NOTIFICATION))
    }

    @Test
    fun `a check-in takes the notification away`() {
        val subject = on.enrol()
        val home = runBlocking { on.app.resident().use { it.home() } }
        Reminders.remind(app, on.app, home)
        assertEquals(1, notifications.size())
        runBlocking { on.app.resident().use { it.checkIn(subject) } }
        plan()
        assertEquals(0, notifications.size())
    }

    @Test
    fun `with nobody in quarantine there is no alarm`() {
        plan()
        assertTrue(alarms.scheduledAlarms.isEmpty())
    }

    @Test
    fun `it waits by sure time, and by the phone's own clock only where the other one lags`() {
        val at = Instant.parse("2020-02-11T10:00:00Z")

        fun wait(
            now: String,
            sure: Boolean,
            wall: String,
        ) = Reminders.waitUntil(at, Instant.parse(now), sure, Instant.parse(wall))
        assertEquals(Duration.ofHours(2), wait("2020-02-11T08:00:00Z", true, "2020-02-11T09:30:00Z"))
        assertEquals(Duration.ofMinutes(30), wait("2020-02-11T01:00:00Z", false, "2020-02-11T09:30:00Z"))
        assertEquals(Duration.ofHours(2), wait("2020-02-11T08:00:00Z", false, "1970-01-01T00:00:00Z"))
        assertEquals(Duration.ZERO, wait("2020-02-11T08:00:00Z", false, "2031-01-01T00:00:00Z"))
        assertEquals("never for years", Duration.ofDays(3), wait("2019-02-11T08:00:00Z", true, "2019-02-11T08:00:00Z"))
    }
}
