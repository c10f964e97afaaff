package dev.healthcode

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Test
import java.net.URI
import java.nio.file.Path
import java.time.Duration
import java.util.Locale
import kotlin.io.path.readText
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** A lane in its hours: with a policy, with its evidence, with a network and without. */
internal class GateTest {
    @Test
    fun `a code that is too old brings the challenge to show with it, and the answer passes`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val gate = gate().also { it.sync() }
            val picture = phone.code().text
            world.pass(Duration.ofMinutes(2))
            val asked = gate.verify(picture)
            assertEquals(AskReason.OLDER, assertIs<Verdict.AskForAnswer>(asked.verdict).reason)
            assertEquals("Ask the person to scan this phone's challenge", asked.action.inLanguageOf(Locale.ENGLISH))
            assertEquals("请对方扫描本机的验证码", asked.action.inLanguageOf(Locale.CHINA))
            val challenge = assertNotNull(asked.challenge)
            assertEquals(Duration.ofMinutes(1), challenge.validFor)
            assertTrue(challenge.png().size > 100)
            assertEquals(
                challenge.text,
                gate.verify(picture).challenge?.text,
                "the one that is open stays on the display",
            )
            val passed = gate.verify(phone.code(challenge.text).text)
            assertFalse(assertIs<Verdict.Pass>(passed.verdict).extended)
            assertNull(passed.challenge)
            gate.close()
            phone.close()
        }

    @Test
    fun `a yellow resident goes home through a residential gate and not out of it`() =
        onStage {
            val phone = phone().also { it.becomeYellow() }
            val lane = lane(Lane("Estate, east", policy = "residential"))
            assertNull(lane.status().policy)
            lane.sync()
            val status = lane.status()
            assertEquals("Residential gate", status.policy?.name?.en)
            assertEquals(listOf("residential", "highway-toll", "railway-station"), status.policies.map { it.id })
            assertEquals(1u, status.policyVersion)

            world.pass(Duration.ofSeconds(5))
            val home = assertIs<Verdict.CompareCard>(lane.verify(phone.code().text).verdict)
            assertEquals(Colour.YELLOW to CardReason.POLICY, home.colour to home.reason)
            assertFalse(home.extended)
            world.pass(Duration.ofSeconds(5))
            val out = assertIs<Verdict.Stop>(lane.verify(phone.code().text, Direction.OUT).verdict)
            assertEquals(Colour.YELLOW, out.colour)
            lane.close()
            phone.close()
        }

    @Test
    fun `a lane that shows no challenge compares the card where its policy is content with it`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val lane = lane(Lane("Estate, west", policy = "residential", showsChallenges = false)).also { it.sync() }
            val picture = phone.code().text
            world.pass(Duration.ofMinutes(2))
            val scan = lane.verify(picture)
            assertEquals(CardReason.NO_ANSWER, assertIs<Verdict.CompareCard>(scan.verdict).reason)
            assertNull(scan.challenge)
            lane.close()
            phone.close()
        }

    @Test
    fun `a lane whose policy did not come judges by no other`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val lane = lane(Lane("Harbour", policy = "harbour")).also { it.sync() }
            assertNull(lane.status().policy)
            world.pass(Duration.ofSeconds(1))
            assertEquals(Verdict.ConnectFirst(Side.GATE), lane.verify(phone.code().text).verdict)
            lane.close()
            phone.close()
        }

    @Test
    fun `a sync brings the status lists, with the hours until which they tell something`() =
        onStage {
            val gate = gate()
            assertEquals(emptyList(), gate.status().statusLists)
            val report = gate.sync()
            val lists = gate.status().statusLists
            assertTrue(lists.isNotEmpty())
            assertEquals(lists.size.toUInt(), report.statusLists)
            for (list in lists) {
                assertEquals("hangzhou", list.issuer)
                assertEquals(world.now, list.issuedAt)
                assertTrue(list.issuedAt < list.refreshAt && list.refreshAt < list.expiresAt)
            }
            assertEquals(0u, gate.sync().statusLists, "what is fresh is not fetched again")
            world.goTo(lists.maxOf { it.refreshAt })
            assertEquals(report.statusLists, gate.sync().statusLists)
            gate.close()
        }

    @Test
    fun `verdicts are counted by the hour, a code in view once`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val gate = gate().also { it.sync() }
            assertEquals(emptyList(), gate.counts())
            world.pass(Duration.ofSeconds(1))
            val code = phone.code().text
            repeat(20) { assertIs<Verdict.Pass>(gate.verify(code).verdict) }
            gate.verify("https://example.org/")
            world.goTo(at(11, 10))
            gate.verify(phone.code().text)
            val counts =
                listOf(
                    HourCount(at(11, 9), "not_a_health_code", 1u, february(11)),
                    HourCount(at(11, 9), "pass", 1u, february(11)),
                    HourCount(at(11, 10), "pass", 1u, february(11)),
                )
            assertEquals(counts, gate.counts())
            gate.close()
            gate().use { assertEquals(counts, it.counts(), "they outlive the app") }
            phone.close()
        }

    @Test
    fun `what a server publishes is loaded by hand where the network is down`() =
        onStage {
            val online = gate().use { it.apply { sync() }.status() }
            val list = online.statusLists.first().number
            val trustList = published("trust-list.cbor")
            val gate = Checkpoint.open(config("offline.db", deserted()), ports(), Lane("Pass", "residential"))
            val garbage =
                listOf("", "garbage", "H6:A", "https://example.org/").map { it.toByteArray() } + ByteArray(1 shl 20)
            for (document in garbage) assertEquals("not-a-document", gate.refused(document))
            assertEquals("not-signed", gate.refused(published("status/$list")), "nobody vouches for its key yet")
            val altered = trustList.copyOf().also { it[it.size - 1] = (it.last() + 1).toByte() }
            assertEquals("not-signed", gate.refused(altered))
            assertNull(gate.status().trustListVersion)

            assertEquals(Loaded.TRUST_LIST, gate.load(trustList))
            assertEquals(Loaded.STATUS_LIST, gate.load(published("status/$list")))
            assertEquals(Loaded.POLICIES, gate.load(published("policy.cbor")))
            val status = gate.status()
            assertEquals(online.trustListVersion, status.trustListVersion)
            assertEquals(online.policyVersion, status.policyVersion)
            assertEquals(listOf("hangzhou" to list), status.statusLists.map { it.issuer to it.number })
            assertEquals("residential", status.policy?.id)
            assertEquals(GateTimeState.NONE, status.time, "no document tells the time")
            gate.close()
        }

    @Test
    fun `an app that was built with older roots is led on to those of today, by the network or by hand`() =
        onStage {
            val old = config("old.db").copy(rootVersion = 0u)
            Checkpoint.open(old, ports(), "North gate").use {
                assertEquals(0u, it.status().rootVersion)
                it.sync()
                assertEquals(1u, it.status().rootVersion)
            }
            val offline = config("offline.db", deserted()).copy(rootVersion = 0u)
            Checkpoint.open(offline, ports(), "North gate").use {
                assertEquals("not-signed", it.refused(published("trust-list.cbor")))
                assertEquals(Loaded.ROOT_SET, it.load(published("root/1.cbor")))
                assertEquals(0u, it.status().rootVersion, "it waits for a list that it signed")
                assertEquals(Loaded.TRUST_LIST, it.load(published("trust-list.cbor")))
                assertEquals(1u, it.status().rootVersion)
            }
        }

    @Test
    fun `an outage notice from a code on the wall lets a resident pass whose token has expired`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val (root, bytes, text) = outage()
            val own = config("gate.db")
            val gate = Checkpoint.open(own.copy(rootKeys = own.rootKeys + root), ports(), "North gate")
            world.goTo(at(11, 15))
            gate.sync()
            server.close()

            world.goTo(at(14, 10))
            // After a day without a server a gate's time is the staff's word, and codes answer it.
            assertEquals(GateTimeState.CONFIRM_DATE, gate.status().time)
            gate.confirmDate(february(14))
            val expired = phone.code()
            assertTrue(expired.expired)
            assertIs<Verdict.Renew>(gate.verify(expired.text).verdict)
            assertEquals(Verdict.NotAHealthCode(Foreign.OUTAGE_NOTICE), gate.verify(text).verdict)
            assertEquals(Loaded.OUTAGE_NOTICE, gate.load(text))
            assertEquals(listOf(OutageState("hangzhou", 48u, at(20, 0))), gate.status().outages)
            world.pass(Duration.ofSeconds(5))
            val challenge = assertNotNull(gate.verify(phone.code().text).challenge)
            val passed = assertIs<Verdict.Pass>(gate.verify(phone.code(challenge.text).text).verdict)
            assertTrue(passed.extended)
            assertEquals(at(16, 9), passed.validUntil)

            // The bytes say the same as the text; of another root they say nothing.
            assertEquals(Loaded.OUTAGE_NOTICE, gate.load(bytes))
            val other = Checkpoint.open(config("other.db", deserted()), ports(), "South gate")
            assertEquals("not-signed", other.refused(bytes))
            assertEquals(emptyList(), other.status().outages)
            other.close()
            gate.close()
            phone.close()
        }

    @Test
    fun `a phone keeps who asked it for an answer, until it is told to forget`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val gate = gate()
            assertEquals(emptyList(), phone.resident.answeredChallenges(phone.subject))
            phone.code()
            phone.code(gate.challenge().text)
            world.pass(Duration.ofMinutes(5))
            phone.code(gate.challenge().text)
            val answered = phone.resident.answeredChallenges(phone.subject)
            assertEquals(List(2) { "North gate" }, answered.map { it.gate })
            assertEquals(listOf(at(11, 9), at(11, 9, 5)), answered.map { it.at })
            assertTrue(answered.all { it.timeSure && it.colour == Colour.GREEN })
            assertFailsWith<HealthcodeException.UnknownSubject> { phone.resident.answeredChallenges("00".repeat(16)) }
            assertFailsWith<HealthcodeException.UnknownSubject> {
                phone.resident.forgetAnsweredChallenges("00".repeat(16))
            }
            phone.resident.forgetAnsweredChallenges(phone.subject)
            assertEquals(emptyList(), phone.resident.answeredChallenges(phone.subject))
            gate.close()
            phone.close()
        }

    @Test
    fun `a person is told what a code reveals, and what it does not`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val shown = explainDisclosure(phone.code().text)
            assertEquals(DisclosureKind.PhoneCode, shown.kind)
            assertTrue(shown.linkable && shown.withholds.isNotEmpty())
            val values = shown.reveals.associate { it.name to it.value.en }
            assertEquals("0014", values["id-tail"])
            assertFalse(values.values.any { "李四" in it || "440524" in it })
            gate().use {
                val asked = explainDisclosure(it.challenge().text)
                assertEquals(DisclosureKind.Challenge, asked.kind)
                assertTrue(asked.reveals.any { item -> item.value.en == "North gate" })
            }
            val url = explainDisclosure("https://example.org/")
            assertEquals(DisclosureKind.Foreign(Foreign.URL), url.kind)
            assertEquals(emptyList(), url.reveals)
            val cut = assertFailsWith<HealthcodeException.InvalidField> { explainDisclosure("H1:abc") }
            assertEquals("text" to "base45", cut.field to cut.reason)
            phone.close()
        }

    private suspend fun Stage.lane(lane: Lane) = Checkpoint.open(config("lane.db"), ports(), lane)

    private fun Stage.ports() = Ports(MemoryVault(9), PhoneClock(world))

    private fun Stage.published(name: String) = URI("${server.url}/.well-known/healthcode/$name").toURL().readBytes()

    /** The reason why a document is refused. */
    private suspend fun Checkpoint.refused(document: ByteArray): String {
        val refused = assertFailsWith<HealthcodeException.InvalidField> { load(document) }
        assertEquals("document", refused.field)
        return refused.reason
    }

    /** The notice of the vectors: the root key that signed it, its bytes, and the text of its QR code. */
    private fun outage(): Triple<ByteArray, ByteArray, String> {
        val vectors = checkNotNull(System.getProperty("healthcode.vectors")) { "the build names the vectors" }
        val tokens = Json.parseToJsonElement(Path.of(vectors, "tokens.json").readText()).jsonObject
        val outage = tokens.getValue("outage").jsonObject
        val word = { json: JsonObject, name: String -> json.getValue(name).jsonPrimitive.content }
        val root = word(outage.getValue("root").jsonObject, "cose_key")
        return Triple(root.hex(), word(outage, "notice").hex(), word(outage, "text"))
    }

    private fun String.hex() = chunked(2).map { it.toInt(16).toByte() }.toByteArray()
}
