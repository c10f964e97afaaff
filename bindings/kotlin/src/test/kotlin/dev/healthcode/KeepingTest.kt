package dev.healthcode

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.Test
import java.net.URI
import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import java.util.Base64
import java.util.HexFormat
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.io.path.deleteIfExists
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name
import kotlin.io.path.readText
import kotlin.io.path.writeBytes
import kotlin.io.path.writeText
import kotlin.math.abs
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotEquals
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** What a phone keeps: shown, proved, handed out, and erased. */
internal class KeepingTest {
    @Test
    fun `the journal tells what became of each check-in, page after page`() =
        onStage {
            val phone = phone().also { it.becomeYellow() }
            repeat(2) {
                world.pass(Duration.ofMinutes(5))
                phone.tap()
                phone.resident.sync()
            }
            world.pass(Duration.ofMinutes(5))
            repeat(50) { phone.tap() }
            val whole = phone.resident.journalEntries(phone.subject).toList()
            val events = whole.map { it.event }
            assertIs<EntryOutcome.Accepted>(assertIs<JournalEvent.Declared>(events[0]).outcome)
            val order = assertIs<JournalEvent.Ordered>(events[1])
            assertEquals(Colour.YELLOW to february(11), order.colour to order.startsOn)
            assertEquals(order.order, assertIs<JournalEvent.Rated>(events[2]).order)
            val taps = events.drop(3).map { assertIs<JournalEvent.CheckedIn>(it) }
            assertTrue(taps.all { it.order == order.order })
            assertEquals(february(11), assertIs<EntryOutcome.Counted>(taps[0].outcome).day)
            assertEquals(NotCounted.DAY_TAKEN, assertIs<EntryOutcome.NotCounted>(taps[1].outcome).reason)
            assertTrue(taps.drop(2).let { rest -> rest.size == 50 && rest.all { it.outcome is EntryOutcome.Waiting } })

            val page = phone.resident.journal(phone.subject)
            assertEquals(whole.take(50), page.entries)
            val rest = phone.resident.journal(phone.subject, assertNotNull(page.next))
            assertEquals(whole.drop(50) to null, rest.entries to rest.next)
            val unknown =
                assertFailsWith<HealthcodeException.InvalidField> { phone.resident.journal(phone.subject, "page 2") }
            assertEquals("after", unknown.field)
            assertFalse("$page ${whole[0]}".contains("fever"), "it prints as its type's name")
            phone.close()
        }

    @Test
    fun `what was typed and the wait for a code survive the end of the app`() =
        onStage {
            val typed = mapOf("name" to "李四", "document" to "4405")
            val before = phone()
            assertNull(before.resident.enrolmentUnderWay())
            before.resident.keepDraft(null, "register", typed)
            val requested = before.resident.requestOneTimeCode(liSi)
            before.close()

            val phone = phone()
            assertEquals(typed, phone.resident.draft(null, "register"))
            val waits = assertNotNull(phone.resident.enrolmentUnderWay())
            assertEquals("*四" to null, waits.maskedName to waits.carer)
            assertEquals(requested.digits, waits.code.digits)
            assertTrue(waits.code.expiresIn in Duration.ofSeconds(1)..requested.expiresIn, "${waits.code.expiresIn}")
            assertFalse("四" in "$waits", "it prints as its type's name")
            phone.resident.giveUpEnrolment()
            assertNull(phone.resident.enrolmentUnderWay())
            assertWrong("code", "not-requested") { phone.resident.enrol(server.oneTimeCode()) }
            phone.resident.requestOneTimeCode(liSi)
            val subject = phone.resident.enrol(server.oneTimeCode()).subject
            assertNull(phone.resident.enrolmentUnderWay())
            phone.resident.keepDraft(null, "register", null)
            assertNull(phone.resident.draft(null, "register"))
            phone.resident.keepDraft(subject, "declaration", mapOf("answers.contact" to "no"))
            assertNull(phone.resident.draft(null, "declaration"))
            assertWrong("form", "characters") { phone.resident.keepDraft(subject, "a/b", typed) }
            assertWrong(
                "words",
                "too-long",
            ) { phone.resident.keepDraft(subject, "f", mapOf("a" to "b".repeat(70_000))) }
            phone.close()
        }

    @Test
    fun `a quarantine is proved to whoever has the trust list`() =
        onStage {
            val phone = phone().also { it.becomeYellow() }
            assertEquals("[]", days(phone.resident.quarantineProof(phone.subject)))
            phone.tap()
            phone.resident.sync()
            val proof = phone.resident.quarantineProof(phone.subject)
            assertEquals("[\"2020-02-11\"]", days(proof))
            assertFalse("张三" in proof || "002X" in proof)
            val order =
                phone.resident
                    .journalEntries(phone.subject)
                    .toList()
                    .firstNotNullOf { (it.event as? JournalEvent.Ordered)?.order }
            assertEquals(proof, phone.resident.quarantineProof(phone.subject, order))
            val other = "00".repeat(16)
            val none =
                assertFailsWith<HealthcodeException.InvalidField> {
                    phone.resident.quarantineProof(phone.subject, other)
                }
            assertEquals("order", none.field)
            phone.close()
        }

    @Test
    fun `an export holds what was told, and no key`() =
        onStage {
            val vault = RememberingVault()
            val phone = Phone(open(vault), PhoneClock(world), this).also { it.becomeYellow() }
            phone.enrol(liSi)
            val all = phone.resident.export()
            assertTrue("\"healthcode-export\"" in all && "张三" in all && "李四" in all)
            val one = phone.resident.export(phone.subject)
            assertTrue("李四" in one && "440524188001010014" in one)
            assertFalse("张三" in one)
            assertTrue(vault.secrets.isNotEmpty())
            for (secret in vault.secrets) {
                for (form in listOf(
                    HexFormat.of().formatHex(secret),
                    Base64.getUrlEncoder().withoutPadding().encodeToString(secret),
                    Base64.getEncoder().encodeToString(secret),
                )) {
                    assertFalse(form in all, "a key is in it")
                }
            }
            assertFalse("sealed_seed" in all)
            phone.close()
        }

    @Test
    fun `one person is erased and the other stays, then everything goes and the file begins anew`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val (staying, resident) = phone.subject to phone.resident
            phone.enrol(zhangSan)
            resident.erase(phone.subject)
            assertEquals(listOf(staying), resident.home().subjects.map { it.subject })
            assertFailsWith<HealthcodeException.UnknownSubject> { resident.erase(phone.subject) }
            assertFalse("张三" in resident.export())

            val other = phone().resident
            resident.eraseEverything()
            assertFailsWith<HealthcodeException.Closed> { resident.home() }
            assertFailsWith<HealthcodeException.Closed> { other.home() }
            assertFailsWith<HealthcodeException.Closed> { resident.eraseEverything() }
            assertEquals(emptyList(), folder.listDirectoryEntries("phone.db*").map { it.name } - "phone.db.lock")
            phone().use { assertEquals(emptyList(), it.resident.home().subjects) }
            other.close()
            resident.close()
        }

    @Test
    fun `a file whose key is gone is erased without opening it, and never while it is open`() =
        onStage {
            phone().use {
                it.becomeGreen()
                val busy = assertFailsWith<HealthcodeException.Storage> { erase(MemoryVault(7)) }
                assertEquals(StorageKind.BUSY, busy.kind)
            }
            val locked =
                object : MemoryVault(7) {
                    override fun unseal(`sealed`: ByteArray): ByteArray = throw VaultException.Locked()
                }
            val later = assertFailsWith<HealthcodeException.Vault> { erase(locked) }
            assertEquals(VaultKind.LOCKED, later.kind)
            phone().use { assertEquals(Colour.GREEN, it.card().colour, "nothing was erased") }

            // The vault of a reinstalled app cannot read what the one before had sealed.
            val reinstalled = MemoryVault(8)
            val gone = assertFailsWith<HealthcodeException.Vault> { open(reinstalled) }
            assertEquals(VaultKind.GONE, gone.kind)
            erase(reinstalled)
            open(reinstalled).use { assertEquals(emptyList(), it.home().subjects) }
        }

    @Test
    fun `the first phone is told of a second, refuses it and goes on`() =
        onStage {
            val first = phone("first.db").also { it.becomeYellow() }
            val second = phone("second.db").also { it.enrol(zhangSan) }
            assertNull(first.card().takeover)
            first.resident.sync()
            val takeover = assertNotNull(first.card().takeover)
            assertEquals(at(12, 9), takeover.from)
            // What has come too late, or twice, is refused by itself.
            repeat(2) {
                world.pass(Duration.ofMinutes(1))
                first.resident.answer(first.subject, takeover, allow = false)
            }
            val report = first.resident.sync()
            assertEquals(1u to 1u, report.accepted to report.refused)
            assertNull(first.card().takeover)
            val answers =
                first.resident
                    .journalEntries(first.subject)
                    .toList()
                    .mapNotNull { it.event as? JournalEvent.Answered }
            assertEquals(listOf(takeover.key to false, takeover.key to false), answers.map { it.key to it.allow })
            assertIs<EntryOutcome.Accepted>(answers[0].outcome)
            val refused = assertIs<EntryOutcome.Refused>(answers[1].outcome)
            assertTrue(refused.problem == "invalid" && refused.text.zh.isNotEmpty() && refused.text.en.isNotEmpty())

            val told = second.resident.sync().problems
            assertEquals(listOf("unknown-subject"), told.map { it.problem })
            assertEquals(SubjectState.Unknown, second.card().state)
            world.goTo(at(13, 9))
            first.tap()
            first.resident.sync()
            assertEquals(SubjectState.Active to Colour.YELLOW, first.card().run { state to colour })
            first.close()
            second.close()
        }

    @Test
    fun `a widget looks at the file beside the app, and cannot write`() =
        onStage {
            val ports = Ports(MemoryVault(7), PhoneClock(world))
            val none =
                assertFailsWith<HealthcodeException.Storage> { Resident.openReadOnly(config("phone.db"), ports) }
            assertEquals(StorageKind.UNREACHABLE, none.kind)
            val phone = phone().also { it.becomeYellow() }
            phone.tap()
            Resident.openReadOnly(config("phone.db"), ports).use { widget ->
                assertEquals(1u, widget.home().sync.waiting)
                assertEquals(Colour.YELLOW, widget.code(phone.subject).colour)
                assertEquals(1.toUShort(), widget.quarantine(phone.subject)?.counted)
                assertEquals(listOf("contact", "symptoms"), widget.form().questions.map { it.id })
                phone.resident.sync()
                assertEquals(
                    0u,
                    widget
                        .homes()
                        .first()
                        .sync.waiting,
                )
                val refused = assertFailsWith<HealthcodeException.Storage> { widget.checkIn(phone.subject) }
                assertEquals(StorageKind.READ_ONLY, refused.kind)
            }
            phone.tap()
            phone.close()
        }

    @Test
    fun `the device's own clock counts on, and is the clock of ports without another`() =
        onStage {
            val clock = systemClock()
            val first = clock.read()
            Thread.sleep(20)
            val second = clock.read()
            assertEquals(Path.of("/proc/sys/kernel/random/boot_id").readText().trim(), first.bootId)
            assertEquals(first.bootId, second.bootId)
            assertTrue(second.bootMillis - first.bootMillis in 10..10_000)
            assertTrue(abs(Duration.between(first.wall, Instant.now()).seconds) < 60)
            open(Ports(MemoryVault(7))).use { assertFalse(it.home().time.sure) }
        }

    @Test
    fun `a phone that was restarted says that it does not know the day, until it has synced`() =
        onStage {
            phone().use { phone ->
                phone.becomeYellow()
                assertNull(phone.time().notice)
                world.goTo(at(12, 9))
                phone.clock.restart()
                val notice = assertNotNull(phone.time().notice)
                assertEquals(TimeNoticeKind.DAY_UNKNOWN, notice.kind)
                for (text in listOf(notice.what, notice.action)) {
                    assertTrue(text.zh.isNotBlank() && text.en.isNotBlank())
                    assertNotEquals(text.zh, text.en)
                }
                phone.tap()
                phone.resident.sync()
                assertNull(phone.time().notice)
            }
        }

    private fun Phone.time() = resident.home().time

    private suspend fun Stage.open(vault: Vault) = open(Ports(vault, PhoneClock(world)))

    private suspend fun Stage.open(ports: Ports) = Resident.open(config("phone.db"), ports)

    private suspend fun Stage.erase(vault: Vault) =
        Resident.eraseDatabase(config("phone.db"), Ports(vault, PhoneClock(world)))

    /** The days that the command line finds in a proof, with the trust list and the root key alone. */
    private fun Stage.days(proof: String): String {
        val list = folder.resolve("trust-list.cbor")
        list.writeBytes(URI("${server.url}/.well-known/healthcode/trust-list.cbor").toURL().readBytes())
        val file = folder.resolve("proof.json").apply { writeText(proof) }
        val root = HexFormat.of().formatHex(server.rootKey)
        val said = healthcode("--json", "proof", "verify", "$file", "--trust-list", "$list", "--root-key", root)
        file.deleteIfExists()
        return said.substringAfter("\"days\":").substringBefore("]") + "]"
    }

    /** A vault that remembers what it was to seal. */
    private class RememberingVault : MemoryVault(7) {
        val secrets = CopyOnWriteArrayList<ByteArray>()

        override fun seal(plain: ByteArray): ByteArray = super.seal(plain).also { secrets += plain.copyOf() }
    }
}
