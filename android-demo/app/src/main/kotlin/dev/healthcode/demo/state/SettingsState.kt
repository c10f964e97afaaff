package dev.healthcode.demo.state

import dev.healthcode.BilingualText
import dev.healthcode.HealthcodeException
import dev.healthcode.setRegion
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/**
 * What the settings show.
 *
 * @property region what was typed of where the phone is; null where nothing was
 */
data class SettingsView(
    val busy: Boolean = false,
    val region: String? = null,
    val regionProblem: BilingualText? = null,
    val trouble: Trouble? = null,
)

/** Hands out what is stored, and erases it. */
class SettingsState(
    private val session: Session,
    private val scope: CoroutineScope,
) {
    private val shown = MutableStateFlow(SettingsView())
    private var job: Job? = null
    private var last: (() -> Unit)? = null

    /** What the screen shows. */
    val view: StateFlow<SettingsView> = shown.asStateFlow()

    /** Gives [hand] everything that is stored, as JSON; it is written nowhere here. */
    fun export(hand: (ByteArray) -> Unit) = trying { hand(session.resident.export().encodeToByteArray()) }

    /** Says in which region this phone is, six digits; nothing is the region of registration. It stays on this phone. */
    fun keepRegion() {
        val region = shown.value.region ?: return
        trying {
            session.resident.setRegion(region.trim().ifEmpty { null })
            shown.update { it.copy(region = null) }
        }
    }

    /** Types it. */
    fun type(region: String) = shown.update { it.copy(region = region, regionProblem = null) }

    /** Erases one person for good. */
    fun erase(subject: String) = trying { session.resident.erase(subject) }

    /** Erases everybody and everything for good. The session ends with it, and with the session this state. */
    fun eraseEverything() {
        if (job?.isActive == true) return
        last = ::eraseEverything
        shown.update { it.copy(busy = true, trouble = null) }
        job =
            session.app.scope.launch {
                try {
                    session.eraseEverything()
                } catch (error: HealthcodeException) {
                    shown.update { it.copy(busy = false, trouble = Trouble.of(error)) }
                }
            }
    }

    /** Once more what did not work. */
    fun again() {
        last?.invoke()
    }

    private fun trying(call: suspend () -> Unit) {
        if (job?.isActive == true) return
        last = { trying(call) }
        shown.update { it.copy(busy = true, trouble = null, regionProblem = null) }
        job =
            scope.launch {
                try {
                    call()
                } catch (error: HealthcodeException) {
                    val region = (error as? HealthcodeException.InvalidField)?.field == "region"
                    shown.update {
                        if (region) it.copy(regionProblem = error.text) else it.copy(trouble = Trouble.of(error))
                    }
                } finally {
                    shown.update { it.copy(busy = false) }
                }
            }
    }
}
