package dev.healthcode

import java.io.IOException

/**
 * An app's own HTTP stack, in the place of the library's. It sends one call as it is, follows no redirect, keeps no
 * cookies, and gives back what came, whatever its status.
 */
fun interface Transport {
    /**
     * Sends [call] to the server whose root the configuration names, with `call.signature`, if there is one, as the
     * header `Healthcode-Signature` and a body as `application/json`. No more than `call.limit` bytes of the reply's
     * body are read.
     *
     * @throws IOException where no reply came
     */
    @Throws(IOException::class)
    suspend fun send(call: Call): Reply
}

/** Sends one call; that no reply came is an error of the network, as with the library's own client. */
internal suspend fun Transport.reply(call: Call): Reply =
    try {
        send(call)
    } catch (_: IOException) {
        throw HealthcodeException.Network(NetworkKind.OFFLINE)
    }

/** Drives an exchange to its end. */
internal suspend fun NativeExchange.drive(transport: Transport): SyncReport {
    var reply: Reply? = null
    while (true) {
        when (val step = translated { next(reply) }) {
            is ExchangeStep.Done -> return step.report
            is ExchangeStep.Send -> reply = transport.reply(step.call)
        }
    }
}
