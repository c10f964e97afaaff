package dev.healthcode.demo.state.gate

/**
 * A scanner that types what it reads, like a keyboard, and ends each text with Enter. What was typed and left without an
 * end, by a person or a scanner that lost its cable, does not begin the next text.
 *
 * @param nanos a clock that only runs on
 */
class Wedge(
    private val nanos: () -> Long = System::nanoTime,
) {
    private val typed = StringBuilder()
    private var typedAt = 0L

    /** Whether a text has begun: its keys are for no button then. */
    val begun: Boolean get() = typed.isNotEmpty() && nanos() - typedAt < PAUSE_NANOS

    /** Takes a key; gives the text that ends with it. */
    fun key(character: Char): String? {
        if (!begun) typed.clear()
        if (character == '\n' || character == '\r') {
            return typed
                .toString()
                .trim()
                .ifEmpty { null }
                .also { typed.clear() }
        }
        if (!character.isISOControl() && typed.length < LONGEST) typed.append(character)
        typedAt = nanos()
        return null
    }

    private companion object {
        /** A person who types is slower, a scanner far quicker. */
        const val PAUSE_NANOS = 1_000_000_000L

        /** More than the largest QR code holds. */
        const val LONGEST = 8_192
    }
}
