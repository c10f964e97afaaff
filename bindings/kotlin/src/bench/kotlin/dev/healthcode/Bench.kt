package dev.healthcode

import dev.healthcode.crash.Card
import dev.healthcode.crash.echo
import dev.healthcode.crash.nothing
import kotlinx.coroutines.runBlocking
import java.nio.file.Path
import java.time.ZoneOffset
import java.util.Locale

/**
 * What the border costs, as ratios to an empty call: these hold on another machine too, microseconds do not. Nothing
 * is asserted. It is run by tests/steps/bench-kotlin.sh and by no test.
 */
internal object Bench {
    @JvmStatic
    fun main(arguments: Array<String>) =
        onStage {
            overhead()
            ColdStart.measure(this)
        }

    private suspend fun Stage.overhead() {
        val phone = phone().also { it.becomeYellow() }
        repeat(3) { day ->
            world.goTo(at(11 + day, 10))
            phone.tap()
            phone.resident.sync()
        }
        val native = openNativeResident(config("phone.db"), Ports(MemoryVault(7), phone.clock))
        val gate = gate().also { it.sync() }
        val subject = phone.subject
        val card = Card(subject, "张*", List(14) { it.toUShort() }, 3u)
        val taps = List(7) { Tap(at(11 + it, 10), at(11 + it, 10), at(11 + it, 10)) }
        val text = phone.code().text
        val empty = microseconds { nothing() }
        println("%-44s %10s %10s".format("", "ratio", "µs"))
        for ((name, call) in listOf<Pair<String, () -> Unit>>(
            "empty call" to { nothing() },
            "record there and back" to { echo(card) },
            "today's code with its matrix" to { native.code(subject) },
            "the same from a coroutine" to { runBlocking { phone.code() } },
            "a quarantine of seven days counted" to { countQuarantine(ORDER, taps, at(17, 12)) },
            "progress of a subject" to { phone.quarantine() },
            "first screen" to { phone.resident.home() },
            "a picture (PNG, 8 pixels a module)" to { drawPng(text, Shade.YELLOW) },
            "verdict on a code that was seen" to { gate.verify(text) },
        )) {
            val micros = if (name == "empty call") empty else microseconds(call)
            println("%-44s %10.1f %10.1f".format(Locale.ROOT, name, micros / empty, micros))
        }
        native.destroy()
        gate.close()
        phone.close()
    }

    /** The median of a call's time over blocks, after the JVM has compiled what it calls. */
    private fun microseconds(call: () -> Unit): Double {
        val block = { calls: Int ->
            val from = System.nanoTime()
            repeat(calls) { call() }
            (System.nanoTime() - from) / 1_000.0 / calls
        }
        val first = block(20)
        // A block of about a twentieth of a second.
        val calls = (50_000 / first).toInt().coerceIn(5, 50_000)
        repeat(10) { block(calls) }
        return List(15) { block(calls) }.sorted()[7]
    }

    private val ORDER =
        Quarantine(
            february(11),
            7u,
            at(11, 9),
            QuarantineTerms(ZoneOffset.ofHours(8), MissedDay.Restart, false, 120u, 42u, 1u, 72u, ReleaseAt.DAY_END),
        )
}

/** From the load of the library to the first drawn code, in a JVM that has just started. */
internal object ColdStart {
    /** The child: opens the file that it is given, and says how many microseconds each step took. */
    @JvmStatic
    fun main(arguments: Array<String>) {
        val (file, url, root) = arguments
        val key = root.split(',').map { it.toByte() }.toByteArray()
        val ports = Ports(MemoryVault(7), PhoneClock(World(at(11, 9))))
        val config = config(Path.of(file), url, key)
        val marks = mutableListOf(System.nanoTime())
        runBlocking {
            val phone = Resident.open(config, ports)
            marks += System.nanoTime()
            val card = phone.home().subjects.single()
            val code = phone.code(card.subject)
            marks += System.nanoTime()
            check(code.png().isNotEmpty())
            marks += System.nanoTime()
            phone.close()
        }
        println(marks.zipWithNext { one, next -> (next - one) / 1_000 }.joinToString(" "))
    }

    suspend fun measure(stage: Stage) {
        stage.phone("cold.db").use { it.becomeGreen() }
        val arguments =
            listOf(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djna.library.path=${System.getProperty("jna.library.path")}",
                "-cp",
                System.getProperty("java.class.path"),
                ColdStart::class.java.name,
                stage.folder.resolve("cold.db").toString(),
                stage.server.url,
                stage.server.rootKey.joinToString(","),
            )
        val runs =
            List(9) {
                val child = ProcessBuilder(arguments).redirectError(ProcessBuilder.Redirect.INHERIT).start()
                val said = child.inputStream.reader().readText()
                check(child.waitFor() == 0) { said }
                said.trim().split(' ').map { it.toLong() / 1_000.0 }
            }
        val (opened, shown, drawn) = List(3) { step -> median(runs.map { it[step] }) }
        val whole = median(runs.map { it.sum() })
        println("cold start, the median of nine fresh JVMs, in milliseconds:")
        println("%-44s %10.1f".format(Locale.ROOT, "library load to first drawn code", whole))
        println("%-44s %10.1f".format(Locale.ROOT, "  of it: library loaded and file opened", opened))
        println("%-44s %10.1f".format(Locale.ROOT, "  first screen and code", shown))
        println("%-44s %10.1f".format(Locale.ROOT, "  picture (PNG)", drawn))
    }

    private fun median(values: List<Double>) = values.sorted()[values.size / 2]
}
