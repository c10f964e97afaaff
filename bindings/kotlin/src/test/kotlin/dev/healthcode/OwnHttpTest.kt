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
import kotlin.test.assertTrue

/** The main job over the app's own HTTP stack, here the JDK's. */
internal class OwnHttpTest {
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
                assertIs<Verdict.Stop>(it.verify(phone.code(subject).text).verdict)
            }
            assertEquals(0u, phone.home().sync.failures)
            phone.close()
        }

    @Test
    fun `family, another phone and another authority work over the app's own HTTP stack`() =
        onStage(witness = true) {
            val transport = Jdk(server.url)
            val phone = phone(server = deserted()).resident
            phone.requestOneTimeCode(zhangSan, transport)
            val own = phone.enrol(server.oneTimeCode(), transport).subject
            phone.sync(transport)
            phone.declare(own, stayInWuhan)
            phone.requestCare(own, liSi, transport)
            val hers = phone.confirmCare(server.oneTimeCode(), transport).subject
            phone.declare(hers, atHome)
            phone.sync(transport)
            assertEquals(Colour.GREEN, phone.code(hers).colour)

            assertEquals(Colour.YELLOW, phone.previewMove(own, "shenzhen", transport).colour)
            phone.moveTo(own, "shenzhen", transport)
            val moved = phone.enrol(checkNotNull(second).oneTimeCode(), transport).subject
            phone.sync(transport)
            assertEquals(Colour.YELLOW, phone.code(moved).colour)

            val new = phone("new.db", deserted()).resident
            val answer = phone.handOver(own, new.handoverRequest().text)
            assertEquals(own, new.takeOver(answer.text, transport).subject)
            phone.close()
            new.close()
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
    fun `a call of another server goes there, without a signature`() =
        onStage {
            val others = mutableListOf<Call>()
            val transport =
                Transport { call ->
                    if (call.server == null) return@Transport Jdk(server.url).send(call)
                    others += call
                    // What does not mind the call's own server reaches nobody.
                    Jdk(deserted()).send(call)
                }
            Checkpoint.open(config("gate.db", deserted()), Ports(MemoryVault(9), PhoneClock(world)), "gate").use {
                val report = it.sync(transport)
                assertEquals(others.size.toUInt(), report.statusLists)
                assertEquals(others.size, it.status().statusLists.size)
            }
            assertTrue(others.isNotEmpty())
            for (call in others) {
                assertEquals(server.url, call.server)
                assertTrue(call.url("https://home.example").startsWith(server.url + "/.well-known/healthcode/status/"))
                assertEquals(null, call.signature)
            }
            val home = Call(HttpMethod.GET, null, "/v1/anchor", ByteArray(0), null, 1u)
            assertEquals("https://home.example/v1/anchor", home.url("https://home.example/"))
        }

    @Test
    fun `a gate's sync does without what another server does not give, and asks again`() =
        onStage {
            val home = Transport { if (it.server == null) Jdk(server.url).send(it) else throw IOException() }
            Checkpoint.open(config("gate.db", deserted()), Ports(MemoryVault(9), PhoneClock(world)), "gate").use {
                assertEquals(0u, it.sync(home).statusLists)
                assertEquals(GateTimeState.FIRM to emptyList(), it.status().run { time to statusLists })
                assertTrue(it.sync(Jdk(server.url)).statusLists > 0u)
                // Without the time it is no sync.
                val offline = assertFailsWith<HealthcodeException.Network> { it.sync { throw IOException() } }
                assertEquals(NetworkKind.OFFLINE, offline.kind)
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

/** The JDK's HTTP stack. */
internal class Jdk(
    private val server: String,
) : Transport {
    private val client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build()

    override suspend fun send(call: Call): Reply =
        withContext(Dispatchers.IO) {
            val request = HttpRequest.newBuilder(URI(call.url(server))).timeout(Duration.ofSeconds(20))
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
