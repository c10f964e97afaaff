package dev.healthcode.demo

import dev.healthcode.demo.ui.Texts
import org.w3c.dom.Element
import java.io.File
import java.util.Locale
import javax.xml.parsers.DocumentBuilderFactory

/** The app's words out of Android's own resource files, read as Android reads them. */
internal class FileTexts(
    language: Language,
) : Texts {
    private val words = read(language)

    override fun get(
        key: String,
        vararg args: Any,
    ): String {
        val word = checkNotNull(words[key]) { "no string $key" }
        return if (args.isEmpty()) word else String.format(Locale.ROOT, word, *args)
    }

    companion object {
        /** The strings of all files of a language, by name. */
        fun read(language: Language): Map<String, String> = files(language).flatMap { strings(it) }.toMap()

        /** The resource files with strings in them. */
        fun files(language: Language): List<File> {
            val folder = File(checkNotNull(System.getProperty("healthcode.resources")), language.folder)
            return folder.listFiles { file -> file.name.startsWith("strings") }.orEmpty().sorted()
        }

        private fun strings(file: File): List<Pair<String, String>> {
            val nodes =
                DocumentBuilderFactory
                    .newInstance()
                    .newDocumentBuilder()
                    .parse(file)
                    .getElementsByTagName("string")
            return List(nodes.length) { nodes.item(it) as Element }.map {
                it.getAttribute("name") to
                    unescape(it.textContent)
            }
        }

        private fun unescape(text: String): String {
            val quoted = text.length > 1 && text.startsWith('"') && text.endsWith('"')
            val plain = if (quoted) text.drop(1).dropLast(1) else text.trim().replace(Regex("\\s+"), " ")
            return plain.replace("\\n", "\n").replace("\\'", "'").replace("\\\"", "\"")
        }
    }
}

/** The languages of the resources. */
internal enum class Language(
    val folder: String,
) {
    EN("values"),
    ZH("values-zh-rCN"),
}
