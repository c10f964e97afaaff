package dev.healthcode

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Test
import java.nio.file.Path
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneOffset
import kotlin.io.path.readText
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** The vectors that every language of this project asserts: their form is explained in their own `about`. */
internal class VectorsTest {
    @Test
    fun `every worked example of a quarantine holds at every instant that it names`() {
        val examples = read("quarantine.json")["examples"]!!.jsonArray.map { it.jsonObject }
        assertTrue(examples.size >= 26)
        for (example in examples) {
            val order = order(example.value("order").jsonObject)
            val taps = example.value("taps").jsonArray.map { tap(it.jsonObject) }
            val checks = example.value("checks").jsonArray.map { it.jsonObject }
            assertTrue(checks.isNotEmpty())
            for (check in checks) {
                val name = "${example.text("name")}, ${check.text("at")}"
                val known = taps.take(check.int("known"))
                val expected = QuarantineCount(progress(check, order.days), attributions(check))
                assertEquals(expected, countQuarantine(order, known, check.instant("at")), name)
            }
        }
    }

    @Test
    fun `a check-in that a replaced phone brought leaves the day to the other one's`() {
        val order =
            order(
                read("quarantine.json")
                    .value("examples")
                    .jsonArray[0]
                    .jsonObject
                    .value("order")
                    .jsonObject,
            )
        val (first, second) = List(2) { order.issuedAt.plusSeconds(60L * it + 60) }.map { Tap(it, it, it) }
        val counted = { taps: List<Tap> ->
            countQuarantine(order, taps, second.latest).attributions.map { it is Attribution.Counted }
        }
        assertEquals(listOf(true, false), counted(listOf(first, second)))
        assertEquals(listOf(false, true), counted(listOf(first.copy(late = true), second)))
    }

    @Test
    fun `a payload becomes its matrix`() {
        val code = read("tokens.json")
        val rows =
            code
                .value("qr")
                .jsonObject
                .value("rows")
                .jsonArray
                .map { it.jsonPrimitive.content }
        val picture = drawLuminance(code.text("text"))
        val whole = picture.side.toInt()
        assertEquals(rows.size + 2 * QUIET, whole)
        // Dark is 1; the quiet zone around it is light.
        val drawn =
            List(whole) { y ->
                String(CharArray(whole) { x -> if (picture.pixels[y * whole + x] == 0.toByte()) '1' else '0' })
            }
        val inner = drawn.drop(QUIET).dropLast(QUIET)
        assertEquals(rows, inner.map { it.substring(QUIET, QUIET + rows.size) })
        assertTrue((drawn.take(QUIET) + drawn.takeLast(QUIET)).none { '1' in it })
        assertTrue(inner.none { '1' in it.take(QUIET) || '1' in it.takeLast(QUIET) })
    }

    private fun order(json: JsonObject): Quarantine {
        val terms = json.value("terms").jsonObject
        return Quarantine(
            json.day("starts_on"),
            json.int("days").toUShort(),
            json.instant("issued_at"),
            QuarantineTerms(
                calendar = ZoneOffset.ofTotalSeconds(terms.int("offset_minutes") * 60),
                missedDay = missedDay(terms.value("missed_day").jsonObject),
                creditBeforeIssue = terms.value("credit_before_issue").jsonPrimitive.boolean,
                lateUntilMinutes = terms.int("late_until_minutes").toUShort(),
                maxTotalDays = terms.int("max_total_days").toUShort(),
                maxAmbiguous = terms.int("max_ambiguous").toUShort(),
                maxOfflineHours = terms.int("max_offline_hours").toUShort(),
                releaseAt = ReleaseAt.valueOf(terms.word("release_at")),
            ),
        )
    }

    private fun missedDay(json: JsonObject) =
        when (json.text("policy")) {
            "restart" -> MissedDay.Restart
            "extend" -> MissedDay.Extend
            "tolerate" -> MissedDay.Tolerate(json.int("days").toUShort())
            else -> error("$json")
        }

    private fun tap(json: JsonObject) =
        Tap(json.instant("earliest"), json.instant("latest"), json["received"].present { Instant.parse(it.string()) })

    private fun progress(
        json: JsonObject,
        days: UShort,
    ): QuarantineProgress {
        val releaseAt = json.value("release_at").present { Instant.parse(it.string()) }
        return QuarantineProgress(
            phase =
                when (json.text("phase")) {
                    "running" -> Phase.Running
                    "complete" -> Phase.Complete(checkNotNull(releaseAt))
                    "review" -> Phase.Review
                    else -> error("$json")
                },
            counted = json.int("counted").toUShort(),
            days = days,
            today = json.day("today"),
            calendar =
                json.value("calendar").jsonObject.map { (date, state) ->
                    QuarantineDay(LocalDate.parse(date), DayState.valueOf(state.string().asConstant()))
                },
            due =
                json.value("due").present {
                    val due = it.jsonObject
                    Risk(due.day("day"), due.instant("deadline"), MissEffect.valueOf(due.word("effect")))
                },
            nextOpensAt = json.value("next_opens_at").present { Instant.parse(it.string()) },
            earliestRelease = json.value("earliest_release").present { Instant.parse(it.string()) },
        )
    }

    private fun attributions(json: JsonObject) =
        json.value("attributions").jsonArray.map { it.jsonObject }.map {
            if ("not" in it) {
                Attribution.Not(NotCounted.valueOf(it.word("not")))
            } else {
                Attribution.Counted(it.day("day"), Certainty.valueOf(it.word("certainty")))
            }
        }

    private companion object {
        const val QUIET = 4

        fun read(file: String) =
            Json.parseToJsonElement(Path.of(System.getProperty("healthcode.vectors"), file).readText()).jsonObject

        fun JsonObject.value(name: String) = checkNotNull(this[name]) { name }

        fun JsonObject.int(name: String) = value(name).jsonPrimitive.int

        fun JsonObject.text(name: String) = value(name).string()

        fun JsonObject.word(name: String) = text(name).asConstant()

        fun JsonObject.instant(name: String): Instant = Instant.parse(text(name))

        fun JsonObject.day(name: String): LocalDate = LocalDate.parse(text(name))

        fun JsonElement.string() = jsonPrimitive.also { check(it.isString) }.content

        fun String.asConstant() = uppercase().replace('-', '_')

        fun <T> JsonElement?.present(read: (JsonElement) -> T): T? =
            if (this == null ||
                this is JsonNull
            ) {
                null
            } else {
                read(this)
            }
    }
}
