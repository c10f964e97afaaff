package dev.healthcode.demo.state

import dev.healthcode.HealthcodeException
import dev.healthcode.Home
import dev.healthcode.Resident
import dev.healthcode.SyncReport
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.catch
import kotlinx.coroutines.flow.emptyFlow
import kotlinx.coroutines.flow.flatMapLatest
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.plus

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
    private val troubleState = MutableStateFlow<Trouble?>(null)
    private val syncState = MutableStateFlow<Sync>(Sync.Idle)
    private var syncing: Job? = null

    /** What the first screen shows, kept up to date while somebody looks; null until it was read. */
    val home: StateFlow<Home?> = homeState.asStateFlow()

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
                .collect { homeState.value = it }
        }
    }

    /** Reads everything once more, after [trouble]. */
    fun again() {
        troubleState.value = null
        follow()
    }

    /** Exchanges everything with the authority; two calls at the same time are one. It always comes to an end. */
    fun sync() {
        if (syncing?.isActive == true) return
        syncState.value = Sync.Under
        syncing =
            scope.launch {
                syncState.value =
                    try {
                        Sync.Done(resident.sync())
                    } catch (error: HealthcodeException) {
                        Sync.Failed(Trouble.of(error))
                    }
            }
    }

    /** Hangs up. What is unsent stays and is sent later. */
    fun stopSync() {
        syncing?.cancel()
        syncState.value = Sync.Idle
    }

    /** The state of a screen: made at its first call, the same one until the screen is closed. */
    fun <T : Any> holder(
        screen: Screen,
        make: (CoroutineScope) -> T,
    ): T {
        val held = holders.getOrPut(screen) { (scope + SupervisorJob(scope.coroutineContext.job)).let { Held(it, make(it)) } }
        @Suppress("UNCHECKED_CAST")
        return held.state as T
    }

    internal fun keep(open: Set<Screen>) {
        val closed = holders.keys - open
        closed.forEach { holders.remove(it)?.scope?.cancel() }
    }

    /** Erases everybody and everything for good, and begins with an empty file; throws what went wrong. */
    suspend fun eraseEverything() {
        resident.eraseEverything()
        scope.cancel()
        app.erased()
    }

    private class Held(
        val scope: CoroutineScope,
        val state: Any,
    )
}

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

    /** It did not; what is unsent waits, and the code works on. */
    data class Failed(
        val trouble: Trouble,
    ) : Sync
}
