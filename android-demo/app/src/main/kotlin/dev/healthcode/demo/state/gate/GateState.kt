package dev.healthcode.demo.state.gate

import dev.healthcode.Checkpoint
import dev.healthcode.Direction
import dev.healthcode.Foreign
import dev.healthcode.HealthcodeException
import dev.healthcode.Lane
import dev.healthcode.Scan
import dev.healthcode.ShownChallenge
import dev.healthcode.Verdict
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.SavedState
import dev.healthcode.demo.state.Signal
import dev.healthcode.demo.state.Steps
import dev.healthcode.demo.state.Trouble
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.receiveAsFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import java.time.Duration

/**
 * A guard's lane: no tap a person. What the camera or a typing scanner reads is judged by the core; the verdict stands
 * for [HOLD], a stop until somebody taps, and then the next person is looked for.
 *
 * @param open opens the checkpoint's file for a lane
 * @param saved keeps the lane over the end of the process; a lane's name is no personal data
 * @param scope one that ends with the screen; what it runs on is where [view] changes
 * @param looking whether a person looks at the app: nothing is fetched while nobody does
 * @param io where codes are judged and the file is read
 * @param nanos a clock that only runs on
 * @param erase erases the checkpoint's file where it does not open any more
 * @param hold how long a verdict stands
 */
class GateState(
    private val open: suspend (Lane) -> Checkpoint,
    private val saved: SavedState,
    private val scope: CoroutineScope,
    private val looking: Flow<Boolean>,
    private val io: CoroutineDispatcher = Dispatchers.IO,
    internal val nanos: () -> Long = System::nanoTime,
    private val erase: suspend () -> Unit = {},
    private val hold: Duration = HOLD,
) : Steps {
    private val seen = MutableStateFlow(GateView())
    private val sounds = Channel<Signal>(capacity = 4, onBufferOverflow = BufferOverflow.DROP_OLDEST)
    private val texts = Channel<String>(capacity = 4, onBufferOverflow = BufferOverflow.DROP_OLDEST)
    private val typed = Channel<String>(capacity = 4, onBufferOverflow = BufferOverflow.DROP_OLDEST)
    private val oneByOne = Mutex()
    private var tried: Lane? = null
    private val eye = Eye(nanos)
    private var checkpoint: Checkpoint? = null
    private var opening: Job? = null
    private var exchanging = false
    private var onceMore = false
    private var timer: Job? = null

    /** What the screen shows. */
    val view: StateFlow<GateView> = seen.asStateFlow()

    /** What the guard is to hear and feel, once for each verdict. */
    val signals: Flow<Signal> = sounds.receiveAsFlow()

    init {
        val out = saved[DIRECTION] == Direction.OUT.name
        seen.update {
            it.copy(direction = if (out) Direction.OUT else Direction.IN, challenging = saved[CHALLENGING] != null)
        }
        saved[NAME]?.let { use(Lane(it, saved[POLICY])) }
        scope.launch { for (text in texts) oneByOne.withLock { take(text) } }
        scope.launch {
            for (text in typed) {
                // A scanner that types reads once: its text waits for as long as the verdict before it stands.
                seen.first { (it.stage as? GateStage.Judged)?.held != true }
                oneByOne.withLock { take(text) }
            }
        }
        scope.launch {
            try {
                awaitCancellation()
            } finally {
                checkpoint?.close()
            }
        }
    }

    /** Keeps evidence and counts fresh until the job is cancelled: while the screen is seen. */
    fun watch(): Job =
        scope.launch {
            looking.collectLatest { if (it) keepFresh() }
        }

    /** A text that the camera has read, from any thread and as often as it is in view. */
    fun scanned(text: String) {
        if (eye.isNew(text)) texts.trySend(text)
    }

    /** A text that a scanner has typed: it reads a code once, when somebody pulls its trigger. */
    fun typed(text: String) {
        typed.trySend(text)
    }

    /** The guard has seen to it: the next person. */
    fun next() {
        timer?.cancel()
        look()
    }

    /** Whether people go in or out; what was scanned for the other direction may be scanned again. */
    fun go(direction: Direction) {
        eye.forget()
        saved[DIRECTION] = direction.name
        seen.update { it.copy(direction = direction) }
    }

    /** Lights the torch or puts it out. */
    fun torch(on: Boolean) = seen.update { it.copy(torch = on) }

    /** Whether every person is asked for an answer to a challenge. */
    fun challenge(always: Boolean) {
        saved[CHALLENGING] = CHALLENGING.takeIf { always }
        seen.update { it.copy(challenging = always) }
        if (seen.value.stage !is GateStage.Judged) next()
    }

    /** Opens the lane's settings, or closes them. */
    fun settings(open: Boolean) = seen.update { it.copy(setting = open || it.lane == null, nameProblem = null) }

    override fun stepBack(): Boolean {
        val within = seen.value.run { setting && lane != null }
        if (within) settings(false)
        return within
    }

    /** Opens the lane under a name and, where the policies have come, for a kind of gate; see [Lane]. */
    fun use(lane: Lane) {
        opening?.cancel()
        tried = lane
        opening =
            scope.launch {
                seen.update { it.copy(opening = true, nameProblem = null, trouble = null) }
                try {
                    val opened = open(lane)
                    checkpoint?.close()
                    checkpoint = opened
                    saved[NAME] = lane.gate
                    saved[POLICY] = lane.policy
                    eye.forget()
                    seen.update { it.copy(lane = lane, setting = false, opening = false, last = null) }
                    next()
                    refresh()
                    sync()
                } catch (error: HealthcodeException.InvalidField) {
                    seen.update { it.copy(opening = false, nameProblem = error.text) }
                } catch (error: HealthcodeException) {
                    seen.update { it.copy(opening = false, trouble = Trouble.of(error)) }
                }
            }
    }

    /** Fetches what the gate judges by; while that is under way, once more after it. It always comes to an end. */
    @Synchronized
    fun sync() {
        onceMore = exchanging
        if (exchanging) return
        // Before the launch: on a phone's main thread that may be over when it returns.
        exchanging = true
        scope.launch {
            do exchange() while (goesOn())
        }
    }

    @Synchronized
    private fun goesOn(): Boolean {
        exchanging = onceMore
        onceMore = false
        return exchanging
    }

    /** Takes the guard's word that the date on the screen is today's. */
    fun confirmDate() {
        val (open, date) = (checkpoint ?: return) to (seen.value.status?.date ?: return)
        scope.launch {
            trying { withContext(io) { open.confirmDate(date) } }
            refresh()
        }
    }

    /** Does what a trouble on this screen asks for. */
    fun remedy(remedy: Remedy) {
        seen.update { it.copy(trouble = null) }
        val lane = tried
        when {
            remedy == Remedy.SYNC || remedy == Remedy.NETWORK -> sync()
            checkpoint == null && lane != null -> use(lane)
            else -> next()
        }
    }

    /** Erases the lane's file where it does not open any more, and opens a new one under the same name. */
    fun eraseFile() {
        val lane = tried ?: return
        if (seen.value.opening) return
        timer?.cancel()
        seen.update { it.copy(opening = true, trouble = null, stage = GateStage.Looking) }
        scope.launch {
            try {
                // A lane that was open lets go of its file first.
                checkpoint?.close()
                checkpoint = null
                erase()
                use(lane)
            } catch (error: HealthcodeException) {
                seen.update { it.copy(opening = false, trouble = Trouble.of(error)) }
            }
        }
    }

    private suspend fun keepFresh() =
        coroutineScope {
            launch {
                while (true) {
                    refresh()
                    delay(STATUS.toMillis())
                }
            }
            while (true) {
                val done = exchange()
                delay(if (done) SYNC.toMillis() else SYNC_AGAIN.toMillis())
            }
        }

    private suspend fun take(text: String) {
        val open = checkpoint
        if (open == null || (seen.value.stage as? GateStage.Judged)?.held == true) {
            // It is read again once the verdict before it has stood for long enough.
            eye.forget(text)
            return
        }
        val scan = trying { withContext(io) { open.verify(text, seen.value.direction) } }
        if (scan == null) {
            // It was not judged: the next look at it is a first one.
            eye.forget(text)
            return
        }
        show(scan)
        if (scan.verdict == Verdict.NotAHealthCode(Foreign.OUTAGE_NOTICE)) {
            val loaded = trying { open.load(text) } != null
            seen.update { it.copy(noticeLoaded = loaded) }
        }
        refresh()
    }

    private fun show(scan: Scan) {
        timer?.cancel()
        val challenge = scan.challenge
        seen.update { it.copy(last = scan, noticeLoaded = false, trouble = null) }
        if (challenge == null) hold(scan) else ask(challenge, scan)
        sounds.trySend(scan.verdict.signal)
    }

    private fun hold(scan: Scan) {
        seen.update { it.copy(stage = GateStage.Judged(scan, held = true)) }
        if (scan.verdict.signal == Signal.STOP) return
        timer =
            scope.launch {
                delay(hold.toMillis())
                // A card takes longer to compare than a verdict to read: it stays in view until the next code.
                if (scan.verdict is Verdict.CompareCard) {
                    seen.update { it.copy(stage = GateStage.Judged(scan, held = false)) }
                    if (!seen.value.challenging) return@launch
                    // Where everybody is asked, the next person needs a challenge, and nobody taps for it.
                    delay(CARD.toMillis())
                    look()
                } else {
                    look()
                }
            }
    }

    private fun look() {
        seen.update { it.copy(stage = GateStage.Looking) }
        val open = checkpoint
        if (!seen.value.challenging || open == null) return
        timer =
            scope.launch {
                val challenge = trying { withContext(io) { open.challenge() } } ?: return@launch
                ask(challenge, null)
            }
    }

    /** Shows a challenge until its time is over; what comes in between is judged as an answer. */
    private fun ask(
        challenge: ShownChallenge,
        scan: Scan?,
    ) {
        seen.update { it.copy(stage = GateStage.Asking(challenge, scan)) }
        timer =
            scope.launch {
                delay(challenge.validFor.toMillis())
                look()
            }
    }

    private suspend fun exchange(): Boolean {
        val open = checkpoint ?: return false
        seen.update { it.copy(syncing = true) }
        val trouble =
            try {
                open.sync()
                null
            } catch (_: HealthcodeException.Closed) {
                return false
            } catch (error: HealthcodeException) {
                Trouble.of(error)
            } finally {
                seen.update { it.copy(syncing = false) }
            }
        // A lane works without a network for as long as its policy is content with: it stands in no verdict's way.
        seen.update { it.copy(offline = trouble) }
        refresh()
        return trouble == null
    }

    private suspend fun refresh() {
        val open = checkpoint ?: return
        trying {
            val status = withContext(io) { open.status() }
            val hours = withContext(io) { open.counts() }
            val ofToday = hours.filter { it.date == status.date }
            val counts = ofToday.groupBy { it.verdict }.map { (name, of) -> name to of.sumOf { it.count } }
            seen.update { it.copy(status = status, counts = counts.sortedByDescending { of -> of.second }) }
        }
    }

    /** What a call gives; null where it failed, and the screen says why. */
    private suspend fun <T : Any> trying(call: suspend () -> T): T? =
        try {
            call()
        } catch (_: HealthcodeException.Closed) {
            // The lane was opened anew meanwhile.
            null
        } catch (error: HealthcodeException) {
            seen.update { it.copy(trouble = Trouble.of(error)) }
            null
        }

    /** How often and how long. */
    companion object {
        /** How long a verdict stands before the next person is looked for. */
        val HOLD: Duration = Duration.ofMillis(1_500)

        /** How long a card may be compared where everybody is asked, before the next challenge is shown. */
        val CARD: Duration = Duration.ofSeconds(6)

        /** Forgets which lane was open. */
        fun forget(saved: SavedState) = listOf(NAME, POLICY, DIRECTION, CHALLENGING).forEach { saved[it] = null }

        private val STATUS: Duration = Duration.ofSeconds(20)
        private val SYNC: Duration = Duration.ofMinutes(15)
        private val SYNC_AGAIN: Duration = Duration.ofMinutes(1)
        private const val NAME = "gate.name"
        private const val POLICY = "gate.policy"
        private const val DIRECTION = "gate.direction"
        private const val CHALLENGING = "gate.challenging"
    }
}
