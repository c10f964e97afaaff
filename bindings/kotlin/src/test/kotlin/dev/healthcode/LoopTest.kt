package dev.healthcode

import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Test
import java.util.concurrent.Executors
import kotlin.test.assertTrue
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.nanoseconds

/** The caller's loop goes on while the library works: no frame of a screen is lost to it. */
internal class LoopTest {
    private val loop = Executors.newSingleThreadExecutor { Thread(it, "loop") }.asCoroutineDispatcher()
    private val gaps = mutableMapOf<String, Duration>()
    private val idle = mutableMapOf<String, Duration>()

    /** The longest time for which the loop did not turn, measured on its own thread, around a call made from there. */
    private suspend fun longestGap(call: suspend () -> Unit): Duration =
        withContext(loop) {
            var longest = 0L
            var last = System.nanoTime()
            val turn = {
                val now = System.nanoTime()
                longest = maxOf(longest, now - last)
                last = now
            }
            val ticker =
                launch {
                    while (true) {
                        delay(1)
                        turn()
                    }
                }
            call()
            // What blocks from its beginning to its end lets no tick in between.
            turn()
            ticker.cancel()
            longest.nanoseconds
        }

    private suspend fun <T> watch(
        name: String,
        call: suspend () -> T,
    ): T {
        var result: Result<T>? = null
        val from = System.nanoTime()
        val gap = longestGap { result = runCatching { call() } }
        val took = (System.nanoTime() - from).nanoseconds.coerceIn(SHORTEST, LONGEST)
        gaps.merge(name, gap, ::minOf)
        idle.merge(name, longestGap { delay(took) }, ::minOf)
        return result!!.getOrThrow()
    }

    @Test
    fun `the loop never stalls for a frame of 16 milliseconds while a call runs`() {
        // A JVM pauses for its own sake: it collects, compiles, loads classes, and other processes share the machine.
        // So for each call the best of several attempts counts, beside the best of a loop that has nothing to do for as
        // long. A call that blocks does so in every one of them, for as long as its file, its key or the network takes.
        repeat(ATTEMPTS) { if (it == 0 || stalled().isNotEmpty()) attempt() }
        println("longest gaps of the loop: $gaps, and of an idle one: $idle")
        assertTrue(stalled().isEmpty(), "${stalled()}, where an idle loop has $idle")
    }

    private fun stalled() = gaps.filter { (name, gap) -> gap >= FRAME + idle.getValue(name) }

    private fun attempt() =
        onStage {
            val phone = watch("open") { phone() }
            watch("requestOneTimeCode") { phone.resident.requestOneTimeCode(zhangSan) }
            val digits = server.oneTimeCode()
            phone.subject = watch("enrol") { phone.resident.enrol(digits) }.subject
            watch("sync") { phone.resident.sync() }
            watch("declare") { phone.resident.declare(phone.subject, stayInWuhan) }
            watch("sync") { phone.resident.sync() }
            watch("code") { phone.code() }
            watch("codes") { phone.resident.codes(phone.subject).first() }
            watch("homes") { phone.resident.homes().first() }
            watch("checkIn") { phone.tap() }
            watch("home during a sync") {
                val states = drawnDuringSync(phone)
                assertTrue(states > 0)
            }
            watch("home") { phone.resident.home() }
            watch("quarantine") { phone.quarantine() }
            watch("form") { phone.resident.form() }
            watch("preview") { phone.resident.preview(phone.subject, atHome) }
            val gate = watch("open of a gate") { gate() }
            watch("sync of a gate") { gate.sync() }
            val text = phone.code().text
            watch("verify") { gate.verify(text) }
            watch("challenge") { gate.challenge() }
            gate.close()
            watch("close") { phone.close() }
        }

    /** What a screen does that is redrawn while a sync runs, from the loop's own thread. */
    private suspend fun drawnDuringSync(phone: Phone): Int =
        withContext(loop) {
            val sync = launch { phone.resident.sync() }
            var drawn = 0
            while (sync.isActive) {
                phone.resident.home()
                drawn += 1
                delay(1)
            }
            drawn
        }

    @Test
    fun `a call that blocks is seen by this measure`() =
        runBlocking {
            assertTrue(longestGap { Thread.sleep(50) } >= 50.milliseconds)
            assertTrue(
                longestGap {
                    delay(20)
                    Thread.sleep(50)
                    delay(20)
                } >= 50.milliseconds,
            )
        }

    private companion object {
        val FRAME = 16.milliseconds
        val SHORTEST = 10.milliseconds
        val LONGEST = 1_000.milliseconds
        const val ATTEMPTS = 15
    }
}
