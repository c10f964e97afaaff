package dev.healthcode.android

import android.content.ContentResolver
import android.content.Context
import android.os.Build
import android.os.SystemClock
import android.provider.Settings
import dev.healthcode.ClockReading
import dev.healthcode.DeviceClock
import java.time.Instant
import java.util.UUID

/**
 * The phone's clocks, on every version of Android: the one that counts through sleep and that nobody can set, under the
 * number of this start of the phone, and the wall clock.
 *
 * The number is Android's own count of its starts, which is there from Android 7 on. On Android 6, and on a phone that
 * does not keep it, each start of the app's process has a name of its own: the time is unsure then until the process has
 * synced. Give the same clock in every version of an app, since two names for one start of a phone are two starts.
 */
class BootCountClock(
    context: Context,
) : DeviceClock {
    // Read once: no process outlives a start of the phone.
    private val boot = bootCount(context.applicationContext.contentResolver)?.let { "boot-count-$it" } ?: process

    override fun read() = ClockReading(boot, SystemClock.elapsedRealtime(), Instant.now())

    private companion object {
        val process = "process-${UUID.randomUUID()}"

        fun bootCount(resolver: ContentResolver): Int? =
            if (Build.VERSION.SDK_INT < Build.VERSION_CODES.N) {
                null
            } else {
                Settings.Global.getInt(resolver, Settings.Global.BOOT_COUNT, -1).takeIf { it >= 0 }
            }
    }
}
