package dev.healthcode

import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import java.io.IOException
import kotlin.coroutines.cancellation.CancellationException

/**
 * An app's own HTTP stack, in the place of the library's. It sends one call as it is, follows no redirect, keeps no
 * cookies, and gives back what came, whatever its status.
 */
fun interface Transport {
    /**
     * Sends [call] to its [url], with `call.signature`, if there is one, as the header `Healthcode-Signature` and a
     * body as `application/json`. No more than `call.limit` bytes of the reply's body are read.
     *
     * @throws IOException where no reply came
     */
    @Throws(IOException::class)
    suspend fun send(call: Call): Reply
}

/**
 * The address of a call: on [server], the root that the configuration names, or on the other server that the call
 * names, such as that of another issuer's status list. Whoever puts the path after the configured root alone never gets
 * those.
 */
fun Call.url(server: String): String = (this.server ?: server).trimEnd('/') + path

/** Sends one call; that no reply came is an error of the network, as with the library's own client. */
internal suspend fun Transport.reply(call: Call): Reply =
    try {
        send(call)
    } catch (error: CancellationException) {
        throw error
    } catch (error: HealthcodeException) {
        throw error
    } catch (_: Exception) {
        // Stacks throw more than I/O errors where they cannot send.
        throw HealthcodeException.Network(NetworkKind.OFFLINE)
    }

/** Drives an exchange to its end, or to that of the object that began it, whatever the transport is waiting for. */
internal suspend fun NativeExchange.drive(transport: Transport): SyncReport =
    coroutineScope {
        val closing = async { translated { closed() } }
        var step = translated { next() }
        while (step is ExchangeStep.Send) {
            step = after(step.call, transport)
        }
        closing.cancel()
        (step as ExchangeStep.Done).report
    }

/** What follows a call; where no reply came, the exchange may do without. */
private suspend fun NativeExchange.after(
    call: Call,
    transport: Transport,
): ExchangeStep {
    val reply =
        try {
            transport.reply(call)
        } catch (error: HealthcodeException.Network) {
            return try {
                translated { unanswered() }
            } catch (_: HealthcodeException.Network) {
                throw error
            }
        }
    return translated { next(reply) }
}

/** Drives a fetch of notices to its end, or to that of the object that began it, whatever the transport is waiting for. */
internal suspend fun NativeNoticeExchange.drive(transport: Transport): NoticeReport =
    coroutineScope {
        val closing = async { translated { closed() } }
        var step = translated { next() }
        while (step is NoticeStep.Send) {
            val reply = transport.reply(step.call)
            step = translated { next(reply) }
        }
        closing.cancel()
        (step as NoticeStep.Done).report
    }
