package dev.healthcode

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.launchIn
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.test.StandardTestDispatcher
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runTest
import org.junit.jupiter.api.Test
import java.io.IOException
import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotEquals
import kotlin.test.assertTrue

/** What a screen collects: it is told of every change, and at the times when something is due. */
internal class FlowsTest {
    @Test
    fun `a code is shown anew when its thirty seconds are over`() =
        Stage(at(11, 9)).use { stage ->
            runBlocking(Dispatchers.Default) { stage.phone().use { it.becomeGreen() } }
            // The library's own calls take real time; the waiting is virtual.
            runTest {
                val phone = stage.phone(io = StandardTestDispatcher(testScheduler))
                phone.subject = phone.card().subject
                phone.resident.sync()
                val from = currentTime
                val codes =
                    phone.resident
                        .codes(phone.subject)
                        .onEach { stage.world.pass(checkNotNull(it.refreshIn)) }
                        .take(3)
                        .toList()
                assertEquals(3, codes.map { it.text }.distinct().size)
                assertEquals(List(3) { Duration.ofSeconds(30) }, codes.map { it.refreshIn })
                assertEquals(
                    listOf(30L, 30L),
                    codes.zipWithNext { a, b -> Duration.between(a.shownAt, b.shownAt).toSeconds() },
                )
                // What the first one's calls took in real time counts in too.
                assertTrue(currentTime - from in 55_000..60_000, "${currentTime - from}")
                phone.close()
            }
        }

    @Test
    fun `a change of the colour is shown at once, and other changes leave a code on the screen`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val codes = CopyOnWriteArrayList<ShownCode>()
            coroutineScope {
                val watching = phone.resident.codes(phone.subject).collected(codes, this)
                eventually("a first code") { codes.size == 1 }
                phone.resident.sync()
                phone.resident.declare(phone.subject, stayInWuhan)
                eventually("the phone lowers itself") { codes.size == 2 }
                phone.resident.sync()
                eventually("the server has decided") { codes.last().run { colour == Colour.YELLOW && !lowered } }
                val shown = codes.size
                phone.tap()
                phone.resident.home()
                delay(200)
                assertEquals(shown, codes.size, "a check-in changes nothing of the code")
                watching.cancel()
            }
            assertEquals(
                listOf(Colour.GREEN to false, Colour.YELLOW to true),
                codes.take(2).map {
                    it.colour to
                        it.lowered
                },
            )
            assertNotEquals(codes[0].text, codes[1].text)
            phone.close()
        }

    @Test
    fun `a screen is told of a record, and that a sync runs and has ended`() =
        onStage {
            val phone = phone().also { it.becomeYellow() }
            val homes = CopyOnWriteArrayList<Home>()
            val syncs = CopyOnWriteArrayList<SyncState>()
            coroutineScope {
                val watching = phone.resident.homes().collected(homes, this)
                val syncing = phone.resident.syncState().collected(syncs, this)
                eventually("the first screen") { homes.isNotEmpty() && syncs.isNotEmpty() }
                assertTrue(
                    homes
                        .single()
                        .subjects
                        .single()
                        .due != null,
                )
                phone.tap()
                eventually("the record shows") {
                    homes
                        .last()
                        .subjects
                        .single()
                        .run { waiting == 1u && due == null }
                }
                val held =
                    Transport {
                        eventually("it is seen while it runs") { syncs.last().run { running && waiting == 1u } }
                        throw IOException()
                    }
                assertFailsWith<HealthcodeException.Network> { phone.resident.sync(held) }
                phone.resident.sync()
                eventually("the sync has ended") { syncs.last().run { !running && waiting == 0u } }
                watching.cancel()
                syncing.cancel()
            }
            assertTrue(syncs.zipWithNext().none { (one, next) -> one == next }, "the same is not told twice")
            phone.close()
        }

    @Test
    fun `a screen is told when a day opens, though nothing has changed`() =
        Stage(at(11, 9)).use { stage ->
            runBlocking(Dispatchers.Default) {
                stage.phone().use {
                    it.becomeYellow()
                    it.tap()
                }
            }
            runTest {
                val phone = stage.phone(io = StandardTestDispatcher(testScheduler))
                phone.resident.sync()
                assertEquals(at(12, 0), phone.resident.home().nextWake)
                // The phone sleeps until it is to be woken, each time.
                val home =
                    phone.resident
                        .homes()
                        .onEach { home -> home.nextWake?.let(stage.world::goTo) }
                        .first {
                            it.subjects
                                .single()
                                .due
                                ?.day == february(12)
                        }
                // What is sure of the time lags behind by a few seconds.
                assertTrue(Duration.between(at(12, 0), home.time.now) in Duration.ZERO..Duration.ofMinutes(1))
                val slept = Duration.ofMillis(currentTime)
                assertTrue(slept in Duration.ofMinutes(14 * 60 + 59)..Duration.ofMinutes(15 * 60 + 1), "$slept")
                phone.close()
            }
        }

    @Test
    fun `a flow fails as its call does`() =
        onStage {
            phone().use { phone ->
                assertFailsWith<HealthcodeException.UnknownSubject> { phone.resident.codes("nobody").collect { } }
                phone.enrol(liSi)
                assertFailsWith<HealthcodeException.NotRated> { phone.resident.codes(phone.subject).collect { } }
            }
        }

    private fun <T> Flow<T>.collected(
        into: MutableList<T>,
        scope: CoroutineScope,
    ) = onEach { into += it }.launchIn(scope)
}
