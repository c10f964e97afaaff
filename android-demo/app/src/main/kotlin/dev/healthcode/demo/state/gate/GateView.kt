package dev.healthcode.demo.state.gate

import dev.healthcode.BilingualText
import dev.healthcode.CheckpointStatus
import dev.healthcode.Direction
import dev.healthcode.Lane
import dev.healthcode.Scan
import dev.healthcode.ShownChallenge
import dev.healthcode.Verdict
import dev.healthcode.demo.state.Signal
import dev.healthcode.demo.state.Trouble

/**
 * What the gate's screen shows.
 *
 * @property lane the lane that is open; null before somebody has named it
 * @property setting whether the lane's settings are open; always without a lane
 * @property nameProblem what is wrong with the typed name
 * @property challenging whether every person is asked for an answer
 * @property last the verdict before this one, while the camera looks for the next
 * @property counts how many of today came to which verdict, by the verdict's name
 * @property offline why the last sync brought nothing; the lane goes on with what it has
 * @property noticeLoaded whether an outage notice was just taken from a scanned code
 */
data class GateView(
    val lane: Lane? = null,
    val setting: Boolean = true,
    val opening: Boolean = false,
    val nameProblem: BilingualText? = null,
    val status: CheckpointStatus? = null,
    val direction: Direction = Direction.IN,
    val torch: Boolean = false,
    val challenging: Boolean = false,
    val stage: GateStage = GateStage.Looking,
    val last: Scan? = null,
    val counts: List<Pair<String, UInt>> = emptyList(),
    val syncing: Boolean = false,
    val offline: Trouble? = null,
    val trouble: Trouble? = null,
    val noticeLoaded: Boolean = false,
)

/** What a guard sees. */
sealed interface GateStage {
    /** The camera's picture: it waits for the next person. */
    data object Looking : GateStage

    /**
     * A verdict, over the whole screen.
     *
     * @property held whether it stays for now whatever comes into view
     */
    data class Judged(
        val scan: Scan,
        val held: Boolean,
    ) : GateStage

    /**
     * A challenge to show, and the camera waits for its answer.
     *
     * @property scan the verdict that asked for it; null where the guard did
     */
    data class Asking(
        val challenge: ShownChallenge,
        val scan: Scan?,
    ) : GateStage
}

/** Which of the four things a guard hears, feels and sees a verdict is. */
val Verdict.signal: Signal
    get() =
        when (this) {
            is Verdict.Pass -> Signal.PASS

            is Verdict.Stop, is Verdict.Invalid -> Signal.STOP

            is Verdict.AskForAnswer -> Signal.ASK

            is Verdict.CompareCard, is Verdict.AlreadySeen, is Verdict.Renew, is Verdict.Withdrawn,
            is Verdict.UnknownIssuer, is Verdict.NotAHealthCode, is Verdict.ConnectFirst,
            -> Signal.LOOK
        }
