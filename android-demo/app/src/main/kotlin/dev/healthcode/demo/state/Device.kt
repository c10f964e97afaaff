package dev.healthcode.demo.state

import kotlinx.coroutines.flow.StateFlow
import java.time.Instant

/**
 * What the screens ask of the phone beyond drawing: the display, the torch, sounds, notifications, other apps. The
 * Android side is `platform/`; the tests on a desktop have one that notes what was asked.
 */
interface Device {
    /** Raises the display's brightness while [on], and gives back what it was afterwards. */
    fun bright(on: Boolean)

    /** Keeps the display from going dark while [on]. */
    fun awake(on: Boolean)

    /** Whether there is a torch beside the camera. */
    val torchAvailable: Boolean

    /** Lights the torch or puts it out. */
    fun torch(on: Boolean)

    /** Plays a sound and a vibration that can be told apart without looking. */
    fun signal(signal: Signal)

    /** Hands [bytes] to the share sheet; nothing of them stays in a file that others can read. */
    fun share(
        name: String,
        type: String,
        bytes: ByteArray,
    )

    /** Lets the person choose a place for [bytes] and writes them there. */
    fun save(
        name: String,
        type: String,
        bytes: ByteArray,
    )

    /** Prints a [page], an A4 drawing as one SVG document; nothing of it stays in a file of the app's. */
    fun print(
        name: String,
        page: String,
    )

    /** Keeps the display out of screenshots, recordings and the list of recent apps while [on]. */
    fun secret(on: Boolean)

    /** Notifies the person that a check-in is due at [at], also when the app is not running; null takes it back. */
    fun remind(at: Instant?)

    /** Syncs in the background at about [at]; null takes it back. */
    fun wakeAt(at: Instant?)

    /** Whether a reminder would be seen; it changes in the system's dialog and in its settings. */
    val notificationsAllowed: StateFlow<Boolean>

    /** Leads to a page of the phone's settings. */
    fun openSettings(setting: DeviceSetting)

    /** The app's language from now on, as a BCP 47 tag; null is the phone's. */
    fun language(tag: String?)

    /** The language that was chosen for the app, as a BCP 47 tag; null where it is the phone's. */
    val languageChosen: String?
}

/** What a guard or a resident hears and feels. */
enum class Signal {
    /** The person may pass. */
    PASS,

    /** The person is to be stopped. */
    STOP,

    /** The person's phone is asked for an answer. */
    ASK,

    /** Look at the screen: a card is to be compared, or something else was scanned. */
    LOOK,
}

/** A page of the phone's settings. */
enum class DeviceSetting {
    /** Whether this app may notify. */
    NOTIFICATIONS,

    /** What the maker of the phone does to apps in the background. */
    BATTERY,

    /** Date and time. */
    DATE,

    /** Networks. */
    NETWORK,
}
