package dev.healthcode

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.seconds

/** Calls at the same time, from many threads: each has its own right answer. */
internal class ConcurrencyTest {
    @Test
    fun `fifty calls at once all end, each with its right answer`() =
        onStage {
            phone().use { phone ->
                phone.becomeYellow()
                assertRight(phone, listOf(phone.resident))
            }
        }

    @Test
    fun `fifty calls at once over two objects of one file all end, each with its right answer`() =
        onStage {
            phone().use { phone ->
                phone.becomeYellow()
                phone().use { other -> assertRight(phone, listOf(phone.resident, other.resident)) }
                assertEquals(
                    0u,
                    phone.resident
                        .home()
                        .sync.waiting,
                    "closing one leaves the other working",
                )
            }
        }

    private suspend fun assertRight(
        phone: Phone,
        objects: List<Resident>,
    ) {
        val subject = phone.subject
        val results =
            withTimeout(30.seconds) {
                coroutineScope {
                    List(50) { number ->
                        val resident = objects[number % objects.size]
                        async(Dispatchers.IO) {
                            when (number / 2 % 5) {
                                0 -> resident.code(subject).also { assertEquals(Colour.YELLOW, it.colour) }.text
                                1 -> resident.home().also { assertEquals(subject, it.subjects.single().subject) }
                                2 -> resident.checkIn(subject).operation
                                3 -> resident.sync().also { assertTrue(it.problems.isEmpty()) }
                                else -> resident.quarantine(subject).also { assertEquals(7.toUShort(), it?.days) }
                            }
                        }
                    }.awaitAll()
                }
            }
        val recorded = results.slice(results.indices.filter { it / 2 % 5 == 2 }).map { it as String }
        assertEquals(10, recorded.distinct().size)
        val last = phone.resident.sync()
        val reports = results.filterIsInstance<SyncReport>() + last
        assertEquals(11, reports.size)
        // Who shares an exchange is told all of it.
        assertTrue(reports.all { it.accepted <= 10u && it.refused == 0u })
        assertTrue(reports.sumOf { it.accepted } >= 10u)
        assertEquals(0u, last.waiting)
        val view = phone.quarantine()
        assertEquals(recorded.toSet(), view.checkIns.map { it.operation }.toSet())
        assertEquals(1, view.checkIns.count { it.state is CheckInState.Counted }, "one day is one day")
        assertNull(view.due)
    }
}
