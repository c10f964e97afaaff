package dev.healthcode.demo.state.family

import dev.healthcode.HealthcodeException
import dev.healthcode.SubjectCard
import dev.healthcode.demo.state.Session
import dev.healthcode.demo.state.Trouble
import dev.healthcode.endCare
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/**
 * One person of this phone, and who cares for whom.
 *
 * @property card the person; null until the file was read, or once it holds the person no more
 * @property carer who cares for the person with this phone; null where it is the person's own
 * @property caredFor for whom the person cares with this phone
 */
data class PersonView(
    val card: SubjectCard? = null,
    val carer: SubjectCard? = null,
    val caredFor: List<SubjectCard> = emptyList(),
    val busy: Boolean = false,
    val trouble: Trouble? = null,
) {
    override fun toString() = "PersonView"
}

/** Who may speak for a person, and the end of it. */
class PersonState(
    private val session: Session,
    val subject: String,
    private val scope: CoroutineScope,
) {
    private val shown = MutableStateFlow(PersonView())
    private var ended: String? = null

    /** What the screen shows. */
    val view: StateFlow<PersonView> = shown.asStateFlow()

    init {
        scope.launch {
            session.home.filterNotNull().collect { home ->
                val card = home.subjects.firstOrNull { it.subject == subject }
                val carer = home.subjects.firstOrNull { it.subject == card?.caredForBy }
                val caredFor = home.subjects.filter { it.caredForBy == subject }
                shown.update { it.copy(card = card, carer = carer, caredFor = caredFor) }
            }
        }
    }

    /** Once more what did not work. */
    fun again() {
        ended?.let(::end)
    }

    /** Ends what a key does for this person; sent at once where there is a network, else with the next sync. */
    fun end(key: String) {
        if (shown.value.busy) return
        ended = key
        shown.update { it.copy(busy = true, trouble = null) }
        scope.launch {
            try {
                session.resident.endCare(subject, key)
                session.sync()
            } catch (error: HealthcodeException) {
                shown.update { it.copy(trouble = Trouble.of(error)) }
            } finally {
                shown.update { it.copy(busy = false) }
            }
        }
    }
}
