package dev.healthcode.demo.state.family

import dev.healthcode.Authority
import dev.healthcode.BilingualText
import dev.healthcode.CodeRequested
import dev.healthcode.Enrolment
import dev.healthcode.HealthcodeException
import dev.healthcode.MovePreview
import dev.healthcode.authorities
import dev.healthcode.confirmCare
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.state.Session
import dev.healthcode.demo.state.Steps
import dev.healthcode.demo.state.Trouble
import dev.healthcode.enrolmentUnderWay
import dev.healthcode.moveTo
import dev.healthcode.previewMove
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/**
 * What a person would be elsewhere, and the move there.
 *
 * @property authorities where the person could move
 * @property issuer the one that was chosen
 * @property problem what is wrong with it
 * @property cared whether this phone cares for the person: then an officer there, or the records, may confirm the move
 * @property requested the one-time code that was sent by the other authority; null before the person has agreed to move
 * @property code what was typed of it
 * @property codeProblem what is wrong with it
 * @property unconfirmed what the authority says while nobody there has confirmed it yet
 */
data class MoveView(
    val authorities: List<Authority> = emptyList(),
    val issuer: Authority? = null,
    val problem: BilingualText? = null,
    val preview: MovePreview? = null,
    val cared: Boolean = false,
    val requested: CodeRequested? = null,
    val code: String = "",
    val codeProblem: BilingualText? = null,
    val unconfirmed: BilingualText? = null,
    val busy: Boolean = false,
    val trouble: Trouble? = null,
) {
    /** What was typed, printed as nothing: this may end in a log. */
    override fun toString() = "MoveView"
}

/**
 * Asks another authority's rulebook on this phone, and moves the person there with what the phone keeps. Nothing is sent
 * of the person before the person has agreed to that.
 */
class MoveState(
    private val session: Session,
    val subject: String,
    private val scope: CoroutineScope,
) : Steps {
    private val shown = MutableStateFlow(MoveView())
    private var job: Job? = null
    private var last: (suspend () -> Unit)? = null

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
        ask {
            shown.update { it.copy(preview = null) }
            val preview = session.resident.previewMove(subject, issuer.id)
            shown.update { it.copy(preview = preview) }
        }
    }

    /** The person has agreed: the authority there is asked for a one-time code. The code of here stays. */
    fun move() {
        val issuer = shown.value.issuer ?: return
        ask {
            val requested = session.resident.moveTo(subject, issuer.id)
            shown.update { it.copy(requested = requested, code = "") }
        }
    }

    /** Types the one-time code. */
    fun type(code: String) = shown.update { it.copy(code = code, codeProblem = null) }

    /** Confirms the move with it; declaration and days served go with the sync that begins then. */
    fun confirm() =
        ask {
            val (code, cared) = shown.value.run { code to cared }
            arrived(if (cared) session.resident.confirmCare(code) else session.resident.enrol(code))
        }

    /** Asks whether the records or an officer there have confirmed it without a code. */
    fun askAgain() = ask { arrived(session.resident.confirmCare()) }

    private fun arrived(enrolment: Enrolment) {
        session.sync()
        // The person is on this phone a second time, and what that authority asks is declared there.
        val declared =
            session.resident
                .home()
                .subjects
                .find { it.subject == enrolment.subject }
                ?.declared == true
        if (declared) session.app.home() else session.app.replace(Screen(Place.DECLARE, enrolment.subject))
    }

    /** Once more what did not work. */
    fun again() {
        last?.let(::ask)
    }

    override fun stepBack(): Boolean {
        val within = shown.value.requested != null
        if (within) shown.update { it.copy(requested = null, codeProblem = null, unconfirmed = null, trouble = null) }
        return within
    }

    private fun ask(call: suspend () -> Unit) {
        if (job?.isActive == true) return
        last = call
        shown.update {
            it.copy(busy = true, trouble = null, problem = null, codeProblem = null, unconfirmed = null)
        }
        job =
            scope.launch {
                try {
                    call()
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
            val card = home.subjects.find { it.subject == subject }
            val listed = session.resident.authorities().filter { it.id != card?.issuer }
            // The app may have ended since a code was sent.
            val waits = session.resident.enrolmentUnderWay()?.takeIf { it.movedFrom == subject }
            shown.update {
                it.copy(
                    authorities = listed,
                    cared = card?.caredForBy != null,
                    issuer = it.issuer ?: listed.find { one -> one.id == waits?.movesTo },
                    requested = it.requested ?: waits?.code,
                )
            }
        } catch (error: HealthcodeException) {
            fail(error)
        }
    }

    private fun fail(error: HealthcodeException) =
        shown.update {
            val field = (error as? HealthcodeException.InvalidField)?.field
            val problem = (error as? HealthcodeException.Rejected)?.problem
            when {
                field == "code" || problem == "wrong-code" -> it.copy(codeProblem = error.text)
                problem == "relation-pending" -> it.copy(unconfirmed = error.text)
                field != null -> it.copy(problem = error.text)
                else -> it.copy(trouble = Trouble.of(error))
            }
        }
}
