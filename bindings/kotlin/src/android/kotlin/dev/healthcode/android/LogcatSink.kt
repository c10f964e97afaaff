package dev.healthcode.android

import android.util.Log
import dev.healthcode.LogLevel
import dev.healthcode.LogSink

/**
 * The library's log lines in Android's log, under one [tag] of at most 23 characters. The library writes nothing about a
 * person into them, and this adds nothing. Of a release build only warnings are worth keeping: give it [least].
 */
class LogcatSink(
    private val tag: String = "healthcode",
    private val least: LogLevel = LogLevel.INFO,
) : LogSink {
    override fun log(
        level: LogLevel,
        line: String,
    ) {
        // A line is one entry: what looks like the next one must not be written by whoever made the text.
        val one = line.map { if (it.isISOControl()) ' ' else it }.joinToString("").take(LONGEST)
        when (level) {
            LogLevel.WARNING -> Log.w(tag, one)
            LogLevel.INFO -> if (least == LogLevel.INFO) Log.i(tag, one)
        }
    }

    private companion object {
        /** Longer entries are cut by the system, in the middle of a character. */
        const val LONGEST = 1_000
    }
}
