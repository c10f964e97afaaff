package dev.healthcode.demo.state.code

import dev.healthcode.Disclosure
import dev.healthcode.HealthcodeException
import dev.healthcode.Resident
import dev.healthcode.ShownCode
import dev.healthcode.SubjectCard
import dev.healthcode.SyncState
import dev.healthcode.TimeState
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.Steps
import dev.healthcode.demo.state.Trouble
import dev.healthcode.explainDisclosure
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/**
 * The code of one person while it is on the screen: a presentation that is never older than the core says, the trusted
 * time, and what stands in the way where there is none. It needs no network, and keeps no code longer than it is seen.
 *
 * @param looking whether a person looks at the app: nothing is read while nobody does
 * @param mend does what a [Trouble] asks for; it may lead to another screen
 * @param io where the phone's file is read once a second
 */
class CodeState(
    private val resident: Resident,
    val subject: String,
    private val scope: CoroutineScope,
    private val looking: Flow<Boolean>,
    private val mend: (Remedy) -> Unit,
    private val io: CoroutineDispatcher = Dispatchers.IO,
) : Steps {
    private val seen = MutableStateFlow(CodeView())

    /** What the screen shows. */
    val view: StateFlow<CodeView> = seen.asStateFlow()

    private val again = Channel<Unit>(Channel.CONFLATED)

    /** Keeps [view] true until the job is cancelled: while the screen is seen, and not longer. */
    fun watch(): Job =
        scope.launch {
            looking.collectLatest { if (it) follow() }
        }

    /** Tells what the code on the screen reveals to whoever scans it. */
    fun reveal() {
        val text = view.value.code?.text ?: return
        try {
            val disclosure = explainDisclosure(text)
            seen.update { it.copy(disclosure = disclosure) }
        } catch (error: HealthcodeException) {
            seen.update { it.copy(trouble = Trouble.of(error)) }
        }
    }

    override fun stepBack(): Boolean {
        val within = seen.value.disclosure != null
        if (within) closeDisclosure()
        return within
    }

    /** Back to the code. */
    fun closeDisclosure() = seen.update { it.copy(disclosure = null) }

    /** Does what a trouble on this screen asks for. */
    fun remedy(remedy: Remedy) {
        if (remedy == Remedy.RETRY) again.trySend(Unit) else mend(remedy)
    }

    private suspend fun follow() =
        coroutineScope {
            launch { followHome() }
            launch { tick() }
            try {
                followCode()
            } finally {
                // One that lies about would be shown for a moment when the screen comes back, though it is too old.
                seen.update { CodeView(card = it.card) }
            }
        }

    private suspend fun followCode() {
        while (true) {
            try {
                resident.codes(subject).collect { code -> seen.update { it.copy(code = code, trouble = null) } }
            } catch (error: HealthcodeException) {
                seen.update { it.copy(code = null, disclosure = null, trouble = Trouble.of(error)) }
                if (error is HealthcodeException.Closed) return
            }
            // It can only come out otherwise once something has changed, or the person asks.
            again.receive()
        }
    }

    private suspend fun followHome() {
        while (true) {
            try {
                resident.homes().collect { home ->
                    val card = home.subjects.firstOrNull { it.subject == subject }
                    seen.update { it.copy(card = card, sync = home.sync, time = home.time) }
                    again.trySend(Unit)
                }
            } catch (_: HealthcodeException.Closed) {
                return
            } catch (_: HealthcodeException) {
                // The code fails by the same cause and says so.
                delay(PAUSE_MILLIS)
            }
        }
    }

    /** The core is asked each second: only its clock counts on while the phone sleeps. */
    private suspend fun tick() {
        while (true) {
            val time =
                try {
                    withContext(io) { resident.home().time }
                } catch (_: HealthcodeException.Closed) {
                    return
                } catch (_: HealthcodeException) {
                    null
                }
            if (time != null) seen.update { it.copy(time = time) }
            delay(SECOND - (time?.now?.toEpochMilli() ?: 0).mod(SECOND))
        }
    }

    private companion object {
        const val SECOND = 1_000L
        const val PAUSE_MILLIS = 5_000L
    }
}

/**
 * What the code's screen shows.
 *
 * @property code the presentation; null before the first, or with a [trouble]
 * @property time the time as the phone knows it, each second
 * @property disclosure what the code reveals, while the person looks at that
 */
data class CodeView(
    val code: ShownCode? = null,
    val trouble: Trouble? = null,
    val card: SubjectCard? = null,
    val sync: SyncState? = null,
    val time: TimeState? = null,
    val disclosure: Disclosure? = null,
)
