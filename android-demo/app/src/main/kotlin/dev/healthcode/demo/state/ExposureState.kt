package dev.healthcode.demo.state

import dev.healthcode.Exposure
import dev.healthcode.ExposureAnswer
import dev.healthcode.HealthcodeException
import dev.healthcode.NoticeReport
import dev.healthcode.NoticeState
import dev.healthcode.WhereaboutsEntry
import dev.healthcode.answerExposure
import dev.healthcode.exposures
import dev.healthcode.fetchNotices
import dev.healthcode.forgetWhereabouts
import dev.healthcode.leaveVenue
import dev.healthcode.noticeState
import dev.healthcode.whereabouts
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/**
 * Where a person was, and what of it met a notice.
 *
 * @property report what the last fetch of this screen brought
 * @property fetching whether notices are being fetched
 */
data class ExposureView(
    val entries: List<WhereaboutsEntry> = emptyList(),
    val matches: List<Exposure> = emptyList(),
    val notices: NoticeState? = null,
    val report: NoticeReport? = null,
    val fetching: Boolean = false,
    val trouble: Trouble? = null,
) {
    override fun toString() = "ExposureView"
}

/** The journeys and visits of one person, kept on this phone alone, and what the public notices say about them. */
class ExposureState(
    private val session: Session,
    val subject: String,
    private val scope: CoroutineScope,
) {
    private val shown = MutableStateFlow(ExposureView())
    private var fetch: Job? = null

    /** What the screen shows. */
    val view: StateFlow<ExposureView> = shown.asStateFlow()

    init {
        refresh()
        // A record, a sync or the time may have changed it.
        scope.launch { session.home.filterNotNull().collect { refresh() } }
    }

    /** Reads it once more: what was entered on another screen changes nothing else that is watched. */
    fun refresh() =
        try {
            val resident = session.resident
            val (entries, matches) = resident.whereabouts(subject) to resident.exposures(subject)
            val notices = resident.noticeState()
            shown.update { it.copy(entries = entries, matches = matches, notices = notices) }
        } catch (error: HealthcodeException) {
            shown.update { it.copy(trouble = Trouble.of(error)) }
        }

    /**
     * Fetches the notices that are new and matches them here.
     *
     * @param large whether large files may come, where the person agrees
     */
    fun fetch(large: Boolean = false) {
        if (fetch?.isActive == true) return
        shown.update { it.copy(fetching = true, trouble = null, report = null) }
        fetch =
            scope.launch {
                try {
                    val report = session.resident.fetchNotices(large)
                    shown.update { it.copy(report = report) }
                    refresh()
                } catch (error: HealthcodeException) {
                    shown.update { it.copy(trouble = Trouble.of(error)) }
                } finally {
                    shown.update { it.copy(fetching = false) }
                }
            }
    }

    /** Hangs up. */
    fun stop() {
        fetch?.cancel()
    }

    /** Ends the visit to a venue now. */
    fun leave(entry: String) = change { session.resident.leaveVenue(subject, entry) }

    /** Deletes an entry, or all of them. */
    fun forget(entry: String?) = change { session.resident.forgetWhereabouts(subject, entry) }

    /** Says that the entry behind a match is wrong, or tells the authority, which the next sync does. */
    fun answer(
        exposure: String,
        answer: ExposureAnswer,
    ) = change {
        if (session.resident.answerExposure(subject, exposure, answer) != null) session.sync()
    }

    private fun change(call: suspend () -> Unit) {
        scope.launch {
            try {
                call()
                shown.update { it.copy(trouble = null) }
                refresh()
            } catch (error: HealthcodeException) {
                shown.update { it.copy(trouble = Trouble.of(error)) }
            }
        }
    }
}
