package dev.healthcode.demo.ui.parts

import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.chinese
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneId
import java.time.format.DateTimeFormatter
import java.util.Locale

/*
 * Days are the rulebook's legal days as the core gives them, and never computed here. Instants are shown in the phone's
 * zone.
 */

/** A legal day, with its weekday. */
fun Texts.day(day: LocalDate): String = formatter(T.PATTERN_DAY).format(day)

/** An instant's time of day, to the second. */
fun Texts.time(
    instant: Instant,
    zone: ZoneId = ZoneId.systemDefault(),
): String = formatter(T.PATTERN_TIME).format(instant.atZone(zone))

/** An instant's day and time, to the minute. */
fun Texts.instant(
    instant: Instant,
    zone: ZoneId = ZoneId.systemDefault(),
): String = formatter(T.PATTERN_INSTANT).format(instant.atZone(zone))

private fun Texts.formatter(pattern: String) =
    DateTimeFormatter.ofPattern(this[pattern], if (chinese) Locale.SIMPLIFIED_CHINESE else Locale.ENGLISH)
