package dev.healthcode.demo.state

/**
 * What survives the end of the app's process: a few short words, which Android keeps in the activity's saved state, and
 * that is no encrypted file. So nothing about a person goes in here: which screens are open, ids that this phone gave,
 * chosen options of a declaration's form never, a typed name or document never.
 */
class SavedState(
    initial: Map<String, String> = emptyMap(),
) {
    private val words = LinkedHashMap(initial)

    @Synchronized
    operator fun get(key: String): String? = words[key]

    /** Keeps [word] under [key]; null forgets it. */
    @Synchronized
    operator fun set(
        key: String,
        word: String?,
    ) {
        if (word == null) words.remove(key) else words[key] = word
    }

    /** All of it, for the platform to keep. */
    @Synchronized
    fun all(): Map<String, String> = words.toMap()
}
