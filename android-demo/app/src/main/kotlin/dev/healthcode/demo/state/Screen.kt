package dev.healthcode.demo.state

/** The screens. */
enum class Place {
    HOME,
    SCAN,
    EXPOSURE,
    SETTINGS,
    REGISTER,
    DECLARE,
    CODE,
    QUARANTINE,
    TRIP,
    JOURNAL,
    PERSON,
    CARE,
    PAPER,
    APPEAL,
    MOVE,
    HANDOVER,
    GATE,
    ;

    /** Whether it stands in the bar below, and so at the bottom of the stack. */
    val top get() = this in setOf(HOME, SCAN, EXPOSURE, SETTINGS)
}

/**
 * A screen that is open.
 *
 * @property subject whom it is about: an id that the core gave
 */
data class Screen(
    val place: Place,
    val subject: String? = null,
) {
    internal fun saved() = if (subject == null) place.name else "${place.name}:$subject"

    internal companion object {
        fun of(saved: String): Screen? {
            val place = Place.entries.firstOrNull { it.name == saved.substringBefore(':') } ?: return null
            return Screen(place, saved.substringAfter(':', "").ifEmpty { null })
        }
    }
}
