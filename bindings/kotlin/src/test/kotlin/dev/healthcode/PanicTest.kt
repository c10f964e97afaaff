package dev.healthcode

import dev.healthcode.crash.Bomb
import dev.healthcode.crash.Card
import dev.healthcode.crash.crash
import dev.healthcode.crash.crashLater
import dev.healthcode.crash.echo
import dev.healthcode.crash.nothing
import org.junit.jupiter.api.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import dev.healthcode.crash.InternalException as Panic

/** A panic in Rust becomes an exception, and the process lives. The library that panics is there for this alone. */
internal class PanicTest {
    @Test
    fun `a panic becomes an exception and both libraries go on`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val bomb = Bomb()
            repeat(20) { round ->
                assertFailsWith<Panic> { crash() }
                assertFailsWith<Panic> { crashLater() }
                assertEquals((2 * round + 1).toUInt(), bomb.tick())
                // Here it panics while it holds its own lock.
                assertFailsWith<Panic> { bomb.tick() }
                nothing()
                val card = Card("a subject", "张*", listOf(7.toUShort()), null)
                assertEquals(card, echo(card))
                assertEquals(Colour.GREEN, phone.code().colour)
            }
            bomb.close()
            phone.resident.sync()
            phone.close()
        }

    @Test
    fun `the layer tells a panic as a fault of the library, without its text`() {
        val error =
            assertFailsWith<HealthcodeException.Internal> {
                translated { throw InternalException("the secret of 张三") }
            }
        assertEquals("panic", error.incident)
        assertFalse("secret" in error.stackTraceToString() + error.text)
    }
}
