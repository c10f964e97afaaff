package dev.healthcode.demo.state.family

import dev.healthcode.AppealInput
import dev.healthcode.Appeals
import dev.healthcode.BilingualText
import dev.healthcode.Contestable
import dev.healthcode.HealthcodeException
import dev.healthcode.appeal
import dev.healthcode.appeals
import dev.healthcode.demo.state.Session
import dev.healthcode.demo.state.Trouble
import dev.healthcode.keepAppealDraft
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

/**
 * The appeals of one person.
 *
 * @property writing what is being written; null where nothing is
 * @property problems what is wrong with it, by the core's path (`text`, `statements[0]`)
 * @property trouble why what was written was not kept or not sent
 * @property unread why the phone's file cannot be read now
 */
data class AppealView(
    val appeals: Appeals? = null,
    val writing: AppealInput? = null,
    val problems: Map<String, BilingualText> = emptyMap(),
    val busy: Boolean = false,
    val trouble: Trouble? = null,
    val unread: Trouble? = null,
) {
    override fun toString() = "AppealView"
}

/**
 * Contests a reason: what is written is the core's draft from the first letter on, sealed in its file, so that neither a
 * missing network nor the end of the process loses it.
 */
class AppealState(
    private val session: Session,
    val subject: String,
    private val scope: CoroutineScope,
) {
    private val shown = MutableStateFlow(AppealView())
    private val order = Mutex()
    private var failed: (() -> Unit)? = null

    /** What the screen shows. */
    val view: StateFlow<AppealView> = shown.asStateFlow()

    init {
        read()
        val draft = shown.value.appeals?.draft
        shown.update { it.copy(writing = draft) }
        scope.launch { session.home.filterNotNull().collect { read() } }
    }

    /** Begins to write against a reason. */
    fun contest(reason: Contestable) = write(AppealInput(reason.rating, reason.reason.rule, "", emptyList()))

    /** Writes what the person says. */
    fun text(text: String) = change("text") { it.copy(text = text) }

    /** Adds a statement to be filled in. */
    fun addStatement() = change(null) { it.copy(statements = it.statements + "") }

    /** Writes a statement. */
    fun statement(
        index: Int,
        text: String,
    ) = change("statements[$index]") {
        it.copy(statements = it.statements.mapIndexed { at, old -> if (at == index) text else old })
    }

    /** Takes a statement away. */
    fun removeStatement(index: Int) =
        change(null) { it.copy(statements = it.statements.filterIndexed { at, _ -> at != index }) }

    /** Throws away what was written. */
    fun discard() {
        shown.update { it.copy(writing = null, problems = emptyMap(), trouble = null) }
        keep()
    }

    /** Makes the appeal, which no missing network prevents, and sends it. */
    fun send() {
        val writing = shown.value.writing ?: return
        if (shown.value.busy) return
        shown.update { it.copy(busy = true, trouble = null, problems = emptyMap()) }
        scope.launch {
            try {
                order.withLock {
                    val said = writing.copy(statements = writing.statements.filter { it.isNotBlank() })
                    session.resident.appeal(subject, said)
                    shown.update { it.copy(writing = null) }
                }
                read()
                session.sync()
            } catch (error: HealthcodeException) {
                fail(error, ::send)
            } finally {
                shown.update { it.copy(busy = false) }
            }
        }
    }

    /** Once more what did not work. */
    fun again() {
        if (shown.value.busy) return
        shown.update { it.copy(trouble = null) }
        failed?.invoke()
    }

    private fun change(
        field: String?,
        how: (AppealInput) -> AppealInput,
    ) {
        val writing = shown.value.writing ?: return
        shown.update { it.copy(problems = if (field == null) emptyMap() else it.problems - field) }
        write(how(writing))
    }

    private fun write(input: AppealInput) {
        shown.update { it.copy(writing = input) }
        keep()
    }

    /** What was typed last is what is kept, also where the screen is closed with the last letter. */
    private fun keep() {
        session.scope.launch {
            order.withLock {
                try {
                    session.resident.keepAppealDraft(subject, shown.value.writing)
                    // With it is kept what was not kept before.
                    if (failed == ::keep) shown.update { it.copy(trouble = null) }
                } catch (error: HealthcodeException) {
                    fail(error, ::keep)
                }
            }
        }
    }

    /** Reads the appeals. */
    fun read() =
        try {
            val appeals = session.resident.appeals(subject)
            shown.update { it.copy(appeals = appeals, unread = null) }
        } catch (error: HealthcodeException) {
            shown.update { it.copy(unread = Trouble.of(error)) }
        }

    private fun fail(
        error: HealthcodeException,
        again: () -> Unit,
    ) {
        failed = again
        shown.update {
            val place = (error as? HealthcodeException.InvalidField)?.field
            if (place != null && (place == "text" || place.startsWith("statements"))) {
                it.copy(problems = it.problems + (place to error.text))
            } else {
                it.copy(trouble = Trouble.of(error))
            }
        }
    }
}
