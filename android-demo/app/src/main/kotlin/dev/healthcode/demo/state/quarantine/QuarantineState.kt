package dev.healthcode.demo.state.quarantine

import dev.healthcode.Choice
import dev.healthcode.HealthcodeException
import dev.healthcode.Home
import dev.healthcode.QuarantineView
import dev.healthcode.Recorded
import dev.healthcode.Resident
import dev.healthcode.SubjectCard
import dev.healthcode.SyncState
import dev.healthcode.demo.state.Draft
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.Trouble
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import java.time.LocalDate

/**
 * The quarantine of one person: the days as the core counts them, the day's check-in in one tap, and the proof. Nothing
 * here counts a day or tells a release.
 *
 * @param looking whether a person looks at the app: nothing is read while nobody does
 * @param mend does what a [Trouble] asks for
 * @param draft keeps the chosen symptoms until they are recorded
 * @param io where the phone's file is read
 */
class QuarantineState(
    private val resident: Resident,
    val subject: String,
    private val scope: CoroutineScope,
    private val looking: Flow<Boolean>,
    private val mend: (Remedy) -> Unit,
    private val draft: Draft,
    private val io: CoroutineDispatcher = Dispatchers.IO,
) {
    private val seen = MutableStateFlow(QuarantineShown())

    /** What the screen shows. */
    val view: StateFlow<QuarantineShown> = seen.asStateFlow()

    private var before: Map<String, String>? = draft.read()

    /** The day on which the symptoms were chosen: on another one they are not said again. */
    private var chosenOn: LocalDate? = null

    /** The day of the check-in that was not recorded: on another one it is not tried again as it was. */
    private var failedOn: LocalDate? = null

    private val sooner = Channel<Unit>(Channel.CONFLATED)

    /** Keeps [view] true until the job is cancelled: while the screen is seen. */
    fun watch(): Job = scope.launch { looking.collectLatest { if (it) follow() } }

    /** Opens the symptoms to choose from, or closes them and forgets the choice. */
    fun askSymptoms(open: Boolean) = choosing { it.copy(choosing = open, chosen = emptySet()) }

    /** Chooses a symptom, or takes the choice back. */
    fun choose(symptom: String) =
        choosing {
            val without = it.chosen - symptom
            it.copy(chosen = if (without == it.chosen) it.chosen + symptom else without)
        }

    private fun choosing(how: (QuarantineShown) -> QuarantineShown) {
        seen.update(how)
        chosenOn = seen.value.quarantine?.today
        draft.keep {
            val (chosen, day) = seen.value.chosen to chosenOn
            if (chosen.isEmpty() ||
                day == null
            ) {
                emptyMap()
            } else {
                mapOf(CHOSEN to chosen.joinToString(" "), DAY to "$day")
            }
        }
    }

    /** What was chosen before the app was last opened stands here again, on the same day. */
    private suspend fun restore(quarantine: QuarantineView?) {
        val (kept, today) = before to quarantine?.today
        before = null
        if (!kept.isNullOrEmpty() && today != null && kept[DAY] == "$today") {
            chosenOn = today
            val chosen = kept[CHOSEN].orEmpty().split(' ').toSet()
            seen.update { it.copy(choosing = true, chosen = it.chosen + chosen) }
        }
        if (chosenOn == today && (today != null || kept.isNullOrEmpty())) return
        // Another day has begun, or the order has ended.
        chosenOn = null
        if (seen.value.chosen.isNotEmpty()) seen.update { it.copy(choosing = false, chosen = emptySet()) }
        draft.forget()
    }

    /** Records the check-in, without symptoms or with the chosen ones; a second tap while it is recorded is none. */
    fun checkIn() {
        val before = seen.value
        if (before.busy || !seen.compareAndSet(before, before.begun())) return
        scope.launch {
            try {
                val recorded = resident.checkIn(subject, before.chosen.toList())
                draft.forget()
                // Kept it is already; where there is a network the authority has it at once.
                mend(Remedy.SYNC)
                seen.update { it.copy(recorded = recorded, choosing = false, chosen = emptySet(), busy = false) }
            } catch (error: HealthcodeException) {
                failedOn = before.quarantine?.today
                seen.update { it.copy(trouble = Trouble.of(error), failed = Failed.CHECK_IN, busy = false) }
            }
        }
    }

    private fun QuarantineShown.begun() = copy(busy = true, trouble = null, failed = null)

    /** Gives the proof of this quarantine, or of the last one, to [use], which hands it to the share sheet. */
    fun proof(use: (ByteArray) -> Unit) {
        val before = seen.value
        if (before.busy || !seen.compareAndSet(before, before.begun())) return
        scope.launch {
            try {
                use(resident.quarantineProof(subject, before.quarantine?.order).encodeToByteArray())
                seen.update { it.copy(busy = false) }
            } catch (error: HealthcodeException) {
                seen.update { it.copy(trouble = Trouble.of(error), failed = Failed.PROOF, busy = false) }
            }
        }
    }

    /**
     * Does what a trouble on this screen asks for; to try again is to do what failed.
     *
     * @param use takes the proof, where that is what failed
     */
    fun remedy(
        remedy: Remedy,
        use: (ByteArray) -> Unit = {},
    ) {
        when (seen.value.failed.takeIf { remedy == Remedy.RETRY }) {
            Failed.CHECK_IN -> checkIn()
            Failed.PROOF -> proof(use)
            null -> mend(remedy)
        }
    }

    /** Does what [QuarantineShown.unread] asks for; to try again is to read at once. */
    fun readAgain(remedy: Remedy) {
        if (remedy == Remedy.RETRY) sooner.trySend(Unit) else mend(remedy)
    }

    private suspend fun follow() {
        while (true) {
            try {
                resident.homes().collect { look(it) }
            } catch (error: HealthcodeException) {
                seen.update { it.copy(unread = Trouble.of(error), loaded = true) }
                if (error is HealthcodeException.Closed) return
                withTimeoutOrNull(PAUSE_MILLIS) { sooner.receive() }
            }
        }
    }

    private suspend fun look(home: Home) {
        val quarantine = withContext(io) { resident.quarantine(subject) }
        val symptoms =
            try {
                withContext(io) { resident.form(subject).symptoms }
            } catch (_: HealthcodeException.NotSynced) {
                emptyList()
            }
        restore(quarantine)
        if (seen.value.failed == Failed.CHECK_IN && failedOn != quarantine?.today) {
            seen.update { it.copy(trouble = null, failed = null) }
        }
        // Of an order that has ended there is a proof as well; of none there is none.
        val provable = quarantine != null || proves()
        seen.update {
            it.copy(
                loaded = true,
                quarantine = quarantine,
                card = home.subjects.firstOrNull { card -> card.subject == subject },
                sync = home.sync,
                symptoms = symptoms,
                provable = provable,
                unread = null,
            )
        }
    }

    private suspend fun proves(): Boolean =
        try {
            resident.quarantineProof(subject)
            true
        } catch (_: HealthcodeException.InvalidField) {
            false
        }

    private companion object {
        const val PAUSE_MILLIS = 5_000L

        /** The chosen symptoms by their ids, which have no space. */
        const val CHOSEN = "symptoms"

        const val DAY = "day"
    }
}

/**
 * What the quarantine's screen shows.
 *
 * @property loaded whether the phone's file was read: before, there is neither a quarantine nor none
 * @property quarantine the order in force with its days; null without one
 * @property symptoms what a check-in may name
 * @property choosing whether the symptoms are open to choose from
 * @property chosen the ids of those that are chosen
 * @property recorded the check-in that was just recorded on this screen
 * @property provable whether there is a proof to share
 * @property busy whether a check-in is being recorded or a proof made
 * @property trouble why [failed] did not work
 * @property unread why the phone's file cannot be read now; what stands here is of before
 */
data class QuarantineShown(
    val loaded: Boolean = false,
    val quarantine: QuarantineView? = null,
    val card: SubjectCard? = null,
    val sync: SyncState? = null,
    val symptoms: List<Choice> = emptyList(),
    val choosing: Boolean = false,
    val chosen: Set<String> = emptySet(),
    val recorded: Recorded? = null,
    val provable: Boolean = false,
    val busy: Boolean = false,
    val trouble: Trouble? = null,
    val failed: Failed? = null,
    val unread: Trouble? = null,
)

/** What did not work, and can be tried again. */
enum class Failed {
    /** The check-in was not recorded. */
    CHECK_IN,

    /** There is no proof to share. */
    PROOF,
}
