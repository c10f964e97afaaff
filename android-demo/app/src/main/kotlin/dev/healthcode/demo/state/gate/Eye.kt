package dev.healthcode.demo.state.gate

/**
 * Tells a code that comes into view from one that is still there: a camera reads the same text many times a second, and
 * a verdict is due once.
 *
 * @param nanos a clock that only runs on
 */
internal class Eye(
    private val nanos: () -> Long,
) {
    private var text: String? = null
    private var seenAt = 0L

    /** Whether [text] was not in view until now. */
    @Synchronized
    fun isNew(text: String): Boolean {
        val now = nanos()
        val stays = text == this.text && now - seenAt < GONE_NANOS
        this.text = text
        seenAt = now
        return !stays
    }

    /** Forgets what is in view, or [text] if that is what is. */
    @Synchronized
    fun forget(text: String? = this.text) {
        if (text == this.text) this.text = null
    }

    private companion object {
        /** A hand that shakes takes a code out of view for less. */
        const val GONE_NANOS = 3_000_000_000L
    }
}
