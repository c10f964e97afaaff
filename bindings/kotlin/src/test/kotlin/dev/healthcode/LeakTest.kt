package dev.healthcode

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.first
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.io.path.readText
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
            flat("file", 300) { phone().use { it.resident.home() } }
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
            phone(io = Dispatchers.Unconfined).use { phone -> flat("flow", 3_000) { phone.resident.homes().first() } }
        }

    /**
     * A leak grows in every round, and a JVM that still compiles or collects grows in some: so one flat round in three
     * is enough. Flat is less than [MARGIN] bytes a cycle; what an object takes up is more than that.
     */
    private suspend fun flat(
        name: String,
        cycles: Int = 10_000,
        cycle: suspend () -> Unit,
    ) {
        repeat(maxOf(cycles / 3, 200)) { cycle() }
        val handles = handles()
        val growths = mutableListOf<Long>()
        do {
            val before = residentSet()
            repeat(cycles) {
                cycle()
                // What JNA set aside for a call is given back when its Java side is collected.
                if (it % 1_000 == 999) System.gc()
            }
            growths += residentSet() - before
        } while (growths.last() >= MARGIN * cycles && growths.size < ROUNDS)
        println("$name: grew by $growths bytes in $cycles cycles each")
        assertTrue(growths.last() < MARGIN * cycles, "$name: $growths")
        eventually("$name: every handle is given back") { handles() == handles }
    }

    private fun handles() =
        listOf(
            FfiConverterTypeVault.handleMap.size,
            FfiConverterTypeClock.handleMap.size,
            FfiConverterTypeLogSink.handleMap.size,
            uniffiContinuationHandleMap.size,
        )

    private fun residentSet(): Long {
        repeat(3) {
            System.gc()
            Thread.sleep(20)
        }
        return Path
            .of("/proc/self/statm")
            .readText()
            .split(' ')[1]
            .toLong() * PAGE
    }

    private companion object {
        const val MARGIN = 100L
        const val ROUNDS = 3
        const val PAGE = 4_096
    }
}
