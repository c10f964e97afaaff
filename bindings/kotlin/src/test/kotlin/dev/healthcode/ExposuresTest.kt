package dev.healthcode

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Test
import java.io.IOException
import java.time.Duration
import kotlin.io.path.createDirectory
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.Duration.Companion.seconds

/** Where a resident was, and where that met an authority's exposure notices. */
internal class ExposuresTest {
    @Test
    fun `a journey stays on the phone, is listed and is forgotten`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val (resident, subject) = phone.resident to phone.subject
            val entry = resident.recordTrip(subject, trip(7u))
            val times = trip(null).copy(departedAt = at(9, 10), arrivedAt = at(9, 12))
            val other = resident.recordTrip(subject, times.copy(mode = TransportMode.COACH, number = "浙A12345"))
            val (train, coach) = resident.whereabouts(subject)
            assertEquals("train G7315 of 2020-02-09, carriage 7", train.text.en)
            assertTrue("G7315次列车，7号车厢" in train.text.zh, train.text.zh)
            assertEquals(Triple(entry, TransportMode.TRAIN, false), train.run { Triple(id, mode, open) })
            assertEquals(at(9, 0) to null, train.run { from to to })
            assertEquals(Triple(other, TransportMode.COACH, at(9, 10)), coach.run { Triple(id, mode, from) })
            assertEquals(at(9, 12), coach.to)
            assertFalse("7315" in "$train ${trip(7u)}", "it prints as its type's name")
            assertEquals(emptyList(), resident.exposures(subject))
            assertEquals(0u, phone.card().waiting)

            resident.forgetWhereabouts(subject, entry)
            assertEquals(listOf(coach), resident.whereabouts(subject))
            assertWrong("entry", "unknown") { resident.forgetWhereabouts(subject, entry) }
            resident.forgetWhereabouts(subject)
            assertEquals(emptyList(), resident.whereabouts(subject))
            phone.close()
        }

    @Test
    fun `a wrong journey is refused with its field, and nothing of it is kept`() =
        onStage {
            val phone = phone()
            assertFailsWith<HealthcodeException.NotSynced> { phone.resident.fetchNotices() }
            phone.becomeGreen()
            val (resident, subject) = phone.resident to phone.subject
            val good = trip(7u)
            for ((wrong, field, reason) in listOf(
                Triple(good.copy(number = "!"), "number", "not-a-number"),
                Triple(good.copy(date = february(13)), "date", "out-of-window"),
                Triple(good.copy(date = february(11).minusDays(15)), "date", "out-of-window"),
                Triple(good.copy(place = 0u), "place", "out-of-range"),
                Triple(good.copy(departedAt = at(9, 12), arrivedAt = at(9, 11)), "arrived_at", "before-departure"),
            )) {
                assertWrong(field, reason) { resident.recordTrip(subject, wrong) }
            }
            for ((wrong, field) in listOf(good.copy(from = "3301") to "from", good.copy(to = "990000") to "to")) {
                val refused =
                    assertFailsWith<HealthcodeException.InvalidField> { resident.recordTrip(subject, wrong) }
                assertEquals(field, refused.field)
            }
            assertFailsWith<HealthcodeException.UnknownSubject> { resident.recordTrip("nobody", good) }
            assertEquals(emptyList(), resident.whereabouts(subject))
            assertWrong("exposure", "unknown") {
                resident.answerExposure(subject, "1-1-0", ExposureAnswer.WRONG_ENTRY)
            }
            phone.close()
        }

    @Test
    fun `a visit begins at a venue's door and ends with the check-out`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val (resident, subject) = phone.resident to phone.subject
            val door = venue(server)
            assertEquals("West Lake Books", assertIs<ScannedText.Venue>(resident.scan(door)).name.en)
            val entry = resident.enterVenue(subject, door)
            world.pass(Duration.ofMinutes(1))
            assertEquals(entry, resident.enterVenue(subject, door), "scanned again it is one visit")
            val open = resident.whereabouts(subject).single()
            assertTrue(open.open && open.mode == null && open.to == null)
            assertEquals(at(11, 9), open.from)
            world.goTo(at(11, 9, 40))
            resident.leaveVenue(subject, entry)
            val left = resident.whereabouts(subject).single()
            assertEquals(false to at(11, 9, 40), left.run { this.open to to })
            assertEquals("West Lake Books (from 2020-02-11 09:00 to 2020-02-11 09:40)", left.text.en)
            assertWrong("entry", "unknown") { resident.leaveVenue(subject, entry) }
            assertWrong("venue", "not-a-venue") { resident.enterVenue(subject, phone.code().text) }

            // Of an authority that is not in this phone's trust list.
            ServerProcess(folder.resolve("other").createDirectory(), folder.resolve("clock")).use { other ->
                val forged = venue(other)
                assertEquals(ScannedText.UnsignedVenue, resident.scan(forged))
                assertWrong("venue", "unknown-issuer") { resident.enterVenue(subject, forged) }
            }
            assertEquals(listOf(left), resident.whereabouts(subject))
            phone.close()
        }

    @Test
    fun `notices for which no second authority has signed are refused, and so is what is cut`() =
        onStage {
            phone().use { phone ->
                phone.becomeGreen()
                val resident = phone.resident
                assertLog(NoticeLogKind.UNWITNESSED) { resident.fetchNotices() }
                val http = Jdk(server.url)
                assertLog(NoticeLogKind.FORM) {
                    resident.fetchNotices({ call -> http.send(call).run { copy(body = body.copyOf(body.size - 1)) } })
                }
                val offline =
                    assertFailsWith<HealthcodeException.Network> { resident.fetchNotices({ throw IOException() }) }
                assertEquals(NetworkKind.OFFLINE, offline.kind)
                assertEquals(NoticeState(0u, null), resident.noticeState())
                assertEquals(0u, resident.home().sync.failures, "it is no sync")
            }
        }

    @Test
    fun `who was in carriage 7 is told so, and who was in carriage 9 is not`() =
        onStage(witness = true) {
            val phone = phone().also { it.becomeGreen() }
            val (resident, subject) = phone.resident to phone.subject
            val entry = resident.recordTrip(subject, trip(7u))
            publish(train)
            coroutineScope {
                val yellow = async { resident.codes(subject).first { it.colour == Colour.YELLOW } }
                val report = resident.fetchNotices()
                assertEquals(Triple(1u, 1u, 0uL), report.run { Triple(notices, matches, waitingBytes) })
                assertTrue(report.bytes in 1uL..100uL)
                assertTrue(yellow.await().lowered, "the screen is told")
            }
            assertEquals(1u to world.now, resident.noticeState().run { size to at })
            val met = resident.exposures(subject).single()
            assertEquals(entry to ExposureState.HOLDS, met.run { this.entry to state })
            assertEquals(Triple("exposure-near", 1u, february(9)), met.run { Triple(rule, notice, on) })
            assertEquals(Triple(Colour.YELLOW, 7.toUShort(), 130u), met.run { Triple(colour, days, minutes) })
            assertEquals(at(10, 0) to at(24, 0), met.run { from to until })
            assertEquals("train G7315 of 2020-02-09, carriage 7", met.place.en)
            assertEquals("carriages 6 to 8; there at the same time for 130 min (15 or more count)", met.reason.en)
            assertTrue("轨迹" in assertNotNull(met.meaning).zh)
            assertFalse("7315" in "$met", "it prints as its type's name")
            assertEquals(Colour.YELLOW to 0u, phone.card().run { colour to waiting }, "nobody was told")
            assertEquals(NoticeReport(0u, 0uL, 0uL, 0u), resident.fetchNotices())

            resident.forgetWhereabouts(subject, entry)
            resident.recordTrip(subject, trip(9u))
            assertEquals(emptyList(), resident.exposures(subject))
            assertEquals(Colour.GREEN, phone.code().colour)
            resident.recordTrip(subject, trip(null))
            assertEquals(listOf(ExposureState.PLACE_UNKNOWN), resident.exposures(subject).map { it.state })
            assertEquals(Colour.GREEN, phone.code().colour)
            phone.close()
        }

    @Test
    fun `a match ends by its withdrawal or by the resident's word, and the authority learns what it is told`() =
        onStage(witness = true) {
            val phone = phone().also { it.becomeGreen() }
            val (resident, subject) = phone.resident to phone.subject
            publish(train)
            resident.fetchNotices()
            // A journey that is remembered later meets the notices that are here.
            resident.recordTrip(subject, trip(7u))
            val wrong = resident.exposures(subject).single()
            assertNull(resident.answerExposure(subject, wrong.id, ExposureAnswer.WRONG_ENTRY))
            assertEquals(ExposureState.WRONG_ENTRY, resident.exposures(subject).single().state)
            assertEquals(Colour.GREEN to 0u, phone.run { code().colour to card().waiting })

            resident.forgetWhereabouts(subject)
            resident.recordTrip(subject, trip(8u))
            val met = resident.exposures(subject).single()
            val recorded = assertNotNull(resident.answerExposure(subject, met.id, ExposureAnswer.TELL))
            assertEquals(ExposureState.TOLD, resident.exposures(subject).single().state)
            assertEquals(Colour.YELLOW to 1u, phone.run { code().colour to card().waiting })
            world.pass(Duration.ofMinutes(1))
            assertEquals(1u to 0u, resident.sync().run { accepted to refused })
            val told =
                resident
                    .journalEntries(subject)
                    .toList()
                    .firstNotNullOf { it.event as? JournalEvent.ToldExposure }
            assertEquals(recorded.operation, told.operation)
            assertEquals(Triple(1u, "exposure-near", february(9)), told.run { Triple(notice, rule, on) })
            assertIs<EntryOutcome.Accepted>(told.outcome)
            assertEquals(ExposureState.DECIDED, resident.exposures(subject).single().state)
            assertEquals(Colour.YELLOW to false, phone.code().run { colour to lowered }, "by the authority's own word")

            withdraw(1u)
            assertEquals(1u, resident.fetchNotices().notices)
            assertEquals(emptyList(), resident.exposures(subject))
            assertEquals(2u, resident.noticeState().size)
            phone.close()
        }

    @Test
    fun `every phone makes the same calls, and what was changed on the way is refused`() =
        onStage(witness = true) {
            val phone = phone().also { it.becomeGreen() }
            phone.resident.recordTrip(phone.subject, trip(7u))
            val other = phone("other.db").also { it.resident.sync() }
            val http = Jdk(server.url)
            // The server asks the second authority again by then.
            world.pass(Duration.ofMinutes(1))
            val before = http.send(headCall)
            publish(train)
            for (of in listOf(".bin", "1.cbor")) {
                val error =
                    assertFailsWith<HealthcodeException.NoticeLog>(of) {
                        phone.resident.fetchNotices({ call -> http.send(call).changedWhere(call.path.endsWith(of)) })
                    }
                assertEquals(if (of == ".bin") NoticeLogKind.ALTERED else NoticeLogKind.UNSIGNED, error.kind)
            }
            assertEquals(NoticeState(0u, null), phone.resident.noticeState())

            val asked =
                listOf(phone, other).map {
                    val calls = mutableListOf<Call>()
                    it.resident.fetchNotices({ call -> http.send(call.also(calls::add)) })
                    calls
                }
            assertEquals(asked[0].map { it.path }, asked[1].map { it.path })
            assertEquals(3, asked[0].size)
            for (call in asked.flatten()) {
                assertEquals(HttpMethod.GET to null, call.run { method to signature })
                assertTrue(call.body.isEmpty() && call.server == null)
            }
            assertEquals(1, phone.resident.exposures(phone.subject).size)
            assertLog(NoticeLogKind.OLDER) { phone.resident.fetchNotices({ before }) }
            assertEquals(
                ExposureState.HOLDS,
                phone.resident
                    .exposures(phone.subject)
                    .single()
                    .state,
            )
            other.close()
            phone.close()
        }

    @Test
    fun `large files come where they may`() =
        onStage(witness = true) {
            phone().use { phone ->
                phone.becomeGreen()
                val resident = phone.resident
                resident.recordTrip(phone.subject, trip(7u))
                val many = (1..9_999).flatMap { number -> listOf(1, 2).map { run("G$number", it) } }
                publish(notice(many + run("G7315")))
                val left = resident.fetchNotices()
                assertTrue(left.bytes == 0uL && left.waitingBytes > 51_200uL, "$left")
                assertEquals(emptyList(), resident.exposures(phone.subject))
                val fetched = resident.fetchNotices(large = true)
                assertEquals(Triple(left.waitingBytes, 0uL, 1u), fetched.run { Triple(bytes, waitingBytes, matches) })
                assertEquals(1, resident.exposures(phone.subject).size)
                val http = Jdk(server.url)
                assertEquals(0uL, resident.fetchNotices({ http.send(it) }, large = true).bytes)
            }
        }

    @Test
    fun `a fetch is cancelled, and ends with its object`() =
        onStage {
            phone().use { it.becomeGreen() }
            val waits =
                List(3) {
                    SilentServer().use { silent ->
                        phone(server = silent.url).use { phone ->
                            coroutineScope {
                                val fetch = launch(Dispatchers.Default) { phone.resident.fetchNotices() }
                                silent.awaitCall()
                                val from = System.nanoTime()
                                fetch.cancel()
                                (silent.awaitEnd() - from).nanoseconds
                            }
                        }
                    }
                }
            assertTrue(waits.min() < 2.seconds, "$waits")
            val phone = phone()
            coroutineScope {
                val asked = CompletableDeferred<Unit>()
                val silent =
                    Transport {
                        asked.complete(Unit)
                        awaitCancellation()
                    }
                val fetch = async { runCatching { phone.resident.fetchNotices(silent) } }
                asked.await()
                phone.close()
                assertIs<HealthcodeException.Closed>(fetch.await().exceptionOrNull())
            }
        }

    private val headCall =
        Call(HttpMethod.GET, null, "/.well-known/healthcode/notices/head.cbor", ByteArray(0), null, 65_536u)

    private val train = notice(listOf(run("G7315")))

    private fun notice(records: List<String>) =
        """
        {"region": "330100", "withdraws": [], "classes": [{"kind": "train", "rule": "exposure-near", "minutes": 15,
          "apart": 0, "from": "2020-02-10", "until": "2020-02-23", "records": [${records.joinToString(",")}]}]}
        """.trimIndent()

    /** Carriages 6 to 8 of a train, for two hours and ten minutes. */
    private fun run(
        number: String,
        day: Int = 9,
    ) = february(day).let {
        """{"number": "$number", "date": "$it", "begins": "${it}T10:00", "ends": "${it}T12:10", "places": [6, 8]}"""
    }

    /** The text of a new venue's code. */
    private fun venue(of: ServerProcess) =
        of
            .command("venue", "--region", "330106", "--name-zh", "西湖书店", "--name-en", "West Lake Books")
            .trim()
            .substringAfterLast('\n')

    private fun Reply.changedWhere(wanted: Boolean) =
        if (wanted) copy(body = body.clone().also { it[it.size / 2] = (it[it.size / 2] + 1).toByte() }) else this

    private suspend fun assertLog(
        kind: NoticeLogKind,
        call: suspend () -> Unit,
    ) = assertEquals(kind, assertFailsWith<HealthcodeException.NoticeLog> { call() }.kind)
}
