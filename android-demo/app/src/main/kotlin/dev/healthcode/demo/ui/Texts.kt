package dev.healthcode.demo.ui

import dev.healthcode.BilingualText

/**
 * The app's own words, by the names of Android's string resources; those of the core come as [BilingualText]. On Android
 * they are resources, the tests on a desktop read the same files.
 */
interface Texts {
    /** The words of the string resource [key], with [args] in their places (`%1$s`). */
    operator fun get(
        key: String,
        vararg args: Any,
    ): String
}

/** Whether the resources are the Chinese ones: a resource says so, and no locale can differ from it. */
val Texts.chinese: Boolean get() = this[T.LANGUAGE] == "zh"

/** The core's words in the language of the resources. */
fun Texts.of(text: BilingualText): String = if (chinese) text.zh else text.en
