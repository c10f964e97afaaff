package dev.healthcode.demo.state

import dev.healthcode.BilingualText
import dev.healthcode.CodeRequested
import dev.healthcode.Enrolment
import dev.healthcode.EnrolmentUnderWay
import dev.healthcode.HealthcodeException
import dev.healthcode.IdentityForm
import dev.healthcode.confirmCare
import dev.healthcode.enrolmentUnderWay
import dev.healthcode.giveUpEnrolment
import dev.healthcode.requestCare
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/** A field of the form, under the core's own name for it. */
enum class RegisterField(
    internal val path: String,
) {
    NAME("name"),
    DOCUMENT("document"),
    PHONE("phone"),
    REGION("region"),
    CODE("code"),
}

/**
 * The form as it stands.
 *
 * @property kind the document's kind, one of [RegisterState.kinds]
 * @property problems what is wrong, by field
 * @property underWay whose code is waited for, also where the app has ended since; null before
 * @property requested the one-time code that was asked for: its digits and how long it is good; null before
 * @property isOver whether a code was to be entered that is no longer good
 * @property sent the document's kind and the fields with which the code was asked for, where that was from here
 * @property restored whether what stands in the form was typed before the app was last opened
 * @property unconfirmed what the authority says while nobody has confirmed yet that somebody is cared for
 * @property busy whether the server is being asked
 */
data class RegisterView(
    val values: Map<RegisterField, String> = mapOf(RegisterField.PHONE to "+86"),
    val kind: String = RegisterState.kinds.first(),
    val problems: Map<RegisterField, BilingualText> = emptyMap(),
    val underWay: EnrolmentUnderWay? = null,
    val requested: CodeRequested? = null,
    val isOver: Boolean = false,
    val sent: List<String>? = null,
    val restored: Boolean = false,
    val unconfirmed: BilingualText? = null,
    val busy: Boolean = false,
    val trouble: Trouble? = null,
) {
    /** The document's kind and the fields, as they are asked with. */
    internal val asked get() = listOf(kind) + RegisterState.typed.map { values[it].orEmpty() }

    /** Whether the form is the one with which the code was asked for, and none that was begun since. */
    val isSent get() = sent == asked

    /** What was typed, printed as nothing: this may end in a log. */
    override fun toString() = "RegisterView"
}

/**
 * Registers a person: identity, then the one-time code that goes to the number on record. What is typed is the core's
 * draft from the first letter on, and the core remembers the wait for a code: the end of the process loses neither.
 *
 * @param carer who will care for the person with this phone; null where it is the person's own
 */
class RegisterState(
    private val session: Session,
    private val scope: CoroutineScope,
    val carer: String? = null,
) : Steps {
    private val shown = MutableStateFlow(RegisterView())
    private val draft = session.draft(carer, if (carer == null) "register" else "care")
    private var job: Job? = null
    private var last: (suspend () -> Unit)? = null

    /** The form. */
    val view: StateFlow<RegisterView> = shown.asStateFlow()

    init {
        restore()
        waitsFor(underWay())
    }

    private fun restore() {
        val kept = draft.read()
        val values = typed.mapNotNull { field -> kept[field.path]?.let { field to it } }
        val kind = kept[KIND].takeIf { it in kinds }
        shown.update { it.copy(sent = kept[SENT]?.split('\n')) }
        if (values.isEmpty() && kind == null) return
        shown.update { it.copy(values = it.values + values, kind = kind ?: it.kind, restored = true) }
    }

    /** Empties the form. */
    fun clear() {
        if (shown.value.busy) return
        shown.update { RegisterView(underWay = it.underWay, sent = it.sent) }
        keep()
    }

    private fun keep() =
        draft.keep {
            val (now, empty) = shown.value to RegisterView()
            val kind = if (now.kind == empty.kind) emptyMap() else mapOf(KIND to now.kind)
            val sent = now.sent?.let { mapOf(SENT to it.joinToString("\n")) }.orEmpty()
            sent + kind +
                typed.filter { now.values[it] != empty.values[it] }.associate { it.path to now.values[it].orEmpty() }
        }

    /** The enrolment that the core waits with, where it is this screen's. */
    private fun underWay(): EnrolmentUnderWay? =
        try {
            session.resident.enrolmentUnderWay()?.takeIf { it.carer == carer && it.movesTo == null }
        } catch (_: HealthcodeException) {
            null
        }

    private fun waitsFor(waits: EnrolmentUnderWay?) =
        shown.update {
            it.copy(
                underWay = waits,
                requested =
                    waits?.code?.takeUnless { code ->
                        code.expiresIn.isZero
                    },
            )
        }

    /** Goes on with the code that was asked for before; where it is no longer good, the form says so. */
    fun resume() {
        val waits = underWay()
        waitsFor(waits)
        shown.update { it.copy(isOver = it.requested == null, trouble = null) }
    }

    /** Gives up what was asked for before. */
    fun giveUp() =
        ask {
            session.resident.giveUpEnrolment()
            waitsFor(null)
            sent(null)
        }

    /** Types into a field; what was wrong with it is not said any longer. */
    fun type(
        field: RegisterField,
        value: String,
    ) {
        shown.update { it.copy(values = it.values + (field to value), problems = it.problems - field) }
        if (field in typed) keep()
    }

    /** Chooses the document's kind. */
    fun choose(kind: String) {
        shown.update { it.copy(kind = kind, problems = it.problems - RegisterField.DOCUMENT) }
        keep()
    }

    /** Checks every field, and asks for the one-time code where none is wrong; the form says what is. */
    fun request() =
        ask {
            val identity = identity()
            val problems = session.resident.checkIdentity(identity)
            wrong(problems.map { it.field to it.text })
            if (problems.isEmpty()) {
                val asked = shown.value.asked
                val requested =
                    if (carer == null) {
                        session.resident.requestOneTimeCode(identity)
                    } else {
                        session.resident.requestCare(carer, identity)
                    }
                // In the file before its page is seen: the app may end from then on.
                sent(asked).join()
                waitsFor(underWay())
                shown.update { it.copy(requested = requested, values = it.values - RegisterField.CODE) }
            }
        }

    /** Confirms the typed code. The person is on this phone then, and the first sync begins. */
    fun confirm() =
        ask {
            val code = value(RegisterField.CODE)
            arrived(if (carer == null) session.resident.enrol(code) else session.resident.confirmCare(code))
        }

    /** Asks whether the records or an officer have confirmed what was asked for, also before the app was last opened. */
    fun askAgain() = ask { arrived(session.resident.confirmCare()) }

    private fun sent(form: List<String>?): Job {
        shown.update { it.copy(sent = form) }
        return keep()
    }

    private suspend fun arrived(enrolment: Enrolment) {
        // What was typed since about somebody else is not done with.
        if (shown.value.isSent) draft.forget() else sent(null)
        session.sync()
        if (enrolment.pendingUntil == null) {
            session.app.replace(Screen(Place.DECLARE, enrolment.subject))
        } else {
            session.app.home()
        }
    }

    /** Once more what did not work. */
    fun again() {
        last?.let(::ask)
    }

    override fun stepBack(): Boolean {
        val within = shown.value.requested != null
        if (within) edit()
        return within
    }

    /** Goes from the one-time code back to the form. */
    fun edit() {
        stop()
        shown.update { it.copy(requested = null, unconfirmed = null, problems = emptyMap(), trouble = null) }
    }

    /** Hangs up. */
    fun stop() {
        job?.cancel()
        shown.update { it.copy(busy = false) }
    }

    private fun ask(call: suspend () -> Unit) {
        if (job?.isActive == true) return
        last = call
        shown.update {
            it.copy(busy = true, trouble = null, unconfirmed = null, problems = emptyMap(), isOver = false)
        }
        job =
            scope.launch {
                try {
                    call()
                } catch (error: HealthcodeException) {
                    // What is waited for may be over, or be the one of before again.
                    shown.update { it.copy(underWay = underWay()) }
                    fail(error)
                } finally {
                    shown.update { it.copy(busy = false) }
                }
            }
    }

    private fun fail(error: HealthcodeException) =
        shown.update {
            val at =
                if (error is HealthcodeException.InvalidField && (error.field != "code" || it.requested != null)) {
                    byField(
                        listOf(error.field to error.text),
                    )
                } else {
                    emptyMap()
                }
            when {
                at.isNotEmpty() -> {
                    it.at(at)
                }

                error is HealthcodeException.Rejected && error.problem == "wrong-code" && it.requested != null -> {
                    it.copy(problems = mapOf(RegisterField.CODE to error.text))
                }

                error is HealthcodeException.Rejected && error.problem == "relation-pending" -> {
                    it.copy(unconfirmed = error.text)
                }

                else -> {
                    it.copy(trouble = Trouble.of(error))
                }
            }
        }

    private fun wrong(problems: List<Pair<String, BilingualText>>) = shown.update { it.at(byField(problems)) }

    /** What is wrong with the form is said on the form, not on the page of its code. */
    private fun RegisterView.at(problems: Map<RegisterField, BilingualText>) =
        copy(problems = problems, requested = requested.takeIf { problems.keys.all { it == RegisterField.CODE } })

    private fun byField(problems: List<Pair<String, BilingualText>>) =
        problems
            .mapNotNull { (path, text) -> RegisterField.entries.firstOrNull { it.path == path }?.let { it to text } }
            .toMap()

    private fun identity() =
        IdentityForm(
            value(RegisterField.NAME),
            shown.value.kind,
            value(RegisterField.DOCUMENT),
            value(RegisterField.PHONE),
            value(RegisterField.REGION),
        )

    private fun value(field: RegisterField) = shown.value.values[field].orEmpty()

    companion object {
        /** The kinds of documents that the form offers, by the core's codes: the resident identity card first. */
        val kinds = listOf("resident-id", "passport", "travel-permit", "other")

        private const val KIND = "kind"
        private const val SENT = "sent"

        /** What is kept; a one-time code is good for minutes. */
        internal val typed = RegisterField.entries - RegisterField.CODE
    }
}
