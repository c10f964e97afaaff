package dev.healthcode.demo.state

import dev.healthcode.Checkpoint
import dev.healthcode.HealthcodeException
import dev.healthcode.Lane
import dev.healthcode.Resident
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/** How this phone's files are opened. The platform knows where they lie, and which vault and clock they have. */
interface Openers {
    /** Opens the resident's file. */
    suspend fun resident(): Resident

    /** Opens the checkpoint's file, for a guard. */
    suspend fun checkpoint(lane: Lane): Checkpoint

    /** Erases the checkpoint's file; nothing where there is none. */
    suspend fun eraseCheckpoint()

    /** Erases the resident's file where it does not open any more. */
    suspend fun eraseResident()
}

/** Whether the resident's file is open. */
sealed interface Opening {
    /** It is being opened. */
    data object Under : Opening

    /** It is open. */
    data class Open(
        val session: Session,
    ) : Opening

    /** It did not open; none of this has changed it. */
    data class Failed(
        val trouble: Trouble,
    ) : Opening
}

/**
 * The app: the resident's file, and which screens are open. It outlives a rotation (keep it where the platform keeps
 * what does), and [saved] brings the open screens back after the process has ended.
 *
 * The stack is never empty. The platform's back key calls [back] while [stack] has more than one screen.
 */
class AppState(
    val openers: Openers,
    val scope: CoroutineScope,
    val saved: SavedState,
) {
    private val openingState = MutableStateFlow<Opening>(Opening.Under)
    private val stackState = MutableStateFlow(restored())
    private val seenState = MutableStateFlow(false)
    private var job: Job? = null

    /** Whether the file is open. */
    val opening: StateFlow<Opening> = openingState.asStateFlow()

    /** The open screens, the one that is shown last. */
    val stack: StateFlow<List<Screen>> = stackState.asStateFlow()

    /** Whether a person is looking; the streams of the core are read only then. */
    val seen: StateFlow<Boolean> = seenState.asStateFlow()

    init {
        open()
    }

    /** Opens the resident's file, or tries once more. */
    fun open() {
        if (job?.isActive == true || openingState.value is Opening.Open) return
        openingState.value = Opening.Under
        job =
            scope.launch {
                openingState.value =
                    try {
                        Opening.Open(Session(openers.resident(), this@AppState))
                    } catch (error: HealthcodeException) {
                        Opening.Failed(Trouble.of(error))
                    }
            }
    }

    /** Erases the file that does not open, and begins anew. What waited to be sent is lost. */
    fun eraseFile() {
        if (job?.isActive == true || openingState.value is Opening.Open) return
        openingState.value = Opening.Under
        job =
            scope.launch {
                try {
                    openers.eraseResident()
                    home()
                    openingState.value = Opening.Open(Session(openers.resident(), this@AppState))
                } catch (error: HealthcodeException) {
                    openingState.value = Opening.Failed(Trouble.of(error))
                }
            }
    }

    /** Opens a screen; one that stands in the bar below takes the place of all that are open. */
    fun go(screen: Screen) {
        show {
            when {
                screen.place == Place.HOME -> listOf(screen)
                screen.place.top -> listOf(Screen(Place.HOME), screen)
                it.lastOrNull() == screen -> it
                else -> it + screen
            }
        }
    }

    /** Opens a screen in the place of the one that is shown. */
    fun replace(screen: Screen) {
        show { if (it.size > 1) it.dropLast(1) + screen else it + screen }
    }

    /** Goes a step back within the screen that is shown, or closes it; false at the last one. */
    fun back(): Boolean {
        val session = (openingState.value as? Opening.Open)?.session
        if (session?.stepBack(stackState.value.last()) == true) return true
        if (stackState.value.size <= 1) return false
        show { it.dropLast(1) }
        return true
    }

    /** Closes all screens but the first. */
    fun home() = show { listOf(Screen(Place.HOME)) }

    /** Says whether a person is looking at the app. */
    fun seen(on: Boolean) {
        seenState.value = on
    }

    /** The session has erased everything and is over: a new, empty file follows. */
    internal fun erased() {
        home()
        openingState.value = Opening.Under
        open()
    }

    private fun show(change: (List<Screen>) -> List<Screen>) {
        stackState.update { change(it).ifEmpty { listOf(Screen(Place.HOME)) } }
        val open = stackState.value
        saved[STACK] = open.joinToString(" ") { it.saved() }
        (openingState.value as? Opening.Open)?.session?.keep(open.toSet())
    }

    private fun restored(): List<Screen> {
        val kept = saved[STACK].orEmpty().split(' ').mapNotNull(Screen::of)
        return if (kept.firstOrNull()?.place == Place.HOME) kept else listOf(Screen(Place.HOME))
    }

    private companion object {
        const val STACK = "stack"
    }
}
