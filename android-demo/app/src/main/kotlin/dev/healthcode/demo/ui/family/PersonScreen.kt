package dev.healthcode.demo.ui.family

import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import dev.healthcode.Carer
import dev.healthcode.SubjectCard
import dev.healthcode.SubjectState
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.family.PersonState
import dev.healthcode.demo.state.family.PersonView
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.Confirm
import dev.healthcode.demo.ui.parts.Heading
import dev.healthcode.demo.ui.parts.Opening
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.Panel
import dev.healthcode.demo.ui.parts.Small
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.parts.instant

/** What can be done for one person beyond the day's things, who cares for the person, and for whom the person cares. */
@Composable
internal fun PersonScreen(
    state: PersonState,
    texts: Texts,
    remedies: (Remedy) -> (() -> Unit)?,
    go: (Place) -> Unit,
    onBack: () -> Unit,
) {
    val view by state.view.collectAsState()
    val card = view.card
    Page(texts[TFamily.PERSON_TITLE], texts, onBack) {
        view.trouble?.let { TroubleNotice(it, texts, remedies) }
        if (card == null && view.trouble == null) Opening(texts)
        if (card != null) {
            // What another phone speaks for now is not done here.
            if (card.state is SubjectState.Active) Doing(texts, go)
            Carers(state, view, card, texts)
            if (card.caredForBy == null && card.state is SubjectState.Active) Family(view, texts, go)
        }
    }
}

@Composable
private fun Doing(
    texts: Texts,
    go: (Place) -> Unit,
) = Panel {
    Heading(texts[TFamily.PERSON_DO])
    Actions(
        listOf(
            Action(texts[TFamily.PERSON_APPEAL]) { go(Place.APPEAL) },
            Action(texts[TFamily.PERSON_PAPER]) { go(Place.PAPER) },
            Action(texts[TFamily.PERSON_MOVE]) { go(Place.MOVE) },
            Action(texts[TFamily.PERSON_HAND_OVER]) { go(Place.SCAN) },
        ),
        first = false,
    )
}

@Composable
private fun Carers(
    state: PersonState,
    view: PersonView,
    card: SubjectCard,
    texts: Texts,
) {
    // A carer's key: the question survives a rotation.
    var asked by rememberSaveable { mutableStateOf<String?>(null) }
    Panel {
        Heading(texts[TFamily.PERSON_CARERS])
        view.carer?.let { Text(texts[TFamily.PERSON_CARED_FOR, it.maskedName]) }
        if (card.carers.isEmpty()) Text(texts[TFamily.PERSON_CARERS_NONE])
        for (carer in card.carers) {
            Text(carer.maskedName)
            Small(texts[since(carer), texts.instant(carer.since)])
            // The core takes no end of another carer from a carer: what it would refuse is not offered.
            if (card.caredForBy == null || carer.thisPhone) {
                val end = Action(texts[TFamily.PERSON_END, carer.maskedName], !view.busy) { asked = carer.key }
                Actions(listOf(end), first = false)
            }
        }
    }
    val carer = card.carers.firstOrNull { it.key == asked } ?: return
    val question = texts[TFamily.PERSON_END_ASK, carer.maskedName, card.maskedName]
    Confirm(question, texts[TFamily.PERSON_END_YES], texts) { yes ->
        asked = null
        if (yes) state.end(carer.key)
    }
}

private fun since(carer: Carer) = if (carer.thisPhone) TFamily.PERSON_CARER_HERE else TFamily.PERSON_CARER_SINCE

@Composable
private fun Family(
    view: PersonView,
    texts: Texts,
    go: (Place) -> Unit,
) = Panel {
    Heading(texts[TFamily.PERSON_FAMILY])
    Small(texts[TFamily.PERSON_FAMILY_ABOUT])
    for (other in view.caredFor) Text("${other.maskedName} · ${other.idTail}")
    Actions(listOf(Action(texts[TFamily.PERSON_FAMILY_ADD]) { go(Place.CARE) }))
}
