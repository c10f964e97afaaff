package dev.healthcode.demo.ui.register

import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.text.input.KeyboardType
import dev.healthcode.EnrolmentUnderWay
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.RegisterField
import dev.healthcode.demo.state.RegisterState
import dev.healthcode.demo.state.RegisterView
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.AskedNotice
import dev.healthcode.demo.ui.parts.Choice
import dev.healthcode.demo.ui.parts.Confirm
import dev.healthcode.demo.ui.parts.Field
import dev.healthcode.demo.ui.parts.Heading
import dev.healthcode.demo.ui.parts.Notice
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.RegionField
import dev.healthcode.demo.ui.parts.Restored
import dev.healthcode.demo.ui.parts.Secret
import dev.healthcode.demo.ui.parts.Small

/** Who the person is, then the one-time code that came to the number on record. */
@Composable
internal fun RegisterScreen(
    state: RegisterState,
    device: Device,
    texts: Texts,
    remedies: (Remedy) -> (() -> Unit)?,
    onBack: () -> Unit,
) {
    val view by state.view.collectAsState()
    // A document's number is on the screen.
    Secret(device)
    Page(texts[if (state.carer == null) T.REGISTER_TITLE else TFamily.CARE_TITLE], texts, onBack) {
        if (view.requested == null) Identity(state, view, texts) else OneTimeCode(state, view, texts)
        view.unconfirmed?.let { Unconfirmed(texts.of(it), state, view, texts) }
        view.trouble?.let { AskedNotice(it, texts, remedies) }
        if (view.busy) {
            LinearProgressIndicator(Modifier.fillMaxWidth())
            Actions(listOf(Action(texts[T.STOP]) { state.stop() }))
        }
    }
}

@Composable
private fun Identity(
    state: RegisterState,
    view: RegisterView,
    texts: Texts,
) {
    val own = state.carer == null
    Small(texts[if (own) T.REGISTER_ABOUT else TFamily.CARE_ABOUT])
    if (view.isOver) Notice(texts[T.REGISTER_OVER], urgent = true)
    view.underWay?.takeIf { view.unconfirmed == null }?.let { UnderWay(it, state, view, texts) }
    if (view.restored) Restored(texts, !view.busy, state::clear)
    Typed(RegisterField.NAME, T.REGISTER_NAME, state, view, texts)
    Choice(
        texts[T.REGISTER_KIND],
        view.kind,
        RegisterState.kinds,
        { texts[kindWords.getValue(it)] },
        state::choose,
    )
    Typed(RegisterField.DOCUMENT, T.REGISTER_DOCUMENT, state, view, texts)
    val phoneHint = texts[if (own) T.REGISTER_PHONE_HINT else TFamily.CARE_PHONE_HINT]
    Typed(RegisterField.PHONE, T.REGISTER_PHONE, state, view, texts, KeyboardType.Phone, phoneHint)
    RegionField(
        texts[T.REGISTER_REGION],
        view.values[RegisterField.REGION].orEmpty(),
        texts,
        { state.type(RegisterField.REGION, it) },
        view.problems[RegisterField.REGION]?.let(texts::of),
        !view.busy,
    )
    Actions(listOf(Action(texts[T.REGISTER_REQUEST], !view.busy) { state.request() }))
}

/** An enrolment that was begun before, perhaps before the app was last opened: whose, and how it goes on. */
@Composable
private fun UnderWay(
    waits: EnrolmentUnderWay,
    state: RegisterState,
    view: RegisterView,
    texts: Texts,
) {
    val enter =
        Action(texts[T.REGISTER_RESUME, waits.maskedName], !view.busy, state::resume)
            .takeUnless { waits.code.expiresIn.isZero }
    val own = state.carer == null
    val ask = Action(texts[TFamily.CARE_ASK], !view.busy) { state.askAgain() }.takeUnless { own }
    var asked by rememberSaveable { mutableStateOf(false) }
    val giveUp = Action(texts[T.WAIT_GIVE_UP], !view.busy) { asked = true }
    val said = if (own) T.HOME_CODE_WAITS else TFamily.CARE_EARLIER
    Notice(texts[said, waits.maskedName], actions = listOfNotNull(ask, enter, giveUp))
    if (!asked) return
    Confirm(texts[T.WAIT_GIVE_UP_ASK, waits.maskedName], texts[T.WAIT_GIVE_UP_YES], texts) { yes ->
        asked = false
        if (yes) state.giveUp()
    }
}

/** Nobody has confirmed it yet: that is no error, and nothing to type again. */
@Composable
private fun Unconfirmed(
    text: String,
    state: RegisterState,
    view: RegisterView,
    texts: Texts,
) {
    val again = Action(texts[TFamily.CARE_ASK], !view.busy) { state.askAgain() }
    val name = view.underWay?.maskedName.orEmpty()
    Notice(text, title = texts[TFamily.CARE_WAITING, name], actions = listOf(again))
}

@Composable
private fun OneTimeCode(
    state: RegisterState,
    view: RegisterView,
    texts: Texts,
) {
    val requested = view.requested ?: return
    val sent = if (state.carer == null) T.REGISTER_SENT else TFamily.CARE_SENT
    view.underWay?.let { Heading(texts[T.REGISTER_WAITS, it.maskedName]) }
    Text(texts[sent, requested.digits.toInt(), requested.expiresIn.plusSeconds(59).toMinutes()])
    Typed(RegisterField.CODE, T.REGISTER_CODE, state, view, texts, KeyboardType.Number)
    Actions(
        listOfNotNull(
            Action(texts[T.REGISTER_CONFIRM], !view.busy) { state.confirm() },
            Action(texts[TFamily.CARE_ASK], !view.busy) { state.askAgain() }.takeIf {
                state.carer != null && view.unconfirmed == null
            },
            // Another form would send it to somebody else.
            Action(texts[T.REGISTER_AGAIN], !view.busy) { state.request() }.takeIf { view.isSent },
            Action(texts[T.REGISTER_EDIT], !view.busy) { state.edit() },
        ),
    )
}

@Composable
private fun Typed(
    field: RegisterField,
    label: String,
    state: RegisterState,
    view: RegisterView,
    texts: Texts,
    keyboard: KeyboardType = KeyboardType.Text,
    hint: String? = null,
) = Field(
    texts[label],
    view.values[field].orEmpty(),
    { state.type(field, it) },
    view.problems[field]?.let(texts::of),
    hint,
    keyboard,
    !view.busy,
)

private val kindWords =
    mapOf(
        "resident-id" to T.KIND_RESIDENT_ID,
        "passport" to T.KIND_PASSPORT,
        "travel-permit" to T.KIND_TRAVEL_PERMIT,
        "other" to T.KIND_OTHER,
    )
