package dev.healthcode

import com.sun.net.httpserver.HttpServer
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.ServerSocket
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

/** Something that answers every call in the same way, in the place of the server. */
internal class OtherServer(
    status: Int,
    contentType: String,
    body: ByteArray = ByteArray(0),
    headers: Map<String, String> = emptyMap(),
) : AutoCloseable {
    private val server =
        HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0).apply {
            createContext("/") { exchange ->
                exchange.responseHeaders.set("Content-Type", contentType)
                headers.forEach(exchange.responseHeaders::set)
                exchange.sendResponseHeaders(status, if (body.isEmpty()) -1 else body.size.toLong())
                exchange.responseBody.use { it.write(body) }
            }
            start()
        }

    val url = "http://127.0.0.1:${server.address.port}"

    override fun close() = server.stop(0)
}

/** A server that takes a call and never answers; it notes when the other side hung up. */
internal class SilentServer : AutoCloseable {
    private val listener = ServerSocket(0, 50, InetAddress.getLoopbackAddress())
    private val called = CompletableFuture<Unit>()
    private val left = CompletableFuture<Long>()

    val url = "http://127.0.0.1:${listener.localPort}"

    init {
        thread(isDaemon = true, name = "silent") {
            runCatching {
                listener.accept().use { socket ->
                    val input = socket.getInputStream()
                    check(input.read() >= 0)
                    called.complete(Unit)
                    // A connection that is reset has ended too.
                    runCatching { while (input.read() >= 0) Unit }
                    left.complete(System.nanoTime())
                }
            }
        }
    }

    /** Waits for the first byte of a call. */
    fun awaitCall(): Unit = called.get(10, TimeUnit.SECONDS)

    /** Waits until the other side hangs up, and says when it did. */
    fun awaitEnd(): Long = left.get(10, TimeUnit.SECONDS)

    override fun close() = listener.close()
}

/** A loopback address where nobody listens. */
internal fun deserted(): String =
    ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { "http://127.0.0.1:${it.localPort}" }
