package dev.healthcode

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.launchIn
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Test
import java.lang.reflect.Modifier
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.TimeUnit
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.seconds

/** How objects begin and end, and how many share a file. */
internal class LifetimeTest {
    private val nowhere = Transport { throw AssertionError("a closed object sends nothing") }

    private val calls: Map<String, suspend Resident.() -> Any?> =
        mapOf(
            "home" to { home() },
            "homes" to { homes().first() },
            "syncState" to { syncState().first() },
            "code" to { code("00".repeat(16)) },
            "codes" to { codes("00".repeat(16)).first() },
            "quarantine" to { quarantine("00".repeat(16)) },
            "form" to { form() },
            "checkIdentity" to { checkIdentity(liSi) },
            "preview" to { preview("00".repeat(16), atHome) },
            "record" to { record("00".repeat(16), Entry.Declaration(atHome)) },
            "declare" to { declare("00".repeat(16), atHome) },
            "checkIn" to { checkIn("00".repeat(16)) },
            "answer" to { answer("00".repeat(16), Takeover("00", at(12, 9)), allow = false) },
            "journal" to { journal("00".repeat(16)) },
            "journalEntries" to { journalEntries("00".repeat(16)).first() },
            "quarantineProof" to { quarantineProof("00".repeat(16)) },
            "answeredChallenges" to { answeredChallenges("00".repeat(16)) },
            "forgetAnsweredChallenges" to { forgetAnsweredChallenges("00".repeat(16)) },
            "recordTrip" to { recordTrip("00".repeat(16), trip(7u)) },
            "enterVenue" to { enterVenue("00".repeat(16), "H4:") },
            "leaveVenue" to { leaveVenue("00".repeat(16), "1") },
            "whereabouts" to { whereabouts("00".repeat(16)) },
            "forgetWhereabouts" to { forgetWhereabouts("00".repeat(16)) },
            "exposures" to { exposures("00".repeat(16)) },
            "answerExposure" to { answerExposure("00".repeat(16), "1-1-0", ExposureAnswer.TELL) },
            "noticeState" to { noticeState() },
            "fetchNotices" to { fetchNotices() },
            "fetchNotices over a transport" to { fetchNotices(nowhere) },
            "scan of a venue's code" to { scan("H4:AA") },
            "export" to { export() },
            "erase" to { erase("00".repeat(16)) },
            "eraseEverything" to { eraseEverything() },
            "requestOneTimeCode" to { requestOneTimeCode(liSi) },
            "requestOneTimeCode over a transport" to { requestOneTimeCode(liSi, nowhere) },
            "enrol" to { enrol("123456") },
            "enrol over a transport" to { enrol("123456", nowhere) },
            "sync" to { sync() },
            "sync over a transport" to { sync(nowhere) },
        )

    private val gateCalls: Map<String, suspend Checkpoint.() -> Any?> =
        mapOf(
            "verify" to { verify("H1:") },
            "challenge" to { challenge() },
            "confirmDate" to { confirmDate(february(11)) },
            "status" to { status() },
            "counts" to { counts() },
            "load" to { load(ByteArray(0)) },
            "load of a text" to { load("H6:") },
            "sync" to { sync() },
            "sync over a transport" to { sync(nowhere) },
        )

    @Test
    fun `every call of a closed object ends with Closed, and closing twice is well`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }.resident
            phone.close()
            phone.close()
            for ((name, call) in calls) {
                assertIs<HealthcodeException.Closed>(runCatching { phone.call() }.exceptionOrNull(), name)
            }
            val gate = gate().also { it.sync() }
            gate.close()
            gate.close()
            for ((name, call) in gateCalls) {
                assertIs<HealthcodeException.Closed>(runCatching { gate.call() }.exceptionOrNull(), name)
            }
        }

    @Test
    fun `the test above knows every call`() {
        assertEquals(methods<Resident>() + extensions, calls.keys.map { it.substringBefore(' ') }.toSet())
        assertEquals(methods<Checkpoint>(), gateCalls.keys.map { it.substringBefore(' ') }.toSet())
    }

    @Test
    fun `closing ends what is under way`() =
        onStage {
            phone().use { it.becomeGreen() }
            SilentServer().use { silent ->
                val phone = phone(server = silent.url)
                coroutineScope {
                    val sync = async(Dispatchers.Default) { runCatching { phone.resident.sync() } }
                    val homes = async { runCatching { phone.resident.homes().collect { } } }
                    silent.awaitCall()
                    phone.close()
                    withTimeout(60.seconds) {
                        assertIs<HealthcodeException.Closed>(sync.await().exceptionOrNull())
                        assertIs<HealthcodeException.Closed>(homes.await().exceptionOrNull())
                    }
                }
                silent.awaitEnd()
            }
        }

    @Test
    fun `calls that run into a close end rightly or with Closed`() =
        onStage {
            phone().use { it.becomeGreen() }
            repeat(10) {
                val phone = phone()
                coroutineScope {
                    val calls =
                        List(8) {
                            async(Dispatchers.IO) {
                                runCatching { repeat(20) { phone.resident.home() } }.exceptionOrNull()
                            }
                        }
                    launch(Dispatchers.IO) { phone.close() }
                    for (error in calls.awaitAll()) {
                        assertTrue(error == null || error is HealthcodeException.Closed, "$error")
                    }
                }
            }
        }

    @Test
    fun `the same file opened twice is one phone, and closing one object leaves the other working`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            // A link to the folder is another way to the same file.
            val link = Files.createSymbolicLink(folder.resolve("link"), folder)
            val other = phone("$link/phone.db")
            coroutineScope {
                val seen = CopyOnWriteArrayList<UInt>()
                val watching =
                    other.resident
                        .homes()
                        .onEach { seen += it.sync.waiting }
                        .launchIn(this)
                eventually("the first screen comes") { seen.isNotEmpty() }
                phone.tap()
                eventually("a record through one is seen by the other") { seen.last() == 1u }
                watching.cancel()
            }
            phone.close()
            assertEquals(1u, other.resident.sync().accepted)
            other.close()
            phone().use {
                assertEquals(
                    0u,
                    it.resident
                        .home()
                        .sync.waiting,
                )
            }
        }

    @Test
    fun `another process is told that the file is busy, until it is closed here`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            assertEquals("storage: BUSY", inAnotherProcess(this))
            phone.close()
            assertEquals("opened 1", inAnotherProcess(this))
        }

    private inline fun <reified T> methods() =
        T::class.java.declaredMethods
            .filter { Modifier.isPublic(it.modifiers) && !it.isSynthetic && !Modifier.isStatic(it.modifiers) }
            .map { it.name }
            // What is internal has the module in its name.
            .filter { '$' !in it }
            .toSet() - "close"

    /** What a resident's phone can do by extensions. */
    private val extensions =
        Class
            .forName("dev.healthcode.ExposuresKt")
            .declaredMethods
            .filter { it.parameterTypes.firstOrNull() == Resident::class.java && '$' !in it.name }
            .map { it.name }
            .toSet()

    private fun inAnotherProcess(stage: Stage): String {
        val classes = System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        val library = "-Djna.library.path=${System.getProperty("jna.library.path")}"
        val root = stage.server.rootKey.joinToString(",")
        val file = stage.folder.resolve("phone.db").toString()
        val child =
            ProcessBuilder(java, library, "-cp", classes, OtherProcess::class.java.name, file, stage.server.url, root)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start()
        val said =
            child.inputStream
                .bufferedReader()
                .readText()
                .trim()
        check(child.waitFor(30, TimeUnit.SECONDS))
        return said
    }
}

/** Opens the file that it is given, and says what came of it. */
internal object OtherProcess {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val (file, url, root) = arguments
        val key = root.split(',').map { it.toByte() }.toByteArray()
        val said =
            try {
                val ports = Ports(MemoryVault(7), PhoneClock(World(at(11, 10))))
                runBlocking { Resident.open(config(Path.of(file), url, key), ports) }
                    .use { "opened ${it.home().subjects.size}" }
            } catch (error: HealthcodeException) {
                error.message
            }
        println(said)
    }
}
