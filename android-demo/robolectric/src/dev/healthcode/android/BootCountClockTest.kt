package dev.healthcode.android

import android.os.SystemClock
import android.provider.Settings
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowSystemClock
import java.time.Duration

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34], application = android.app.Application::class)
internal class BootCountClockTest {
    private val context = RuntimeEnvironment.getApplication()

    private fun started(times: Int) {
        Settings.Global.putInt(context.contentResolver, Settings.Global.BOOT_COUNT, times)
    }

    @Test
    fun `it counts on while the wall clock is set back`() {
        started(41)
        val clock = BootCountClock(context)
        val first = clock.read()
        ShadowSystemClock.advanceBy(Duration.ofHours(8))
        val second = clock.read()
        assertEquals("boot-count-41", second.bootId)
        assertEquals(8 * 3_600_000L, second.bootMillis - first.bootMillis)
        assertEquals(SystemClock.elapsedRealtime(), second.bootMillis)
    }

    @Test
    fun `another start of the phone has another name`() {
        started(41)
        val before = BootCountClock(context).read().bootId
        started(42)
        assertNotEquals(before, BootCountClock(context).read().bootId)
    }

    @Test
    fun `without a count each start of the process has a name of its own`() {
        val name = BootCountClock(context).read().bootId
        assertTrue(name, name.startsWith("process-"))
        assertEquals("and keeps it", name, BootCountClock(context).read().bootId)
    }
}
