package dev.healthcode

import java.net.URI
import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

/**
 * The reference server as a process of its own over a database in [folder], which outlives the process. Its time is
 * the socket's, or the system's without one.
 *
 * @property arguments what else it is told when it starts
 */
internal class ServerProcess(
    private val folder: Path,
    private val clock: Path?,
    var arguments: List<String> = emptyList(),
) : AutoCloseable {
    private lateinit var process: Process
    private lateinit var lines: LinkedBlockingQueue<String>

    lateinit var rootKey: ByteArray
        private set
    private var port = 0

    init {
        start()
    }

    val url get() = "http://127.0.0.1:$port"

    /** Starts it, or starts it again at the same address. */
    fun start() {
        val command =
            listOf(binary(), "serve", "--listen", "127.0.0.1:$port") + files() + arguments
        process = ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start()
        val (started, said) = process to LinkedBlockingQueue<String>()
        lines = said
        thread(isDaemon = true, name = "server-lines") {
            runCatching { started.inputStream.bufferedReader().forEachLine(said::put) }
        }
        port = checkNotNull(line(20_000)) { "the server says where it listens" }.substringAfterLast(':').toInt()
        val root = checkNotNull(line(20_000)) { "the server names its root key" }.substringAfterLast(' ')
        rootKey = root.chunked(2) { it.toString().toInt(16).toByte() }.toByteArray()
    }

    /** The digits of the next one-time code that the server's console shows. */
    fun oneTimeCode() = checkNotNull(line(60_000)) { "a code comes to the number on record" }.substringAfterLast(' ')

    /** What a command line about this server's files says, which must end well. */
    fun command(vararg words: String) = healthcode(*words, *files().toTypedArray())

    /** Its entry in a trust list, as it publishes it. */
    fun issuer(): ByteArray = URI("$url/.well-known/healthcode/issuer.cbor").toURL().readBytes()

    private fun files() = listOf("--database", "$folder/server.db") + clock?.let { listOf("--clock", "$it") }.orEmpty()

    /** Kills the process: it runs nothing more. */
    override fun close() {
        process.destroyForcibly().waitFor()
    }

    private fun line(millis: Long) = lines.poll(millis, TimeUnit.MILLISECONDS)
}

/** What the command line says, which must end well. */
internal fun healthcode(vararg words: String): String {
    val process = ProcessBuilder(listOf(binary()) + words).start()
    val said = process.inputStream.bufferedReader().readText()
    val complaint = process.errorStream.bufferedReader().readText()
    check(process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0) { said + complaint }
    return said
}

private fun binary() = checkNotNull(System.getProperty("healthcode.binary")) { "the build names the command line" }
