package dev.healthcode

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.Duration.Companion.seconds

/** A coroutine that is cancelled stops the work in the library, and nothing is lost by it. */
internal class CancellationTest {
    @Test
    fun `a cancelled sync hangs up at once and leaves the file right`() =
        onStage {
            phone().use { phone ->
                phone.becomeYellow()
                phone.tap()
            }
            // A machine that is busy elsewhere may hold up one attempt; a call that is not stopped holds up each of
            // them, for the 15 seconds until the library gives up waiting.
            val waits =
                List(3) {
                    SilentServer().use { silent ->
                        phone(server = silent.url).use { phone ->
                            val from = cancelledSync(phone, silent)
                            val wait = (silent.awaitEnd() - from).nanoseconds
                            val after = phone.resident.homes().first { !it.sync.running }
                            assertEquals(1u, after.sync.waiting)
                            wait
                        }
                    }
                }
            println("cancellation reached the server after $waits")
            assertTrue(waits.min() < 2.seconds, "$waits")

            phone().use { phone ->
                val report = phone.resident.sync()
                assertEquals(Triple(1u, 0u, 0u), report.run { Triple(accepted, refused, waiting) })
                phone.subject = phone.card().subject
                val checkIn = phone.quarantine().checkIns.single()
                assertEquals(CheckInState.Counted(february(11), Certainty.CERTAIN), checkIn.state)
            }
        }

    @Test
    fun `what was recorded is told, also to a caller who was cancelled meanwhile`() =
        onStage {
            phone().use { it.becomeYellow() }
            val cancelling = CancellingClock(PhoneClock(world))
            val phone = Resident.open(config("phone.db"), Ports(MemoryVault(7), cancelling))
            val subject =
                phone
                    .home()
                    .subjects
                    .single()
                    .subject
            phone.sync()
            val told = CompletableDeferred<Recorded>()
            coroutineScope {
                val caller = launch(start = CoroutineStart.LAZY) { told.complete(phone.checkIn(subject)) }
                cancelling.caller = caller
                caller.join()
                assertTrue(caller.isCancelled)
            }
            assertTrue(told.isCompleted, "the caller knows the operation")
            val recorded = told.await()
            assertEquals(
                recorded.operation,
                phone
                    .quarantine(subject)
                    ?.checkIns
                    ?.single()
                    ?.operation,
            )
            phone.close()
        }

    @Test
    fun `a phone that was opened is given, also to a caller who was cancelled meanwhile`() =
        onStage {
            val cancelling = CancellingClock(PhoneClock(world))
            val opened = CompletableDeferred<Resident>()
            coroutineScope {
                val caller =
                    launch(start = CoroutineStart.LAZY) {
                        opened.complete(Resident.open(config("phone.db"), Ports(MemoryVault(7), cancelling)))
                    }
                cancelling.caller = caller
                caller.join()
            }
            assertTrue(opened.isCompleted, "whoever opened it can close it")
            opened.await().close()
        }

    @Test
    fun `a cancelled collector ends its native call`() =
        onStage {
            phone().use { phone ->
                phone.becomeGreen()
                val before = uniffiContinuationHandleMap.size
                coroutineScope {
                    val collectors =
                        List(50) { number ->
                            launch {
                                when (number % 3) {
                                    0 -> phone.resident.homes().collect { }
                                    1 -> phone.resident.codes(phone.subject).collect { }
                                    else -> phone.resident.syncState().collect { }
                                }
                            }
                        }
                    eventually("each collector waits for a change") { uniffiContinuationHandleMap.size == before + 50 }
                    collectors.forEach { it.cancelAndJoin() }
                }
                eventually("no native call is left") { uniffiContinuationHandleMap.size == before }
                assertFalse(
                    phone.resident
                        .home()
                        .sync.running,
                )
            }
        }

    private suspend fun Stage.cancelledSync(
        phone: Phone,
        silent: SilentServer,
    ): Long =
        coroutineScope {
            val sync = launch(Dispatchers.Default) { phone.resident.sync() }
            silent.awaitCall()
            assertTrue(
                phone.resident
                    .home()
                    .sync.running,
            )
            val from = System.nanoTime()
            sync.cancel()
            from
        }
}

/** A clock that cancels a caller while the library reads it: the call has begun then and has not ended. */
private class CancellingClock(
    private val clock: DeviceClock,
) : DeviceClock {
    @Volatile var caller: Job? = null

    override fun read(): ClockReading {
        caller?.takeIf { it.isActive }?.cancel()
        return clock.read()
    }
}
