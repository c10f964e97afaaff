package dev.healthcode.demo.state

import dev.healthcode.EnrolmentUnderWay
import dev.healthcode.HealthcodeException
import dev.healthcode.Home
import dev.healthcode.Resident
import dev.healthcode.SyncReport
import dev.healthcode.Takeover
import dev.healthcode.demo.state.gate.GateState
import dev.healthcode.enrolmentUnderWay
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.catch
import kotlinx.coroutines.flow.emptyFlow
import kotlinx.coroutines.flow.flatMapLatest
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.plus
import java.time.Instant

/**
 * The resident's open file with what the screens hold over it. Each screen's state lives as long as the screen is on
 * the stack, so a rotation loses nothing; its coroutines end with it.
 */
class Session internal constructor(
    val resident: Resident,
    val app: AppState,
) {
    /** Ends with the session. */
    val scope: CoroutineScope = app.scope + SupervisorJob(app.scope.coroutineContext.job)

    private val holders = HashMap<Screen, Held>()
    private val homeState = MutableStateFlow<Home?>(null)
    private val underWayState = MutableStateFlow<EnrolmentUnderWay?>(null)
    private val troubleState = MutableStateFlow<Trouble?>(null)
    private val syncState = MutableStateFlow<Sync>(Sync.Idle)
    private var syncing: Job? = null
    private var exchanging = false
    private var onceMore = false
    private var turns = 0
    private var answering: Job? = null
    private var expiry: Job? = null
    private val drafts = HashMap<Pair<String?, String>, Draft>()

    /** What the first screen shows, kept up to date while somebody looks; null until it was read. */
    val home: StateFlow<Home?> = homeState.asStateFlow()

    /** A registration that was begun and not ended, of which a code or a confirmation is waited for. */
    val underWay: StateFlow<EnrolmentUnderWay?> = underWayState.asStateFlow()

    /** Why [home] cannot be read any more. */
    val trouble: StateFlow<Trouble?> = troubleState.asStateFlow()

    /** What the last sync of this app came to. */
    val sync: StateFlow<Sync> = syncState.asStateFlow()

    init {
        follow()
        // With nobody enrolled there is nothing to exchange yet.
        scope.launch { if (runCatching { resident.home() }.getOrNull()?.subjects?.isNotEmpty() == true) sync() }
    }

    @OptIn(ExperimentalCoroutinesApi::class)
    private fun follow() {
        scope.launch {
            app.seen
                .flatMapLatest { if (it) resident.homes() else emptyFlow() }
                .catch { if (it is HealthcodeException) troubleState.value = Trouble.of(it) else throw it }
                .collect {
                    homeState.value = it
                    lookAtWaits()
                }
        }
    }

    /** Reads what is waited for, and once more when its code is no longer good. */
    private fun lookAtWaits() {
        val waits = waits()
        underWayState.value = waits
        expiry?.cancel()
        val left = waits?.code?.expiresIn?.takeUnless { it.isZero } ?: return
        expiry =
            scope.launch {
                delay(left.plusSeconds(1).toMillis())
                underWayState.value = waits()
            }
    }

    private fun waits(): EnrolmentUnderWay? =
        try {
            resident.enrolmentUnderWay()
        } catch (_: HealthcodeException) {
            // What is wrong with the file is said by what reads the home screen.
            null
        }

    /** A form about [subject], or about somebody who is not on this phone yet: one, whichever screen shows it. */
    @Synchronized
    internal fun draft(
        subject: String?,
        form: String,
    ) = drafts.getOrPut(subject to form) { Draft(resident, scope, subject, form) }

    /** Reads everything once more, after [trouble]. */
    fun again() {
        troubleState.value = null
        follow()
    }

    /**
     * Exchanges everything with the authority. While one exchange is under way another call is one more after it,
     * however that one ends: what was recorded meanwhile may not have gone with it. It always comes to an end.
     */
    @Synchronized
    fun sync() {
        onceMore = exchanging
        if (exchanging) return
        // Before the launch: on a phone's main thread that may be over when it returns.
        exchanging = true
        syncState.value = Sync.Under
        val turn = ++turns
        syncing =
            scope.launch {
                var state: Sync
                var before: SyncReport? = null
                do {
                    state = exchange(before)
                    before = (state as? Sync.Done)?.report ?: before
                } while (goesOn(turn, state))
            }
    }

    private suspend fun exchange(before: SyncReport?): Sync =
        try {
            val report = resident.sync()
            // What the authority did not take is said, whichever exchange it was in.
            val problems = before?.problems.orEmpty() + report.problems
            Sync.Done(report.copy(refused = report.refused + (before?.refused ?: 0u), problems = problems.distinct()))
        } catch (error: HealthcodeException) {
            Sync.Failed(Trouble.of(error), before)
        }

    @Synchronized
    private fun goesOn(
        turn: Int,
        state: Sync,
    ): Boolean {
        if (turn != turns) return false
        exchanging = onceMore
        onceMore = false
        if (!exchanging) syncState.value = state
        return exchanging
    }

    /** Hangs up. What is unsent stays and is sent later. */
    @Synchronized
    fun stopSync() {
        turns++
        syncing?.cancel()
        exchanging = false
        syncState.value = Sync.Idle
    }

    /** When the phone has to do with this file next, as the core says. */
    fun wakes(home: Home): Wakes {
        val reminders =
            home.subjects.flatMap {
                try {
                    resident.quarantine(it.subject)?.reminders.orEmpty()
                } catch (_: HealthcodeException) {
                    emptyList()
                }
            }
        return Wakes(home.nextWake, reminders.filter { it > home.time.now }.minOrNull())
    }

    /** Does what a trouble of [subject] asks for, where that needs nothing of the phone. */
    fun mend(
        remedy: Remedy,
        subject: String?,
    ) {
        when (remedy) {
            Remedy.RETRY, Remedy.SYNC -> sync()
            Remedy.DECLARE -> app.go(Screen(Place.DECLARE, subject ?: return))
            Remedy.SCAN -> app.go(Screen(Place.SCAN, subject))
            Remedy.REGISTER -> app.go(Screen(Place.REGISTER))
            Remedy.NONE, Remedy.NETWORK, Remedy.UPDATE, Remedy.ERASE -> Unit
        }
    }

    /** [mend] for the troubles of [subject]. */
    fun mending(subject: String?): (Remedy) -> Unit = { mend(it, subject) }

    /** Lets another phone take this one's place, or refuses it, and sends that. */
    fun answer(
        subject: String,
        takeover: Takeover,
        allow: Boolean,
    ) {
        // One answer: whoever taps twice has not changed their mind.
        if (answering?.isActive == true) return
        answering =
            scope.launch {
                try {
                    resident.answer(subject, takeover, allow)
                    sync()
                } catch (error: HealthcodeException) {
                    syncState.value = Sync.Failed(Trouble.of(error))
                }
            }
    }

    /** The state of a screen: made at its first call, the same one until the screen is closed. */
    @Synchronized
    fun <T : Any> holder(
        screen: Screen,
        make: (CoroutineScope) -> T,
    ): T {
        val held =
            holders.getOrPut(
                screen,
            ) { (scope + SupervisorJob(scope.coroutineContext.job)).let { Held(it, make(it)) } }
        @Suppress("UNCHECKED_CAST")
        return held.state as T
    }

    @Synchronized
    internal fun stepBack(screen: Screen): Boolean = (holders[screen]?.state as? Steps)?.stepBack() == true

    @Synchronized
    internal fun keep(open: Set<Screen>) {
        val closed = holders.keys - open
        closed.forEach { holders.remove(it)?.scope?.cancel() }
    }

    /** Erases everybody and everything for good, and begins with an empty file; throws what went wrong. */
    suspend fun eraseEverything() {
        app.openers.eraseCheckpoint()
        GateState.forget(app.saved)
        resident.eraseEverything()
        scope.cancel()
        app.erased()
    }

    private class Held(
        val scope: CoroutineScope,
        val state: Any,
    )
}

/**
 * When the phone is to do something while nobody looks.
 *
 * @property sync when to open the app in the background and sync
 * @property reminder when to remind the person of a check-in, for whoever on this phone it is due first
 */
data class Wakes(
    val sync: Instant?,
    val reminder: Instant?,
)

/** A sync of this app. */
sealed interface Sync {
    /** None was tried, or the last one was stopped. */
    data object Idle : Sync

    /** One is under way. */
    data object Under : Sync

    /** It ended well; what was refused is in the [report]. */
    data class Done(
        val report: SyncReport,
    ) : Sync

    /** It did not; what is unsent waits, and the code works on. The [report] is of the exchange just before. */
    data class Failed(
        val trouble: Trouble,
        val report: SyncReport? = null,
    ) : Sync
}
