package dev.healthcode.demo.state.family

import dev.healthcode.Authority
import dev.healthcode.BilingualText
import dev.healthcode.HealthcodeException
import dev.healthcode.MovePreview
import dev.healthcode.authorities
import dev.healthcode.demo.state.Session
import dev.healthcode.demo.state.Trouble
import dev.healthcode.previewMove
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/**
 * What a person would be elsewhere.
 *
 * @property authorities where the person could move
 * @property issuer the one that was chosen
 * @property problem what is wrong with it
 */
data class MoveView(
    val authorities: List<Authority> = emptyList(),
    val issuer: Authority? = null,
    val problem: BilingualText? = null,
    val preview: MovePreview? = null,
    val busy: Boolean = false,
    val trouble: Trouble? = null,
)

/** Asks another authority's rulebook on this phone. Nothing is sent of the person, and nothing kept. */
class MoveState(
    private val session: Session,
    val subject: String,
    private val scope: CoroutineScope,
) {
    private val shown = MutableStateFlow(MoveView())
    private var job: Job? = null

    /** What the screen shows. */
    val view: StateFlow<MoveView> = shown.asStateFlow()

    init {
        scope.launch { list() }
    }

    /** Chooses the other authority. */
    fun choose(issuer: Authority) = shown.update { it.copy(issuer = issuer, problem = null, preview = null) }

    /** Fetches its rulebook and asks it. */
    fun look() {
        val issuer = shown.value.issuer ?: return
        if (job?.isActive == true) return
        shown.update { it.copy(busy = true, trouble = null, problem = null, preview = null) }
        job =
            scope.launch {
                try {
                    val preview = session.resident.previewMove(subject, issuer.id)
                    shown.update { it.copy(preview = preview) }
                } catch (error: HealthcodeException) {
                    fail(error)
                } finally {
                    shown.update { it.copy(busy = false) }
                }
            }
    }

    /** Hangs up. */
    fun stop() {
        job?.cancel()
    }

    private fun list() {
        try {
            val home = session.resident.home()
            val own = home.subjects.find { it.subject == subject }?.issuer
            val listed = session.resident.authorities().filter { it.id != own }
            shown.update { it.copy(authorities = listed) }
        } catch (error: HealthcodeException) {
            fail(error)
        }
    }

    private fun fail(error: HealthcodeException) =
        shown.update {
            val here = (error as? HealthcodeException.InvalidField)?.field == "issuer"
            if (here) it.copy(problem = error.text) else it.copy(trouble = Trouble.of(error))
        }
}
