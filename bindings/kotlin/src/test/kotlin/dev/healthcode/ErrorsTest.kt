package dev.healthcode

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Test
import java.io.RandomAccessFile
import java.net.ServerSocket
import java.nio.file.Path
import java.time.Duration
import kotlin.concurrent.thread
import kotlin.io.path.exists
import kotlin.io.path.readBytes
import kotlin.io.path.writeBytes
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNotEquals
import kotlin.test.assertTrue

/** One error of each kind that a caller can act on, by its class. */
internal class ErrorsTest {
    @Test
    fun `a wrong field is named with its reason and a text for the person, and nothing typed is repeated`() =
        onStage {
            phone().use { phone ->
                val wrong = liSi.copy(documentNumber = "440524188001010015")
                val refused =
                    assertFailsWith<HealthcodeException.InvalidField> { phone.resident.requestOneTimeCode(wrong) }
                assertEquals("document" to "check-digit", refused.field to refused.reason)
                val problem = phone.resident.checkIdentity(wrong).single()
                assertEquals(problem.text, refused.text)
                assertNotEquals(refused.text.zh, refused.text.en)
                assertEquals(refused.text.zh, refused.text.inLanguageOf(java.util.Locale.CHINA))
                assertEquals(refused.text.en, refused.text.inLanguageOf(java.util.Locale.FRANCE))
                val told = refused.stackTraceToString() + refused.text
                assertFalse("4405" in told || "李四" in told, told)
                val known = assertFailsWith<HealthcodeException.InvalidField> { phone.resident.enrol("123456") }
                assertEquals("code" to "not-requested", known.field to known.reason)
            }
        }

    @Test
    fun `what is not there yet has an error of its own`() =
        onStage {
            phone().use { phone ->
                assertFailsWith<HealthcodeException.UnknownSubject> { phone.resident.code("00".repeat(16)) }
                assertFailsWith<HealthcodeException.UnknownSubject> { phone.resident.quarantine("nobody") }
                assertFailsWith<HealthcodeException.NotSynced> { phone.resident.form() }
                phone.enrol(liSi)
                assertEquals(
                    listOf("contact", "symptoms"),
                    phone.resident
                        .form()
                        .questions
                        .map { it.id },
                )
                assertFailsWith<HealthcodeException.NotRated> { phone.code() }
            }
        }

    @Test
    fun `each trouble of the vault is told apart, and none harms the file`() =
        onStage {
            phone().use { it.enrol(liSi) }
            val file = folder.resolve("phone.db")
            val before = file.readBytes()
            for ((thrown, kind) in listOf(
                VaultException.Locked() to VaultKind.LOCKED,
                VaultException.Gone() to VaultKind.GONE,
                VaultException.Refused() to VaultKind.REFUSED,
            )) {
                val vault =
                    object : MemoryVault(7) {
                        override fun unseal(`sealed`: ByteArray): ByteArray = throw thrown
                    }
                val error = assertFailsWith<HealthcodeException.Vault> { open(file, vault) }
                assertEquals(kind, error.kind)
            }
            // The vault of a reinstalled app cannot read what the one before had sealed.
            val other = assertFailsWith<HealthcodeException.Vault> { open(file, MemoryVault(8)) }
            assertEquals(VaultKind.GONE, other.kind)
            val wrongKey =
                object : MemoryVault(7) {
                    override fun unseal(`sealed`: ByteArray) = ByteArray(32) { 1 }
                }
            assertEquals(StorageKind.WRONG_KEY, storage { open(file, wrongKey) })
            assertContentEquals(before, file.readBytes(), "the file is as it was")
            open(file).use {
                assertEquals(
                    "0014",
                    it
                        .home()
                        .subjects
                        .single()
                        .idTail,
                )
            }
        }

    @Test
    fun `each trouble of the file is told apart, and none changes it`() =
        onStage {
            assertEquals(StorageKind.UNREACHABLE, storage { open(folder.resolve("missing/phone.db")) })
            // Nobody makes files there, not even root.
            assertEquals(StorageKind.READ_ONLY, storage { open(Path.of("/sys/phone.db")) })

            val rubbish = folder.resolve("rubbish.db").apply { writeBytes(ByteArray(8_192) { it.toByte() }) }
            assertEquals(StorageKind.CORRUPT, storage { open(rubbish) })
            assertContentEquals(ByteArray(8_192) { it.toByte() }, rubbish.readBytes())

            phone().use { it.enrol(liSi) }
            val file = folder.resolve("phone.db")
            assertFalse(folder.resolve("phone.db-wal").exists(), "the file was closed with its last object")
            // Where SQLite keeps the number of the schema.
            RandomAccessFile(file.toFile(), "rw").use { it.apply { seek(60) }.writeInt(9_999) }
            val newer = file.readBytes()
            assertEquals(StorageKind.NEWER_SCHEMA, storage { open(file) })
            assertContentEquals(newer, file.readBytes())
        }

    @Test
    fun `each trouble of the network is told apart, and what waits is kept`() =
        onStage {
            phone().use { phone ->
                phone.becomeYellow()
                phone.tap()
            }
            assertEquals(NetworkKind.OFFLINE, network(deserted()).kind)
            assertEquals(NetworkKind.REFUSED, network("http://code.example.org").kind)
            OtherServer(200, "text/html", "<h1>Welcome to the hotel</h1>".toByteArray()).use {
                assertEquals(NetworkKind.INTERCEPTED, network(it.url).kind)
            }
            OtherServer(302, "text/plain", headers = mapOf("Location" to "http://127.0.0.1/")).use {
                assertEquals(NetworkKind.INTERCEPTED, network(it.url).kind)
            }
            OtherServer(503, "text/plain", headers = mapOf("Retry-After" to "7")).use {
                val unavailable = network(it.url)
                assertEquals(NetworkKind.UNAVAILABLE to Duration.ofSeconds(7), unavailable.run { kind to retryAfter })
            }
            OtherServer(200, "application/json", "{\"deci".toByteArray()).use {
                assertEquals(NetworkKind.BAD_ANSWER, network(it.url).kind)
            }
            ServerSocket(0).use { plain ->
                thread {
                    plain.accept().use {
                        it.getInputStream().read(ByteArray(4_096))
                        it.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".toByteArray())
                    }
                }
                assertEquals(NetworkKind.TLS, network("https://127.0.0.1:${plain.localPort}").kind)
            }
            phone().use {
                val failures = it.resident.home().sync
                assertEquals(1u to 7u, failures.waiting to failures.failures)
                assertEquals(1u, it.resident.sync().accepted)
            }
        }

    @Test
    fun `a code that does not fit is rejected as wrong`() =
        onStage {
            phone().use { phone ->
                phone.resident.requestOneTimeCode(liSi)
                val sent = server.oneTimeCode()
                val wrong = if (sent == "000000") "000001" else "000000"
                val error = assertFailsWith<HealthcodeException.Rejected> { phone.resident.enrol(wrong) }
                assertEquals("wrong-code", error.problem)
                assertTrue(error.text.en.isNotBlank() && error.text.zh.isNotBlank())
                phone.resident.enrol(sent)
            }
        }

    @Test
    fun `a restarted phone is unsure of the time until it syncs, and answers a gate before that`() =
        onStage {
            phone().use { phone ->
                phone.becomeGreen()
                phone.clock.restart()
                assertFailsWith<HealthcodeException.TimeUnsure> { phone.code() }
                gate().use { gate ->
                    gate.sync()
                    assertEquals("North gate", phone.code(gate.challenge().text).gate)
                }
                phone.resident.sync()
                assertTrue(
                    phone.resident
                        .home()
                        .time.sure,
                )
                assertEquals(Colour.GREEN, phone.code().colour)
            }
        }

    @Test
    fun `a second phone takes the first one's place after a day, and the first is told`() =
        onStage {
            val first = phone("first.db").also { it.becomeYellow() }
            val second = phone("second.db").also { it.enrol(zhangSan) }
            assertEquals(SubjectState.Pending(at(12, 9)), second.card().state)
            assertTrue(
                first.resident
                    .sync()
                    .problems
                    .isEmpty(),
            )
            world.goTo(at(12, 9, 1))
            second.resident.sync()
            assertEquals(Colour.YELLOW, second.card().colour)
            assertEquals(
                "replaced",
                first.resident
                    .sync()
                    .problems
                    .single()
                    .problem,
            )
            assertFailsWith<HealthcodeException.Replaced> { first.tap() }
            assertFailsWith<HealthcodeException.Replaced> { first.code() }
            assertEquals(SubjectState.Replaced, first.card().state)
            first.close()
            second.close()
        }

    @Test
    fun `a server of a later version asks for an update of the app`() =
        onStage {
            OtherServer(200, "application/json", """{"format":99}""".toByteArray()).use { later ->
                phone(server = later.url).use {
                    assertFailsWith<HealthcodeException.UpdateApp> { it.resident.requestOneTimeCode(liSi) }
                }
            }
        }

    @Test
    fun `a wrong configuration is named by its field`() =
        onStage {
            val good = config("phone.db")
            for ((config, field) in listOf(
                good.copy(rootKeys = emptyList()) to "root_threshold",
                good.copy(rootKeys = listOf(ByteArray(3))) to "root_keys",
                good.copy(rootThreshold = 2u) to "root_threshold",
            )) {
                val error =
                    assertFailsWith<HealthcodeException.InvalidField> {
                        Resident.open(config, Ports(MemoryVault(7), PhoneClock(world)))
                    }
                assertEquals(field, error.field)
            }
            for ((config, field) in listOf(
                good.copy(server = "not a url") to "server",
                good.copy(tlsRoots = listOf(ByteArray(9))) to "tls_roots",
            )) {
                Resident.open(config, Ports(MemoryVault(7), PhoneClock(world))).use {
                    assertEquals(field, assertFailsWith<HealthcodeException.InvalidField> { it.sync() }.field)
                }
            }
        }

    @Test
    fun `every error has a text in both languages and a message for logs`() {
        val errors =
            listOf(
                HealthcodeException.InvalidField("document", "check-digit"),
                HealthcodeException.UnknownSubject(),
                HealthcodeException.NotSynced(),
                HealthcodeException.NotRated(),
                HealthcodeException.Vault(VaultKind.LOCKED),
                HealthcodeException.Storage(StorageKind.FULL),
                HealthcodeException.Network(NetworkKind.TIMEOUT, Duration.ofSeconds(1)),
                HealthcodeException.Rejected("wrong-code"),
                HealthcodeException.NoticeLog(NoticeLogKind.FORKED),
                HealthcodeException.TimeUnsure(),
                HealthcodeException.Replaced(),
                HealthcodeException.UpdateApp(),
                HealthcodeException.Closed(),
                HealthcodeException.Port("clock"),
                HealthcodeException.Internal("here"),
            )
        assertEquals(HealthcodeException::class.sealedSubclassCount(), errors.size)
        assertEquals(errors.size, errors.map { it.text }.distinct().size)
        for (error in errors) {
            assertTrue(error.text.zh.any { it in '\u4e00'..'\u9fff' } && error.text.en.isNotBlank(), "$error")
            assertTrue(!error.message.isNullOrBlank(), "$error")
        }
    }

    private suspend fun Stage.open(
        file: Path,
        vault: Vault = MemoryVault(7),
    ) = Resident.open(config(file, server.url, server.rootKey), Ports(vault, PhoneClock(world)))

    private suspend fun Stage.network(url: String): HealthcodeException.Network =
        phone(server = url).use { phone -> assertFailsWith { phone.resident.sync() } }

    private fun storage(open: suspend () -> Resident): StorageKind =
        assertFailsWith<HealthcodeException.Storage> { runBlocking(Dispatchers.Default) { open() } }.kind
}

/** How many classes a sealed class has within it. */
private fun kotlin.reflect.KClass<*>.sealedSubclassCount() = java.declaredClasses.count { java.isAssignableFrom(it) }
