package dev.healthcode.demo

import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.TGate
import dev.healthcode.demo.ui.TRecord
import org.junit.Test
import java.io.File
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** The words of the app: all of them in both languages, none that nothing shows, none that is missing. */
internal class StringsTest {
    private val sources = File(checkNotNull(System.getProperty("healthcode.resources"))).resolveSibling("kotlin")
    private val main = File(checkNotNull(System.getProperty("healthcode.resources"))).parentFile

    @Test
    fun `both languages have the same strings with the same places in them`() {
        val (en, zh) = Language.entries.map(FileTexts::read)
        assertEquals(en.keys, zh.keys)
        for ((key, word) in en) {
            assertTrue(word.isNotBlank() && zh.getValue(key).isNotBlank(), "$key is empty")
            assertEquals(places(word), places(zh.getValue(key)), key)
        }
        val names = Language.entries.map { language -> FileTexts.files(language).map { it.name } }
        assertEquals(names[0], names[1])
    }

    @Test
    fun `every string that the screens name is there, and every string is used`() {
        val keys = FileTexts.read(Language.EN).keys
        val named = constants()
        assertEquals(emptySet(), named.values.toSet() - keys, "named and not there")
        val code = sources.walk().filter { it.extension == "kt" }.associateWith { it.readText() }
        val shown = code.filterKeys { it.name !in holders }.values.joinToString("\n")
        val unused = named.filterKeys { !Regex("\\b${Regex.escape(it)}\\b").containsMatchIn(shown) }
        assertEquals(emptySet(), unused.keys, "named and never shown")
        // Android's own side names its strings by R, and the manifest by @string.
        val android = (code.values + resources()).joinToString("\n")
        val elsewhere = keys - named.values.toSet()
        val lost = elsewhere.filter { !Regex("(R\\.string\\.|@string/)$it\\b").containsMatchIn(android) }
        assertEquals(emptyList(), lost, "there and never used")
    }

    private val holders = setOf("T.kt", "TCode.kt", "TFamily.kt", "TGate.kt", "TRecord.kt")

    private fun constants() =
        listOf(T::class.java, TCode::class.java, TFamily::class.java, TGate::class.java, TRecord::class.java)
            .flatMap { holder ->
                holder.declaredFields
                    .filter { it.type == String::class.java }
                    .map { "${holder.simpleName}.${it.name}" to "${it.get(null)}" }
            }.toMap()

    private fun resources() =
        main
            .walk()
            .filter {
                it.extension == "xml" && !it.name.startsWith("strings")
            }.map { it.readText() }

    private fun places(word: String) = Regex("%\\d\\$[ds]").findAll(word).map { it.value }.toSortedSet()
}
