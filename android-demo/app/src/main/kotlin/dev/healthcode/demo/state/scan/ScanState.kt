package dev.healthcode.demo.state.scan

import dev.healthcode.BilingualText
import dev.healthcode.Foreign
import dev.healthcode.HandoverPicture
import dev.healthcode.HealthcodeException
import dev.healthcode.Resident
import dev.healthcode.ScannedText
import dev.healthcode.ShownCode
import dev.healthcode.SubjectCard
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.Steps
import dev.healthcode.demo.state.Trouble
import dev.healthcode.enterVenue
import dev.healthcode.handOver
import dev.healthcode.leaveVenue
import dev.healthcode.takeOver
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/**
 * A resident's scanner, for one person of the phone at a time: a gate's challenge is answered at once, a venue is entered by its
 * door's code, and whatever else the camera meets is named. After the first text it reads nothing until [again].
 *
 * @param subject for whom, to begin with; the first person of the phone without
 * @param looking whether a person looks at the app: nothing is read while nobody does
 * @param mend does what a [Trouble] asks for
 */
class ScanState(
    private val resident: Resident,
    subject: String?,
    private val scope: CoroutineScope,
    private val looking: Flow<Boolean>,
    private val mend: (Remedy) -> Unit,
) : Steps {
    private val person = MutableStateFlow(subject)
    private val everybody = MutableStateFlow<List<SubjectCard>?>(null)

    /** The answer of a phone of before that was scanned and not yet taken to the authority. */
    private var answer: String? = null

    private val seen = MutableStateFlow<ScanView>(ScanView.Looking)

    /** What the screen shows. */
    val view: StateFlow<ScanView> = seen.asStateFlow()

    /** For whom a text is scanned: the one who was chosen, else the first; null with nobody on this phone. */
    val chosen: StateFlow<String?> = person.asStateFlow()

    /** Who can be chosen; null until the phone's file was read. */
    val people: StateFlow<List<SubjectCard>?> = everybody.asStateFlow()

    /** Keeps [people] true until the job is cancelled: while the screen is seen. */
    fun watch(): Job =
        scope.launch {
            looking.collectLatest { if (it) follow() }
        }

    /** Scans for somebody else from now on; an answer on the screen becomes theirs. */
    fun choose(subject: String) {
        person.value = subject
        val answer = seen.value as? ScanView.Answer ?: return
        if (!seen.compareAndSet(answer, ScanView.Reading)) return
        scope.launch { seen.value = read(answer.challenge) }
    }

    /** A text that the camera has read, from any thread and as often as it is in view. */
    fun scanned(text: String) {
        // The camera reads on while the first text is looked into, and after it.
        if (!seen.compareAndSet(ScanView.Looking, ScanView.Reading)) return
        scope.launch { seen.value = read(text) }
    }

    /** Begins the visit to the venue on the screen. */
    fun enter() {
        val venue = seen.value as? ScanView.Venue ?: return
        if (!seen.compareAndSet(venue, ScanView.Reading)) return
        scope.launch {
            seen.value =
                troubled {
                    val subject = somebody()
                    ScanView.Entered(venue.name, subject, resident.enterVenue(subject, venue.text))
                }
        }
    }

    /** Ends the visit that was just begun. */
    fun leave() {
        val entered = seen.value as? ScanView.Entered ?: return
        if (!seen.compareAndSet(entered, ScanView.Reading)) return
        scope.launch {
            seen.value =
                troubled {
                    resident.leaveVenue(entered.subject, entered.entry)
                    ScanView.Left(entered.name)
                }
        }
    }

    /** Hands the chosen person over to the phone that asks, once the person has said so; it needs no network. */
    fun handOver() {
        val asked = seen.value as? ScanView.AskedFor ?: return
        if (!seen.compareAndSet(asked, ScanView.Reading)) return
        scope.launch {
            seen.value =
                troubled {
                    val subject = somebody()
                    val card = resident.home().subjects.firstOrNull { it.subject == subject }
                    val whom = card?.let { "${it.maskedName} ${it.idTail}" }.orEmpty()
                    ScanView.HandedOver(resident.handOver(subject, asked.request), whom)
                }
        }
    }

    /** Looks for the next text. */
    fun again() {
        answer = null
        seen.value = ScanView.Looking
    }

    /** Back leaves what is shown over the whole screen for another phone or a gate, not the scanner. */
    override fun stepBack(): Boolean {
        val within = seen.value.let { it is ScanView.HandedOver || it is ScanView.Answer }
        if (within) again()
        return within
    }

    /** Does what a trouble on this screen asks for. */
    fun remedy(remedy: Remedy) {
        val taking = answer
        when {
            remedy != Remedy.RETRY -> mend(remedy)
            taking == null -> again()
            seen.value is ScanView.Failed -> take(taking)
        }
    }

    private fun take(text: String) {
        seen.value = ScanView.Reading
        scope.launch { seen.value = read(text) }
    }

    private suspend fun follow() {
        while (true) {
            try {
                resident.homes().collect { home ->
                    everybody.value = home.subjects
                    val there = home.subjects.map { it.subject }
                    person.update { if (it in there) it else there.firstOrNull() }
                }
            } catch (error: HealthcodeException) {
                seen.value = ScanView.Failed(Trouble.of(error))
                if (error is HealthcodeException.Closed) return
                delay(PAUSE_MILLIS)
            }
        }
    }

    private suspend fun read(text: String): ScanView =
        troubled {
            when (val what = resident.scan(text)) {
                is ScannedText.Challenge -> ScanView.Answer(resident.code(somebody(), text), text)
                is ScannedText.Venue -> ScanView.Venue(what.name, text)
                is ScannedText.Code -> ScanView.Named(Found.CODE)
                is ScannedText.UnsignedVenue -> ScanView.Named(Found.UNSIGNED_VENUE)
                is ScannedText.HandoverRequest -> ScanView.AskedFor(text)
                is ScannedText.Handover -> taken(text)
                is ScannedText.OtherKind -> ScanView.Named(Found.OTHER_KIND)
                is ScannedText.Damaged -> ScanView.Named(Found.DAMAGED)
                is ScannedText.Foreign -> ScanView.Named(Found.FOREIGN, what.what)
            }
        }

    /** Takes over the person of whom the phone of before speaks. What was scanned is tried again after a failure. */
    private suspend fun taken(text: String): ScanView {
        answer = text
        val enrolment = resident.takeOver(text)
        answer = null
        mend(Remedy.SYNC)
        val card = resident.home().subjects.firstOrNull { it.subject == enrolment.subject }
        return ScanView.TakenOver(card?.maskedName.orEmpty(), card?.idTail.orEmpty())
    }

    /** Whom the file has, also where the camera was quicker than the file. */
    private fun somebody(): String =
        person.value ?: resident
            .home()
            .subjects
            .firstOrNull()
            ?.subject ?: throw HealthcodeException.UnknownSubject()

    private suspend fun troubled(call: suspend () -> ScanView): ScanView =
        try {
            call()
        } catch (error: HealthcodeException) {
            ScanView.Failed(Trouble.of(error), taking = answer != null)
        }

    private companion object {
        const val PAUSE_MILLIS = 5_000L
    }
}

/** What the scanner's screen shows. */
sealed interface ScanView {
    /** The camera's picture. */
    data object Looking : ScanView

    /** A text was read and is looked into: a moment. */
    data object Reading : ScanView

    /** The answer to a gate's challenge, for the gate to scan. */
    data class Answer(
        val code: ShownCode,
        internal val challenge: String,
    ) : ScanView

    /** A venue that can be entered. */
    data class Venue(
        val name: BilingualText,
        internal val text: String,
    ) : ScanView

    /** The visit has begun. */
    data class Entered(
        val name: BilingualText,
        internal val subject: String,
        internal val entry: String,
    ) : ScanView

    /** The visit has ended. */
    data class Left(
        val name: BilingualText,
    ) : ScanView

    /** Another phone asks for a person: nothing is handed over before somebody here agrees. */
    data class AskedFor(
        internal val request: String,
    ) : ScanView {
        override fun toString() = "AskedFor"
    }

    /** What the other phone scans, to speak for the person from then on. */
    data class HandedOver(
        val picture: HandoverPicture,
        val whom: String,
    ) : ScanView

    /** A person has come to this phone from another one. */
    data class TakenOver(
        val maskedName: String,
        val idTail: String,
    ) : ScanView

    /** Something for which this screen has no use, by its name. */
    data class Named(
        val found: Found,
        val foreign: Foreign? = null,
    ) : ScanView

    /**
     * It was for this screen and did not work.
     *
     * @property taking whether it was somebody from another phone: what was scanned is kept, and can be tried again
     */
    data class Failed(
        val trouble: Trouble,
        val taking: Boolean = false,
    ) : ScanView
}

/** What else a scanned text is. */
enum class Found {
    /** A resident's code, which a gate scans. */
    CODE,

    /** A venue's code that no listed issuer has signed. */
    UNSIGNED_VENUE,

    /** A code of this system that this app does not read. */
    OTHER_KIND,

    /** It begins like a code of this system and is damaged. */
    DAMAGED,

    /** Something of another system. */
    FOREIGN,
}
