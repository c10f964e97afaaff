package dev.healthcode

import com.sun.jna.Native
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import java.io.IOException
import java.time.Instant
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue

/** A port that throws: the caller gets a typed error, and nothing of what was thrown. */
internal class ThrowingPortsTest {
    private class Thrower(
        private val make: () -> Throwable,
    ) {
        @Volatile var armed = true
        var thrown = 0

        fun now() {
            if (armed) {
                thrown += 1
                throw make()
            }
        }
    }

    private fun throwers() =
        listOf(
            Thrower { IllegalStateException(SECRET, IOException(SECRET)).apply { addSuppressed(IOException(SECRET)) } },
            Thrower {
                object : Exception(SECRET) {
                    override fun toString() = throw AssertionError(SECRET)
                }
            },
            Thrower { AssertionError(SECRET) },
            Thrower { OutOfMemoryError(SECRET) },
            Thrower { overflow() },
        )

    // What gets past the layer is caught by JNA, which prints it with its text.
    private val escaped = CopyOnWriteArrayList<String>()

    @BeforeEach
    fun listen() = Native.setCallbackExceptionHandler { _, error -> escaped += error.javaClass.name }

    @AfterEach
    fun `nothing of what was thrown gets past the layer`() {
        Native.setCallbackExceptionHandler(null)
        assertEquals(emptyList(), escaped)
    }

    @Test
    fun `a vault that throws has refused, wherever it is called`() =
        onStage {
            for ((number, thrower) in throwers().withIndex()) {
                val vault =
                    object : MemoryVault(7) {
                        override fun seal(plain: ByteArray) = thrower.now().let { super.seal(plain) }

                        override fun unseal(`sealed`: ByteArray) = thrower.now().let { super.unseal(sealed) }

                        override fun hardwarePublicKey(name: String) =
                            thrower.now().let { super.hardwarePublicKey(name) }
                    }
                val (config, ports) = config("$number.db") to Ports(vault, PhoneClock(world))
                refused { Resident.open(config, ports) }
                thrower.armed = false
                Resident.open(config, ports).use { phone ->
                    thrower.armed = true
                    // On one of the library's own threads.
                    refused { phone.requestOneTimeCode(liSi) }
                    thrower.armed = false
                    assertEquals(6.toUByte(), phone.requestOneTimeCode(liSi).digits)
                    server.oneTimeCode()
                }
                assertTrue(thrower.thrown >= 2)
            }
        }

    @Test
    fun `a clock that throws is named, and serves again when it has recovered`() =
        onStage {
            phone().use { it.becomeGreen() }
            for (thrower in throwers()) {
                thrower.armed = false
                val real = PhoneClock(world)
                val clock =
                    object : DeviceClock {
                        override fun read() = thrower.now().let { real.read() }
                    }
                Resident.open(config("phone.db"), Ports(MemoryVault(7), clock)).use { phone ->
                    phone.sync()
                    val subject =
                        phone
                            .home()
                            .subjects
                            .single()
                            .subject
                    thrower.armed = true
                    portFailed { phone.home() }
                    portFailed { phone.code(subject) }
                    portFailed { phone.checkIn(subject) }
                    portFailed { phone.sync() }
                    thrower.armed = false
                    assertEquals(0u, phone.home().sync.waiting)
                    assertEquals(Colour.GREEN, phone.code(subject).colour)
                }
            }
        }

    @Test
    fun `a reading that no clock gives is a failure of the clock`() =
        onStage {
            for (reading in listOf(
                ClockReading("boot", 0, Instant.MAX),
                ClockReading("boot", 0, Instant.MIN),
                ClockReading("\ud800", 0, world.now),
            )) {
                val clock =
                    object : DeviceClock {
                        override fun read() = reading
                    }
                portFailed { Resident.open(config("phone.db"), Ports(MemoryVault(7), clock)).use { it.home() } }
            }
        }

    @Test
    fun `a place for log lines that throws breaks nothing, and none of the lines names a person`() =
        onStage {
            for (thrower in throwers()) {
                val lines = CopyOnWriteArrayList<String>()
                val log =
                    object : LogSink {
                        override fun log(
                            level: LogLevel,
                            line: String,
                        ) {
                            lines += line
                            thrower.now()
                        }
                    }
                Resident.open(config("phone.db"), Ports(MemoryVault(7), PhoneClock(world), log)).use { phone ->
                    if (phone.home().subjects.isEmpty()) {
                        phone.requestOneTimeCode(liSi)
                        phone.enrol(server.oneTimeCode())
                    }
                    phone.sync()
                }
                assertTrue(lines.isNotEmpty())
                assertFalse(lines.any { "李" in it || "0014" in it }, "$lines")
            }
        }

    private suspend fun refused(call: suspend () -> Unit) {
        val error = assertFailsWith<HealthcodeException.Vault> { call() }
        assertEquals(VaultKind.REFUSED, error.kind)
        assertSilent(error)
    }

    private suspend fun portFailed(call: suspend () -> Unit) {
        val error = assertFailsWith<HealthcodeException.Port> { call() }
        assertEquals("clock", error.name)
        assertSilent(error)
    }

    private fun assertSilent(error: HealthcodeException) {
        // Message, causes, what was suppressed, and the stack.
        val told = error.stackTraceToString() + error.text
        assertFalse("secret" in told, told)
        assertFalse("Thrower" in told, told)
    }

    private companion object {
        const val SECRET = "the secret of 张三"

        fun overflow(depth: Int = 0): Throwable = IllegalStateException("$SECRET${overflow(depth + 1)}")
    }
}
