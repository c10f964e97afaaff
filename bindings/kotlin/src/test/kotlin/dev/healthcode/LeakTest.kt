package dev.healthcode

import com.sun.jna.Function
import com.sun.jna.Native
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.first
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.io.path.readText
import kotlin.math.abs
import kotlin.test.assertTrue

/** Objects that were closed leave nothing: neither in the JVM's maps of the border nor in the process's memory. */
@Timeout(60, unit = TimeUnit.SECONDS)
internal class LeakTest {
    @Test
    fun `ten thousand residents on an open file leave no memory behind`() =
        onStage {
            phone().use { phone ->
                phone.becomeGreen()
                flat("resident") { phone(io = Dispatchers.Unconfined).use { it.resident.scan("H1:") } }
            }
        }

    @Test
    fun `ten thousand checkpoints leave no memory behind`() =
        onStage {
            gate().use {
                it.sync()
                flat("checkpoint") { gate(io = Dispatchers.Unconfined).use { other -> other.verify("H1:") } }
            }
        }

    @Test
    fun `opening and closing the file itself leaves no memory behind`() =
        onStage {
            phone().use { it.becomeGreen() }
            // An open file takes up more than five kilobytes.
            flat("file", 300, margin = 5_000) { phone().use { it.resident.home() } }
        }

    @Test
    fun `ten thousand exchanges leave no memory behind`() =
        onStage {
            phone().use {
                val native = openNativeResident(config("phone.db"), Ports(MemoryVault(7), PhoneClock(world)))
                flat("exchange") { native.exchange().use { exchange -> exchange.next() } }
                native.destroy()
            }
        }

    @Test
    fun `ten thousand cancels and awaited calls leave no memory behind`() =
        onStage {
            phone().use {
                val native = openNativeResident(config("phone.db"), Ports(MemoryVault(7), PhoneClock(world)))
                flat("cancel") {
                    newNativeCancel().use { cancel ->
                        cancel.cancel()
                        val error = runCatching { native.changed(ULong.MAX_VALUE, cancel) }.exceptionOrNull()
                        check(error is NativeException.Cancelled)
                    }
                }
                native.destroy()
            }
        }

    @Test
    fun `collectors leave no memory behind`() =
        onStage {
            phone(io = Dispatchers.Unconfined).use { phone ->
                flat("flow", 3_000, margin = 300) { phone.resident.homes().first() }
            }
        }

    @Test
    fun `a leak of two hundred bytes a cycle is seen by this measure`() =
        onStage {
            val leak = { check(Native.malloc(200) != 0L) }
            // What the tests before it have left free in pieces is taken first, and no page more.
            repeat(20_000) { leak() }
            val growths = growths(10_000, MARGIN) { leak() }
            println("a leak of 200 bytes: grew by $growths bytes in 10000 cycles each")
            assertTrue(growths.size == ROUNDS && growths.all { it >= MARGIN * 10_000 }, "$growths")
        }

    private suspend fun flat(
        name: String,
        cycles: Int = 10_000,
        margin: Int = MARGIN,
        cycle: suspend () -> Unit,
    ) {
        cycle()
        val handles = handles()
        val growths = growths(cycles, margin, cycle)
        println("$name: grew by $growths bytes in $cycles cycles each")
        assertTrue(abs(growths.last()) < margin * cycles, "$name: $growths")
        eventually("$name: every handle is given back") { handles() == handles }
    }

    /**
     * A leak grows in every round, and what the JVM itself takes and gives back differs from one to the next: so one
     * flat round in four is enough. Flat is less than [margin] bytes a cycle, up or down, for what the JVM gives back
     * would hide what leaks; an object takes up more than that.
     */
    private suspend fun growths(
        cycles: Int,
        margin: Int,
        cycle: suspend () -> Unit,
    ): List<Long> {
        repeat(maxOf(cycles / 3, 200)) { cycle() }
        val growths = mutableListOf<Long>()
        do {
            val before = residentSet()
            repeat(cycles) {
                cycle()
                // What JNA set aside for a call is given back when its Java side is collected.
                if (it % 1_000 == 999) System.gc()
            }
            growths += residentSet() - before
        } while (abs(growths.last()) >= margin * cycles && growths.size < ROUNDS)
        return growths
    }

    private fun handles() =
        listOf(
            FfiConverterTypeVault.handleMap.size,
            FfiConverterTypeDeviceClock.handleMap.size,
            FfiConverterTypeLogSink.handleMap.size,
            uniffiContinuationHandleMap.size,
        )

    /** The resident set, once the collector and JNA's cleaner have come to rest. */
    private fun residentSet(): Long {
        val seen = ArrayDeque<Long>()
        do {
            System.gc()
            Thread.sleep(20)
            // What is free goes back to the system: else a leak hides in what others have left.
            trim.invokeInt(arrayOf(0))
            seen.addLast(
                Path
                    .of("/proc/self/statm")
                    .readText()
                    .split(' ')[1]
                    .toLong() * PAGE,
            )
        } while (seen.size < 40 && (seen.size < 4 || seen.takeLast(4).run { max() - min() > STILL }))
        return seen.last()
    }

    private val trim = Function.getFunction("c", "malloc_trim")

    private companion object {
        const val MARGIN = 100
        const val ROUNDS = 4
        const val PAGE = 4_096
        const val STILL = 64 * 1_024
    }
}
