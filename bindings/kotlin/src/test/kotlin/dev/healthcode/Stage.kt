package dev.healthcode

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import java.nio.file.FileSystemException
import java.nio.file.Files
import java.nio.file.Path
import java.time.Instant
import java.time.LocalDate
import kotlin.io.path.ExperimentalPathApi
import kotlin.io.path.createDirectory
import kotlin.io.path.createTempFile
import kotlin.io.path.deleteRecursively
import kotlin.io.path.writeBytes
import kotlin.io.path.writeText

/**
 * A server process in virtual time, and a folder for the phones' files; all of it ends with the test. With a [witness]
 * a second authority's server signs for the first one's log of exposure notices.
 */
internal class Stage(
    start: Instant,
    witness: Boolean = false,
) : AutoCloseable {
    val folder: Path = Files.createTempDirectory("healthcode")
    val world = World(start)
    val server: ServerProcess
    val second: ServerProcess?

    init {
        val clock = folder.resolve("clock")
        world.serve(clock)
        second = if (witness) ServerProcess(folder.resolve("second").createDirectory(), clock, shenzhen) else null
        val asked = second?.let { listOf("--peer", entry(it), "--witness", it.url) }
        server = ServerProcess(folder, clock, asked.orEmpty())
        second?.let {
            it.close()
            it.arguments += listOf("--peer", entry(server))
            it.start()
        }
    }

    /** An authority's entry, for the list of another one. */
    private fun entry(of: ServerProcess): String =
        createTempFile(folder, "issuer").apply { writeBytes(of.issuer()) }.toString()

    /** Publishes an exposure notice (JSON) that the second authority signs for. */
    fun publish(notice: String) {
        val file = createTempFile(folder, "notice").apply { writeText(notice) }
        server.command("notice", "publish", "$file", "--witness", checkNotNull(second).url)
    }

    /** Withdraws an exposure notice. */
    fun withdraw(number: UInt) {
        server.command("notice", "withdraw", "$number", "--witness", checkNotNull(second).url)
    }

    /** What an app of this server is built with. */
    fun config(
        file: String,
        server: String = this.server.url,
    ) = config(folder.resolve(file), server, this.server.rootKey)

    /** Opens a resident's phone. */
    suspend fun phone(
        file: String = "phone.db",
        server: String = this.server.url,
        io: CoroutineDispatcher = Dispatchers.IO,
    ): Phone {
        val clock = PhoneClock(world)
        return Phone(Resident.open(config(file, server), Ports(MemoryVault(7), clock), io), clock, this)
    }

    /** Opens a checkpoint's phone. */
    suspend fun gate(io: CoroutineDispatcher = Dispatchers.IO): Checkpoint =
        Checkpoint.open(config("gate.db"), Ports(MemoryVault(9), PhoneClock(world)), "North gate", io)

    override fun close() {
        server.close()
        second?.close()
        world.close()
        delete(folder)
    }

    /** What was cut off closes its file a moment later, and SQLite deletes then what lies beside it: so does this. */
    @OptIn(ExperimentalPathApi::class)
    private fun delete(folder: Path) {
        repeat(ATTEMPTS) {
            try {
                return folder.deleteRecursively()
            } catch (_: FileSystemException) {
                Thread.sleep(PAUSE_MILLIS)
            }
        }
        folder.deleteRecursively()
    }

    private companion object {
        const val ATTEMPTS = 40
        const val PAUSE_MILLIS = 50L
        val shenzhen = listOf("--issuer-id", "shenzhen")
    }
}

/** A resident's phone, on which one person is enrolled. */
internal class Phone(
    val resident: Resident,
    val clock: PhoneClock,
    private val stage: Stage,
) : AutoCloseable by resident {
    lateinit var subject: String

    /** Enrols a person, and syncs. */
    suspend fun enrol(identity: IdentityForm) {
        resident.requestOneTimeCode(identity)
        subject = resident.enrol(stage.server.oneTimeCode()).subject
        resident.sync()
    }

    /** Enrols the person who was in a high-risk area, who declares it: yellow. */
    suspend fun becomeYellow() {
        enrol(zhangSan)
        resident.declare(subject, stayInWuhan)
        resident.sync()
    }

    /** Enrols the person of whom nothing is known, who declares nothing: green. */
    suspend fun becomeGreen() {
        enrol(liSi)
        resident.declare(subject, atHome)
        resident.sync()
    }

    suspend fun tap() = resident.checkIn(subject)

    suspend fun code(challenge: String? = null) = resident.code(subject, challenge)

    fun quarantine() = checkNotNull(resident.quarantine(subject)) { "an order is in force" }

    fun card() = resident.home().subjects.single()
}

/** Plays a test on a stage of its own. */
internal fun onStage(
    start: Instant = at(11, 9),
    witness: Boolean = false,
    play: suspend Stage.() -> Unit,
) {
    Stage(start, witness).use { stage -> runBlocking(Dispatchers.Default) { stage.play() } }
}

internal fun config(
    database: Path,
    server: String,
    rootKey: ByteArray,
) = Config(
    database = database.toString(),
    server = server,
    issuer = "hangzhou",
    rootKeys = listOf(rootKey),
    builtAt = at(1, 0),
)

/** The person of the server's records who was in a high-risk area. */
internal val zhangSan = IdentityForm("张三", "resident-id", "11010519491231002X", "+8613800138000", "330100")

/** A person of the records of whom nothing is known. */
internal val liSi = IdentityForm("李四", "resident-id", "440524188001010014", "+8613900139000", "330100")

/** A person of the records who was near a case. */
internal val wangWu = IdentityForm("王五", "resident-id", "330106198803152718", "+8613700137001", "330106")

/** A declaration of nothing. */
internal val atHome =
    DeclarationInput(
        listOf(
            AnswerInput("contact", AnswerValue.YesNo(false)),
            AnswerInput("symptoms", AnswerValue.Any(emptyList())),
        ),
    )

/** A declaration of a stay in a high-risk area. */
internal val stayInWuhan = atHome.copy(travel = listOf(StayInput("420100", LocalDate.of(2020, 1, 29), february(8))))

/** A train of 9 February that carried a case in carriages 6 to 8, as a passenger types it in. */
internal fun trip(carriage: UShort?) =
    TripInput(TransportMode.TRAIN, "g7315", february(9), carriage, "310000", "330100")

/** Waits for what another thread is about to do. */
internal suspend fun eventually(
    what: String,
    holds: () -> Boolean,
) {
    val until = System.nanoTime() + 60_000_000_000
    while (!holds()) {
        check(System.nanoTime() < until) { "$what: not within a minute" }
        delay(5)
    }
}
