package dev.healthcode.demo.state

import dev.healthcode.AnsweredChallenge
import dev.healthcode.HealthcodeException
import dev.healthcode.JournalEntry
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/**
 * What happened, the latest first.
 *
 * @property asked the gates that were given an answer
 */
data class JournalView(
    val entries: List<JournalEntry>? = null,
    val asked: List<AnsweredChallenge> = emptyList(),
    val trouble: Trouble? = null,
) {
    override fun toString() = "JournalView"
}

/** What was recorded of a person and what became of it, and who asked this phone. */
class JournalState(
    private val session: Session,
    val subject: String,
    private val scope: CoroutineScope,
) {
    private val shown = MutableStateFlow(JournalView())
    private var reading: Job? = null

    /** What the screen shows. */
    val view: StateFlow<JournalView> = shown.asStateFlow()

    init {
        read()
        scope.launch { session.home.filterNotNull().collect { read() } }
    }

    /** Reads it once more. */
    fun read() {
        reading?.cancel()
        reading =
            trying {
                val entries = session.resident.journalEntries(subject).toList()
                val asked = session.resident.answeredChallenges(subject)
                shown.update { it.copy(entries = entries.asReversed(), asked = asked.asReversed(), trouble = null) }
            }
    }

    /** Deletes at once which gates were given an answer. */
    fun forgetAsked() {
        trying {
            session.resident.forgetAnsweredChallenges(subject)
            shown.update { it.copy(asked = emptyList()) }
        }
    }

    private fun trying(call: suspend () -> Unit) =
        scope.launch {
            try {
                call()
            } catch (error: HealthcodeException) {
                shown.update { it.copy(trouble = Trouble.of(error)) }
            }
        }
}
