package dev.healthcode.demo.state.family

import dev.healthcode.HandoverPicture
import dev.healthcode.HealthcodeException
import dev.healthcode.demo.state.Session
import dev.healthcode.demo.state.Trouble
import dev.healthcode.handoverRequest
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/** What a new phone shows to the one of before, to take a person over from it. */
data class HandoverView(
    val request: HandoverPicture? = null,
    val trouble: Trouble? = null,
) {
    override fun toString() = "HandoverView"
}

/** The new phone's side of a handover, before the answer is scanned. It needs no network. */
class HandoverState(
    private val session: Session,
    private val scope: CoroutineScope,
) {
    private val shown = MutableStateFlow(HandoverView())

    /** What the screen shows. */
    val view: StateFlow<HandoverView> = shown.asStateFlow()

    init {
        ask()
    }

    /** Makes the request, or tries once more. It is the same until a person has come with it. */
    fun ask() {
        shown.update { it.copy(trouble = null) }
        scope.launch {
            try {
                val request = session.resident.handoverRequest()
                shown.update { it.copy(request = request) }
            } catch (error: HealthcodeException) {
                shown.update { it.copy(trouble = Trouble.of(error)) }
            }
        }
    }
}
