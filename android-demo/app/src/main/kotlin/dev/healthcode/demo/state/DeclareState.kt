package dev.healthcode.demo.state

import dev.healthcode.AnswerInput
import dev.healthcode.AnswerValue
import dev.healthcode.BilingualText
import dev.healthcode.DeclarationForm
import dev.healthcode.DeclarationInput
import dev.healthcode.HealthcodeException
import dev.healthcode.Preview
import dev.healthcode.StayInput
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import java.time.LocalDate

/** A stay as it is being entered. */
data class StayDraft(
    val region: String = "",
    val from: LocalDate? = null,
    val to: LocalDate? = null,
) {
    override fun toString() = "StayDraft"
}

/**
 * The declaration as it stands.
 *
 * @property form the rulebook's questions; null until they have come
 * @property problems what is wrong, by the core's path (`answers.contact`, `travel[0].region`)
 * @property restored whether what stands here was filled in before the app was last opened
 * @property preview what it would come to, once everything is well
 */
data class DeclareView(
    val form: DeclarationForm? = null,
    val answers: Map<String, AnswerValue> = emptyMap(),
    val travel: List<StayDraft> = emptyList(),
    val problems: Map<String, BilingualText> = emptyMap(),
    val restored: Boolean = false,
    val preview: Preview? = null,
    val busy: Boolean = false,
    val trouble: Trouble? = null,
) {
    override fun toString() = "DeclareView"
}

/**
 * Takes a declaration: the rulebook's questions as they are, then what it would come to, then sends. Answers are
 * the core's draft, sealed in its file, until they are recorded there.
 *
 * @param questions where the questions come from
 */
class DeclareState(
    private val session: Session,
    val subject: String,
    private val scope: CoroutineScope,
    private val questions: () -> DeclarationForm = { session.resident.form(subject) },
) : Steps {
    private val shown = MutableStateFlow(DeclareView())
    private val draft = session.draft(subject, "declaration")
    private var job: Job? = null

    /** The declaration. */
    val view: StateFlow<DeclareView> = shown.asStateFlow()

    init {
        restore(draft.read())
        load()
        // Rulebook and true time come with a sync, one after the other: the days that are asked for follow both.
        scope.launch { session.sync.collect { if (it is Sync.Done) load() } }
    }

    private fun load() =
        trying {
            val form = questions()
            // Another rulebook may ask otherwise: what does not answer it is nothing to send.
            shown.update { it.copy(form = form, answers = it.answers.fitting(form), trouble = null) }
        }

    private fun restore(kept: Map<String, String>) {
        if (kept.isEmpty()) return
        shown.update { it.copy(answers = kept.answers(), travel = kept.travel(), restored = true) }
    }

    /** Empties the form. */
    fun clear() = change { DeclareView(form = it.form) }

    /** What is changed by hand is kept at once; a preview of what was before is none any more. */
    private fun change(how: (DeclareView) -> DeclareView) {
        shown.update { how(it).copy(preview = null) }
        draft.keep { shown.value.run { answers.words() + travel.words() } }
    }

    /** Answers a question; null takes the answer back. */
    fun answer(
        question: String,
        value: AnswerValue?,
    ) = change {
        val answers = if (value == null) it.answers - question else it.answers + (question to value)
        it.copy(answers = answers, problems = it.problems - "answers.$question")
    }

    /** Adds a stay to the travel list. */
    fun addStay() = change { it.copy(travel = it.travel + StayDraft()) }

    /** Changes a stay. */
    fun changeStay(
        index: Int,
        stay: StayDraft,
    ) = change {
        val travel = it.travel.toMutableList().apply { if (index in indices) set(index, stay) }
        it.copy(travel = travel, problems = it.problems.without(index))
    }

    /** Takes a stay off the list. */
    fun removeStay(index: Int) =
        change {
            val travel = it.travel.filterIndexed { at, _ -> at != index }
            it.copy(travel = travel, problems = it.problems.filterKeys { path -> !path.startsWith("travel") })
        }

    /** Says what is wrong, field by field, or what the declaration would come to. Nothing is recorded. */
    fun preview() {
        val travel = shown.value.travel
        val (complete, unfinished) = travel.indices.partition { travel[it].run { from != null && to != null } }
        trying {
            val preview = session.resident.preview(subject, input())
            // The core counts only the stays that it was given.
            val problems =
                preview.problems.associate { at(it.field, complete) to it.text } + unfinished.associate(::missing)
            shown.update {
                it.copy(problems = problems, preview = preview.takeIf { problems.isEmpty() }, trouble = null)
            }
        }
    }

    private fun at(
        path: String,
        complete: List<Int>,
    ): String {
        val given = path.substringAfter("travel[", "").substringBefore(']').toIntOrNull()
        val index = given?.let(complete::getOrNull) ?: return path
        return "travel[$index]" + path.substringAfter(']')
    }

    /** Goes from the preview back to the questions. */
    fun edit() = shown.update { it.copy(preview = null, trouble = null) }

    override fun stepBack(): Boolean {
        val within = shown.value.preview != null
        if (within) edit()
        return within
    }

    /** Once more what did not work. */
    fun again() {
        val now = shown.value
        if (now.form == null) {
            load()
        } else if (now.preview == null) {
            preview()
        } else {
            send()
        }
    }

    /** Records it, which no missing network prevents, and sends it. */
    fun send() {
        if (job?.isActive == true) return
        shown.update { it.copy(busy = true, trouble = null) }
        job =
            scope.launch {
                try {
                    session.resident.declare(subject, input())
                    draft.forget()
                    session.sync()
                    session.app.home()
                } catch (error: HealthcodeException.InvalidField) {
                    shown.update { it.copy(problems = mapOf(error.field to error.text), preview = null) }
                } catch (error: HealthcodeException) {
                    shown.update { it.copy(trouble = Trouble.of(error)) }
                } finally {
                    shown.update { it.copy(busy = false) }
                }
            }
    }

    private fun trying(call: () -> Unit) {
        try {
            call()
        } catch (error: HealthcodeException) {
            shown.update { it.copy(trouble = Trouble.of(error)) }
        }
    }

    private fun input(): DeclarationInput {
        val now = shown.value
        val answers = now.answers.map { (question, value) -> AnswerInput(question, value) }
        val travel =
            now.travel.mapNotNull { stay ->
                val (from, to) = (stay.from ?: return@mapNotNull null) to (stay.to ?: return@mapNotNull null)
                StayInput(stay.region.trim(), from, to)
            }
        return DeclarationInput(answers, travel)
    }

    private fun missing(index: Int) =
        "travel[$index]" to HealthcodeException.InvalidField("travel[$index]", "missing").text

    private fun Map<String, BilingualText>.without(index: Int) = filterKeys { !it.startsWith("travel[$index]") }
}
