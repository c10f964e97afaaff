package dev.healthcode.demo

import dev.healthcode.Checkpoint
import dev.healthcode.Lane
import dev.healthcode.MemoryVault
import dev.healthcode.PhoneClock
import dev.healthcode.Ports
import dev.healthcode.Resident
import dev.healthcode.Stage
import dev.healthcode.demo.state.AppState
import dev.healthcode.demo.state.Openers
import dev.healthcode.demo.state.Opening
import dev.healthcode.demo.state.SavedState
import dev.healthcode.demo.state.Session
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.job
import kotlinx.coroutines.runBlocking
import java.io.File
import java.nio.file.Path
import kotlin.io.path.exists
import kotlin.io.path.readSymbolicLink

/** A phone with the app on it: real files, the real library, and the stage's time and server. */
internal class Desk(
    private val stage: Stage,
    private val file: String = "phone.db",
) : AutoCloseable {
    val device = NotedDevice()
    val clock = PhoneClock(stage.world)

    /** Which key the phone's vault has: another one is another vault. */
    var vault: Byte = 7

    private val openers =
        object : Openers {
            override suspend fun resident() = Resident.open(stage.config(file), ports(vault))

            override suspend fun checkpoint(lane: Lane) = Checkpoint.open(stage.config("gate-$file"), ports(9), lane)

            override suspend fun eraseCheckpoint() = Resident.eraseDatabase(stage.config("gate-$file"), ports(9))

            override suspend fun eraseResident() = Resident.eraseDatabase(stage.config(file), ports(vault))
        }

    private var scope = scope()

    /** The app in this process. */
    var app = start(SavedState())
        private set

    /** The open file's session. */
    val session: Session get() = (app.opening.value as Opening.Open).session

    /** What the camera's screens take a text with, while one is open. */
    @Volatile var camera: ((String) -> Unit)? = null

    /** The file, once it is open or has failed. */
    suspend fun opened() = app.opening.first { it !is Opening.Under }

    /** Ends the app's process and starts it again with what the platform kept: the few words of [SavedState]. */
    fun die() {
        val kept = app.saved.all()
        end()
        scope = scope()
        app = start(SavedState(kept))
    }

    private fun start(saved: SavedState) = AppState(openers, scope, saved).also { it.seen(true) }

    private fun ports(key: Byte) = Ports(MemoryVault(key), clock)

    private fun scope() = CoroutineScope(SupervisorJob() + Dispatchers.Default.limitedParallelism(1))

    /**
     * What the end of a process does: all that is under way stops, and the file is closed. An exchange that still runs
     * would hold the file open, and the next opening would join it with its key instead of asking the vault.
     */
    private fun end() {
        runBlocking { scope.coroutineContext.job.cancelAndJoin() }
        (app.opening.value as? Opening.Open)?.session?.resident?.close()
        val path = stage.folder.resolve(file).toRealPathIfThere() ?: return
        val until = System.nanoTime() + CLOSING_NANOS
        while (isOpen(path)) {
            check(System.nanoTime() < until) { "$file is closed with the process" }
            Thread.sleep(1)
        }
    }

    /** Linux lists which files this process has open; elsewhere it is taken for granted. */
    private fun isOpen(path: Path): Boolean =
        File("/proc/self/fd").listFiles().orEmpty().any {
            runCatching { it.toPath().readSymbolicLink() }.getOrNull() ==
                path
        }

    private fun Path.toRealPathIfThere() = takeIf { it.exists() }?.toRealPath()

    override fun close() = end()

    private companion object {
        const val CLOSING_NANOS = 20_000_000_000
    }
}
