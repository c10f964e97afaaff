package dev.healthcode

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Test
import java.io.IOException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.time.Duration
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotNull

/** The main job over the app's own HTTP stack, here the JDK's. */
internal class OwnHttpTest {
    private class Jdk(
        private val server: String,
    ) : Transport {
        private val client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build()
        var calls = 0

        override suspend fun send(call: Call): Reply =
            withContext(Dispatchers.IO) {
                calls += 1
                val request = HttpRequest.newBuilder(URI(server + call.path)).timeout(Duration.ofSeconds(20))
                call.signature?.let { request.header("Healthcode-Signature", it) }
                when (call.method) {
                    HttpMethod.GET -> {
                        request.GET()
                    }

                    HttpMethod.POST -> {
                        request
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofByteArray(call.body))
                    }
                }
                val response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream())
                val body = response.body().use { it.readNBytes(minOf(call.limit, Int.MAX_VALUE.toULong()).toInt()) }
                val header = { name: String -> response.headers().firstValue(name).orElse(null) }
                Reply(
                    response.statusCode().toUShort(),
                    header("Content-Type").orEmpty(),
                    header("Retry-After")?.toUIntOrNull(),
                    body,
                )
            }
    }

    @Test
    fun `the main job works over the app's own HTTP stack`() =
        onStage {
            val transport = Jdk(server.url)
            // The library's own client would reach nobody.
            val phone = phone(server = deserted()).resident
            assertEquals(6.toUByte(), phone.requestOneTimeCode(zhangSan, transport).digits)
            val subject = phone.enrol(server.oneTimeCode(), transport).subject
            phone.sync(transport)
            phone.declare(subject, stayInWuhan)
            assertEquals(1u, phone.sync(transport).accepted)
            assertEquals(Colour.YELLOW, phone.code(subject).colour)
            phone.checkIn(subject)
            assertEquals(0u, phone.sync(transport).waiting)
            assertEquals(1.toUShort(), phone.quarantine(subject)?.counted)

            Checkpoint.open(config("gate.db", deserted()), Ports(MemoryVault(9), PhoneClock(world)), "gate").use {
                it.sync(transport)
                world.pass(Duration.ofSeconds(1))
                assertIs<Verdict.Stop>(it.verify(phone.code(subject).text))
            }
            assertEquals(0u, phone.home().sync.failures)
            phone.close()
        }

    @Test
    fun `closing ends a sync over the app's own HTTP stack, whatever it waits for`() =
        onStage {
            val phone = phone()
            coroutineScope {
                val asked = CompletableDeferred<Unit>()
                val silent =
                    Transport {
                        asked.complete(Unit)
                        awaitCancellation()
                    }
                val sync = async { runCatching { phone.resident.sync(silent) } }
                asked.await()
                phone.resident.close()
                assertIs<HealthcodeException.Closed>(sync.await().exceptionOrNull())
            }
        }

    @Test
    fun `a transport that brings no reply is an error of the network, and is noted`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }.resident
            val offline =
                assertFailsWith<HealthcodeException.Network> { phone.sync { throw IOException("the secret of 张三") } }
            assertEquals(NetworkKind.OFFLINE, offline.kind)
            assertEquals(null, offline.cause)
            assertNotNull(phone.home().sync.notBefore)
            assertEquals(false, phone.home().sync.running)
            val unavailable =
                assertFailsWith<HealthcodeException.Network> {
                    phone.sync { Reply(503u, "text/plain", 3_600u, ByteArray(0)) }
                }
            assertEquals(NetworkKind.UNAVAILABLE to Duration.ofHours(1), unavailable.run { kind to retryAfter })
            assertEquals(2u, phone.home().sync.failures)
            phone.sync(Jdk(server.url))
            assertEquals(0u, phone.home().sync.failures)
            phone.close()
        }
}
