package dev.healthcode.demo.state

import dev.healthcode.HealthcodeException
import dev.healthcode.Resident
import dev.healthcode.draft
import dev.healthcode.keepDraft
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

/**
 * A form over the end of the process: the core keeps it sealed in its file, with each letter, until it is recorded or a
 * week is over.
 *
 * @param scope outlives the screen, which may be closed with the last letter
 * @param subject whom it is about; null for somebody who is not on this phone yet
 * @param form the form's name
 */
class Draft(
    private val resident: Resident,
    private val scope: CoroutineScope,
    private val subject: String?,
    private val form: String,
) {
    private val order = Mutex()
    private var kept: Map<String, String>? = null
    private var waiting: (() -> Map<String, String>)? = null

    /** What was typed before, by the fields' names; empty where nothing is kept. */
    fun read(): Map<String, String> =
        // A screen that was closed a moment ago may still have its last letter to keep.
        waiting?.invoke() ?: try {
            resident.draft(subject, form).also { kept = it }.orEmpty()
        } catch (_: HealthcodeException) {
            // Then the form begins empty; what is wrong with the file is said where something is recorded.
            emptyMap()
        }

    /** Keeps what [words] gives once it is its turn, so that what was typed last is what is kept; empty forgets it. */
    fun keep(words: () -> Map<String, String>): Job {
        waiting = words
        return scope.launch {
            order.withLock {
                keepNow(words().ifEmpty { null })
                if (waiting === words) waiting = null
            }
        }
    }

    /** It was recorded: nothing is kept any more. */
    suspend fun forget() =
        order.withLock {
            waiting = null
            keepNow(null)
        }

    private suspend fun keepNow(words: Map<String, String>?) {
        if (words == kept) return
        try {
            resident.keepDraft(subject, form, words)
            kept = words
        } catch (_: HealthcodeException) {
            // The form on the screen still has it.
        }
    }
}
