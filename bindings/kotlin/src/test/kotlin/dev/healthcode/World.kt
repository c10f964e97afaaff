package dev.healthcode

import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.channels.Channels
import java.nio.channels.ServerSocketChannel
import java.nio.channels.SocketChannel
import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneOffset
import java.util.concurrent.atomic.AtomicLong
import kotlin.concurrent.thread

/** The true time of a test. Phones read it through their clocks, the server's process through a Unix socket. */
internal class World(
    start: Instant,
) : AutoCloseable {
    private val millis = AtomicLong(start.toEpochMilli())
    private var listener: ServerSocketChannel? = null

    val now: Instant get() = Instant.ofEpochMilli(millis.get())

    /** Moves on to an instant; never back. */
    fun goTo(instant: Instant) {
        millis.accumulateAndGet(instant.toEpochMilli(), ::maxOf)
    }

    /** Moves on by so long. */
    fun pass(time: Duration) {
        millis.addAndGet(time.toMillis())
    }

    /** Gives the time to whoever connects to this socket: a line for a line, in milliseconds since 1970. */
    fun serve(socket: Path) {
        val listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket))
        this.listener = listener
        thread(isDaemon = true, name = "world") {
            while (true) {
                val channel = runCatching { listener.accept() }.getOrNull() ?: break
                thread(isDaemon = true, name = "world-answers") { runCatching { answer(channel) } }
            }
        }
    }

    private fun answer(channel: SocketChannel) =
        channel.use {
            val writer = Channels.newOutputStream(channel)
            Channels.newInputStream(channel).bufferedReader().forEachLine {
                writer.write("${millis.get()}\n".toByteArray())
            }
        }

    override fun close() {
        listener?.close()
    }
}

/** An instant of February 2020 in the rulebook's legal calendar. */
internal fun at(
    day: Int,
    hour: Int,
    minute: Int = 0,
): Instant = february(day).atTime(hour, minute).toInstant(ZoneOffset.ofHours(8))

/** A day of February 2020. */
internal fun february(day: Int): LocalDate = LocalDate.of(2020, 2, day)
