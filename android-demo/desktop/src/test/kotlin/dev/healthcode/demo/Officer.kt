package dev.healthcode.demo

import dev.healthcode.IdentityForm
import dev.healthcode.Stage
import dev.healthcode.healthcode
import java.io.File

/** An officer of the stage's authority, with a key of an own, who works with the command line. */
internal class Officer(
    private val stage: Stage,
    name: String,
    vararg roles: String,
) {
    private val key = stage.folder.resolve("$name.key").toString()
    private val clock = stage.folder.resolve("clock").toString()

    init {
        val public = healthcode("officer-key", "make", key).trim().substringAfterLast(' ')
        val may = roles.flatMap { listOf("--role", it) }.toTypedArray()
        val database = stage.folder.resolve("server.db").toString()
        healthcode("officer-key", "register", "--database", database, "--key", public, "--name", name, *may)
    }

    /** What stands after a [word] in the only line of what waits for this officer. */
    fun waiting(word: String): String {
        val words = only().split(Regex("\\s+"))
        return words[words.lastIndexOf(word) + 1].also { check(word in words) { "$word in $words" } }
    }

    /** The subject of the only line of what waits. */
    fun subject(): String = only().substringBefore(' ')

    /** The line of the only one that waits; what was written stands below it, set in. */
    private fun only(): String =
        does("waiting")
            .trim()
            .lines()
            .single { !it.startsWith(" ") }

    fun does(vararg act: String): String =
        healthcode("officer", "--server", stage.server.url, "--key", key, "--clock", clock, *act)
}

/** People of whom some have no number on record: the server asks its other file of them. */
internal fun Stage.asksFamily() {
    val root = File(checkNotNull(System.getProperty("healthcode.resources"))).resolve("../../../../..")
    server.close()
    server.arguments += listOf("--records", root.resolve("tests/server/src/family.json").canonicalPath)
    server.start()
}

/** No number on record, and nobody who cares there: an officer confirms. */
internal val zhaoLiu = IdentityForm("赵六", "resident-id", "330102197508204626", "+8613900139000", "330102")

/** No number on record, and 李四 as a guardian there: the records confirm. */
internal val sunQi = IdentityForm("孙七", "resident-id", "330185199301101152", "+8613900139000", "330185")
