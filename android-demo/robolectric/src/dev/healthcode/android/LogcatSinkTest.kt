package dev.healthcode.android

import android.util.Log
import dev.healthcode.LogLevel
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowLog

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34], application = android.app.Application::class)
internal class LogcatSinkTest {
    private fun lines() = ShadowLog.getLogsForTag("healthcode").map { it.type to it.msg }

    @Test
    fun `each line is one entry, whatever is in it`() {
        LogcatSink().log(LogLevel.INFO, "synced\nE/healthcode: forged")
        LogcatSink().log(LogLevel.WARNING, "x".repeat(5_000))
        assertEquals(listOf(Log.INFO to "synced E/healthcode: forged", Log.WARN to "x".repeat(1_000)), lines())
    }

    @Test
    fun `a release build keeps warnings alone`() {
        val sink = LogcatSink(least = LogLevel.WARNING)
        sink.log(LogLevel.INFO, "synced")
        sink.log(LogLevel.WARNING, "the file is damaged")
        assertEquals(listOf(Log.WARN to "the file is damaged"), lines())
    }
}
