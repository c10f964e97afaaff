package dev.healthcode.demo.state.family

import dev.healthcode.HealthcodeException
import dev.healthcode.PaperCode
import dev.healthcode.demo.state.Session
import dev.healthcode.demo.state.Trouble
import dev.healthcode.paperPage
import dev.healthcode.papers
import dev.healthcode.requestPaper
import dev.healthcode.withdrawPaper
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/**
 * The paper codes of one person, the latest first, in memory only.
 *
 * @property papers null until the file was read
 * @property waiting how many entries of the person wait to be sent: what was asked for offline is among them
 * @property trouble why what was asked for last did not work
 * @property unread why the phone's file cannot be read now
 */
data class PaperView(
    val papers: List<PaperCode>? = null,
    val waiting: Int = 0,
    val busy: Boolean = false,
    val trouble: Trouble? = null,
    val unread: Trouble? = null,
) {
    override fun toString() = "PaperView"
}

/** Asks for codes on paper, hands out their pages, and has them withdrawn. */
class PaperState(
    private val session: Session,
    val subject: String,
    private val scope: CoroutineScope,
) {
    private val shown = MutableStateFlow(PaperView())
    private var last: (suspend () -> Unit)? = null

    /** What the screen shows. */
    val view: StateFlow<PaperView> = shown.asStateFlow()

    init {
        read()
        // It comes with a sync.
        scope.launch { session.home.filterNotNull().collect { read() } }
    }

    /** Asks for a paper code. */
    fun request() =
        trying {
            session.resident.requestPaper(subject)
            session.sync()
        }

    /** Asks that a paper code passes no more. */
    fun withdraw(paper: String) =
        trying {
            session.resident.withdrawPaper(subject, paper)
            session.sync()
        }

    /**
     * Gives [hand] the page of a paper code, which is written nowhere here. It belongs to a screen, which may be made
     * anew before anybody tries again: to try that again is the screen's.
     */
    fun page(
        paper: String,
        hand: (String) -> Unit,
    ) = trying(again = false) { hand(session.resident.paperPage(subject, paper)) }

    /** Once more what did not work; false where that was a [page]. */
    fun again(): Boolean {
        val call = last
        shown.update { it.copy(trouble = null) }
        call?.let { trying(call = it) }
        return call != null
    }

    /** Reads the papers. */
    fun read() =
        try {
            val papers = session.resident.papers(subject)
            val card =
                session.home.value
                    ?.subjects
                    ?.firstOrNull { it.subject == subject }
            shown.update { it.copy(papers = papers, waiting = card?.waiting?.toInt() ?: 0, unread = null) }
        } catch (error: HealthcodeException) {
            shown.update { it.copy(unread = Trouble.of(error)) }
        }

    private fun trying(
        again: Boolean = true,
        call: suspend () -> Unit,
    ) {
        if (shown.value.busy) return
        last = call.takeIf { again }
        shown.update { it.copy(busy = true, trouble = null) }
        scope.launch {
            try {
                call()
                read()
            } catch (error: HealthcodeException) {
                shown.update { it.copy(trouble = Trouble.of(error)) }
            } finally {
                shown.update { it.copy(busy = false) }
            }
        }
    }
}
