package dev.healthcode

import kotlinx.coroutines.flow.first
import org.junit.jupiter.api.Test
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneOffset
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertTrue

/** Whatever Kotlin can pass ends in a right answer or a typed error that is not a fault of the library. */
internal class BadInputTest {
    private val nasty =
        mapOf(
            "empty" to "",
            "emoji" to "\uD83D\uDE37\uD83C\uDFFD\u200D\u2695\uFE0F",
            "NUL" to "330100\u0000",
            "a megabyte" to "张".repeat(1 shl 20),
            "a lone high surrogate" to "\uD800",
            "a lone low surrogate" to "张\uDC00三",
        )

    @Test
    fun `every string argument takes every string`() =
        onStage {
            val phone = phone().also { it.becomeYellow() }
            val resident = phone.resident
            val gate = gate().also { it.sync() }
            val text = phone.code().text
            val calls: Map<String, suspend (String) -> Any?> =
                mapOf(
                    "code" to { resident.code(it) },
                    "code's challenge" to { resident.code(phone.subject, it) },
                    "codes" to { resident.codes(it).first() },
                    "quarantine" to { resident.quarantine(it) },
                    "name" to { resident.checkIdentity(liSi.copy(name = it)) },
                    "document kind" to { resident.checkIdentity(liSi.copy(documentKind = it)) },
                    "document number" to { resident.checkIdentity(liSi.copy(documentNumber = it)) },
                    "phone" to { resident.checkIdentity(liSi.copy(phone = it)) },
                    "region" to { resident.checkIdentity(liSi.copy(region = it)) },
                    "asked name" to { resident.requestOneTimeCode(liSi.copy(documentNumber = it)) },
                    "preview" to { resident.preview(it, atHome) },
                    "previewed question" to { resident.preview(phone.subject, asked(it, AnswerValue.YesNo(true))) },
                    "previewed option" to { resident.preview(phone.subject, asked("symptoms", AnswerValue.One(it))) },
                    "record" to { resident.declare(it, atHome) },
                    "question" to { resident.declare(phone.subject, asked(it, AnswerValue.YesNo(true))) },
                    "option" to { resident.declare(phone.subject, asked("symptoms", AnswerValue.Any(listOf(it)))) },
                    "stay" to { resident.declare(phone.subject, stays(StayInput(it, february(1), february(2)))) },
                    "symptom" to { resident.checkIn(phone.subject, listOf(it)) },
                    "consent" to { resident.answer(phone.subject, Takeover(it, at(12, 9)), allow = false) },
                    "journal" to { resident.journal(it) },
                    "page" to { resident.journal(phone.subject, it) },
                    "proof" to { resident.quarantineProof(it) },
                    "order" to { resident.quarantineProof(phone.subject, it) },
                    "traveller" to { resident.recordTrip(it, trip(7u)) },
                    "number of a journey" to { resident.recordTrip(phone.subject, trip(7u).copy(number = it)) },
                    "journey from" to { resident.recordTrip(phone.subject, trip(7u).copy(from = it)) },
                    "journey to" to { resident.recordTrip(phone.subject, trip(7u).copy(to = it)) },
                    "visitor" to { resident.enterVenue(it, "H4:AA") },
                    "venue" to { resident.enterVenue(phone.subject, it) },
                    "left by" to { resident.leaveVenue(it, "1") },
                    "entry that is left" to { resident.leaveVenue(phone.subject, it) },
                    "whereabouts" to { resident.whereabouts(it) },
                    "forgotten of" to { resident.forgetWhereabouts(it) },
                    "forgotten entry" to { resident.forgetWhereabouts(phone.subject, it) },
                    "exposures" to { resident.exposures(it) },
                    "answered by" to { resident.answerExposure(it, "1-1-0", ExposureAnswer.TELL) },
                    "exposure" to { resident.answerExposure(phone.subject, it, ExposureAnswer.WRONG_ENTRY) },
                    "export" to { resident.export(it) },
                    "erase" to { resident.erase(it) },
                    "scan" to { resident.scan(it) },
                    "one-time code" to { resident.enrol(it) },
                    "answers" to { resident.answeredChallenges(it) },
                    "forgotten answers" to { resident.forgetAnsweredChallenges(it) },
                    "verify" to { gate.verify(it, Direction.OUT) },
                    "load" to { gate.load(it) },
                    "disclosure" to { explainDisclosure(it) },
                    "PNG" to { drawPng(it, Shade.PLAIN) },
                    "SVG" to { drawSvg(it, Shade.PLAIN, "", "") },
                    "word" to { drawSvg(text, Shade.RED, it, it) },
                    "luminance" to { drawLuminance(it) },
                    "database" to { Resident.open(config("a").copy(database = "$folder/$it"), ports()).close() },
                    "server" to { synced(config("b.db").copy(server = it)) },
                    "issuer" to { synced(config("c.db").copy(issuer = it)) },
                    "cleartext host" to { synced(config("d.db").copy(cleartextHosts = listOf(it))) },
                    "gate" to { Checkpoint.open(config("e.db"), ports(), it).close() },
                    "policy" to { Checkpoint.open(config("e.db"), ports(), Lane("gate", it)).use { it.status() } },
                    "field of an error" to { HealthcodeException.InvalidField(it, it).text },
                    "problem of an error" to { HealthcodeException.Rejected(it).text },
                )
            for ((name, call) in calls) {
                for ((kind, string) in nasty) {
                    assertTyped("$name, $kind") { call(string) }
                }
            }
            assertIs<Verdict.NotAHealthCode>(gate.verify("\uD800").verdict)
            val half = assertFailsWith<HealthcodeException.InvalidField> { resident.scan("\uD800") }
            assertEquals("characters", half.reason)
            // Nothing of it was recorded.
            assertEquals(0u, phone.card().waiting)
            assertEquals(emptyList(), resident.whereabouts(phone.subject))
            assertTrue("😷" in drawSvg(text, Shade.RED, "😷", "<&>"))
            gate.close()
            phone.close()
        }

    @Test
    fun `lists of every length are taken or refused`() =
        onStage {
            val phone = phone().also { it.becomeYellow() }
            val stay = stayInWuhan.travel.single()
            for (many in listOf(0, 1_000, 100_000)) {
                assertTyped("$many answers") {
                    phone.resident.declare(phone.subject, atHome.copy(List(many) { atHome.answers[0] }))
                }
                assertTyped("$many options") {
                    val any = AnswerValue.Any(List(many) { "fever" })
                    phone.resident.preview(phone.subject, asked("symptoms", any))
                }
                assertTyped(
                    "$many stays",
                ) { phone.resident.preview(phone.subject, atHome.copy(travel = List(many) { stay })) }
                assertTyped("$many symptoms") { phone.resident.checkIn(phone.subject, List(many) { "fever" }) }
                assertTyped("$many keys") {
                    Resident.open(config("a.db").copy(rootKeys = List(many) { server.rootKey }), ports()).close()
                }
            }
            val taps = List(4_097) { Tap(at(11, 10), at(11, 10), null) }
            assertEquals(4_096, countQuarantine(order, taps.drop(1), at(12, 9)).attributions.size)
            assertFailsWith<HealthcodeException.InvalidField> { countQuarantine(order, taps, at(12, 9)) }
            phone.close()
        }

    @Test
    fun `every instant and every day is taken or refused`() =
        onStage {
            val phone = phone().also { it.becomeYellow() }
            val gate = gate().also { it.sync() }
            val instants =
                listOf(Instant.MIN, Instant.MAX, Instant.EPOCH, at(11, 9), Instant.ofEpochMilli(Long.MAX_VALUE))
            for (instant in instants) {
                assertTyped("at $instant") { countQuarantine(order, emptyList(), instant) }
                assertTyped(
                    "issued $instant",
                ) { countQuarantine(order.copy(issuedAt = instant), emptyList(), at(12, 9)) }
                assertTyped("tap $instant") {
                    countQuarantine(order, listOf(Tap(instant, Instant.MAX, instant)), at(12, 9))
                }
                val journey = trip(7u).copy(departedAt = instant, arrivedAt = at(9, 12))
                assertTyped("departed $instant") { phone.resident.recordTrip(phone.subject, journey) }
                assertTyped("built $instant") { synced(config("a.db").copy(builtAt = instant)) }
            }
            for (day in listOf(
                LocalDate.MIN,
                LocalDate.MAX,
                LocalDate.of(0, 1, 1),
                LocalDate.of(10_000, 1, 1),
                february(29),
            )) {
                assertTyped("from $day") { phone.resident.preview(phone.subject, stays(StayInput("420100", day, day))) }
                assertTyped(
                    "date $day",
                ) { phone.resident.preview(phone.subject, asked("contact", AnswerValue.Date(day))) }
                assertTyped("confirm $day") { gate.confirmDate(day) }
                assertTyped("journey $day") { phone.resident.recordTrip(phone.subject, trip(7u).copy(date = day)) }
                assertTyped("starts $day") { countQuarantine(order.copy(startsOn = day), emptyList(), at(12, 9)) }
            }
            val beyond =
                assertFailsWith<HealthcodeException.InvalidField> {
                    phone.resident.declare(phone.subject, stays(StayInput("420100", february(1), LocalDate.MAX)))
                }
            assertEquals("not-a-date", beyond.reason)
            for (days in listOf(0, 1, 65_535)) {
                val terms = order.terms.copy(maxTotalDays = days.toUShort(), calendar = ZoneOffset.MAX)
                assertTyped(
                    "$days days",
                ) { countQuarantine(order.copy(days = days.toUShort()), emptyList(), Instant.MAX) }
                assertTyped("at most $days") {
                    countQuarantine(order.copy(terms = terms), emptyList(), Instant.parse("9999-12-31T00:00:00Z"))
                }
            }
            assertEquals(0u, phone.card().waiting)
            gate.close()
            phone.close()
        }

    @Test
    fun `a picture has a scale within its range and a text that is a code's`() =
        onStage {
            phone().use { phone ->
                phone.becomeGreen()
                val code = phone.code()
                for (scale in listOf(Int.MIN_VALUE, -1, 0, 65, Int.MAX_VALUE)) {
                    assertFailsWith<HealthcodeException.InvalidField>("$scale") { code.png(scale) }
                }
                assertTrue(code.png(1).size < code.png(8).size)
                assertEquals(listOf(0x89.toByte(), 'P'.code.toByte()), code.png().take(2))
                assertFailsWith<HealthcodeException.InvalidField> { drawPng("rubbish\u0007".repeat(1_000), Shade.RED) }
            }
        }

    @Test
    fun `whatever an app's own HTTP stack brings is taken or refused`() =
        onStage {
            val phone = phone().also { it.becomeYellow() }
            phone.tap()
            val bodies =
                listOf(ByteArray(0), ByteArray(1 shl 20), "{}".toByteArray(), "[".repeat(100_000).toByteArray())
            for (status in listOf(0, 200, 304, 404, 503, 65_535)) {
                for (type in listOf(
                    "application/json",
                    "application/cbor",
                    "application/problem+json",
                ) + nasty.values) {
                    for (body in bodies) {
                        val transport = Transport { Reply(status.toUShort(), type, UInt.MAX_VALUE, body) }
                        val error = runCatching { phone.resident.sync(transport) }.exceptionOrNull()
                        assertTrue(
                            error is HealthcodeException.Network || error is HealthcodeException.InvalidField,
                            "$status, ${type.take(30)}, ${body.size}: $error",
                        )
                        assertTyped("notices") { phone.resident.fetchNotices(transport) }
                    }
                }
            }
            assertEquals(1u, phone.resident.sync().accepted)
            phone.close()
        }

    private val order =
        Quarantine(
            february(11),
            7u,
            at(11, 9),
            QuarantineTerms(ZoneOffset.ofHours(8), MissedDay.Restart, false, 120u, 42u, 1u, 72u, ReleaseAt.DAY_END),
        )

    private fun asked(
        question: String,
        value: AnswerValue,
    ) = DeclarationInput(listOf(AnswerInput(question, value)))

    private fun stays(vararg stays: StayInput) = atHome.copy(travel = stays.toList())

    private fun Stage.ports() = Ports(MemoryVault(7), PhoneClock(world))

    private suspend fun Stage.synced(config: Config) = Resident.open(config, ports()).use { it.sync() }

    private suspend fun assertTyped(
        what: String,
        call: suspend () -> Any?,
    ) {
        val error = runCatching { call() }.exceptionOrNull() ?: return
        assertIs<HealthcodeException>(error, what)
        assertTrue(error !is HealthcodeException.Internal && error !is HealthcodeException.Closed, "$what: $error")
        assertTrue(error.message.orEmpty().length < 200, what)
        assertTrue(error.text.en.isNotBlank(), what)
    }
}
