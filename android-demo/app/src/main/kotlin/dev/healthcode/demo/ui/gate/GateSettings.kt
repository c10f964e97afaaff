package dev.healthcode.demo.ui.gate

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.selection.selectable
import androidx.compose.material3.Button
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.RadioButton
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import dev.healthcode.Lane
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.gate.GateState
import dev.healthcode.demo.state.gate.GateView
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TGate
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Confirm
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.parts.instant

/** The lane's name and kind, and how old what it judges by is. */
@Composable
internal fun GateSettings(
    view: GateView,
    state: GateState,
    texts: Texts,
    onBack: (() -> Unit)?,
) = Page(texts[TGate.GATE_TITLE], texts, onBack) {
    var name by rememberSaveable(view.lane) { mutableStateOf(view.lane?.gate.orEmpty()) }
    var policy by rememberSaveable(view.lane) { mutableStateOf(view.lane?.policy) }
    val problem = view.nameProblem
    OutlinedTextField(
        name,
        { name = it },
        Modifier.fillMaxWidth().testTag("gate-name"),
        label = { Text(texts[TGate.GATE_NAME]) },
        supportingText = { Text(if (problem == null) texts[TGate.GATE_NAME_NOTE] else texts.of(problem)) },
        isError = problem != null,
        singleLine = true,
    )
    LaneTrouble(view, state, texts)
    Policies(view, texts, policy) { policy = it }
    Button(
        { state.use(Lane(name.trim(), policy)) },
        Modifier.fillMaxWidth().heightIn(min = 56.dp),
        enabled = !view.opening && name.isNotBlank(),
    ) { Text(texts[if (view.opening) TGate.GATE_OPENING else TGate.GATE_OPEN]) }
    if (view.lane != null) {
        Age(view, texts)
        Counts(view, texts)
    }
}

/** What is wrong with the lane's file or its network, and the way on. Erasing is asked for twice. */
@Composable
internal fun LaneTrouble(
    view: GateView,
    state: GateState,
    texts: Texts,
) {
    var erase by rememberSaveable(view.trouble?.remedy) { mutableStateOf(false) }
    view.trouble?.let { trouble ->
        TroubleNotice(trouble, texts) { if (it == Remedy.ERASE) ({ erase = true }) else ({ state.remedy(it) }) }
    }
    if (!erase || view.trouble?.remedy != Remedy.ERASE) return
    Confirm(texts[TGate.GATE_ERASE_ASK], texts[T.ERASE_FILE_YES], texts) { yes ->
        erase = false
        if (yes) state.eraseFile()
    }
}

@Composable
private fun ColumnScope.Policies(
    view: GateView,
    texts: Texts,
    chosen: String?,
    choose: (String?) -> Unit,
) {
    val policies = view.status?.policies.orEmpty()
    if (policies.isEmpty()) {
        Text(texts[TGate.GATE_POLICY_LATER], style = MaterialTheme.typography.bodyMedium)
        return
    }
    Text(texts[TGate.GATE_POLICY], Modifier.semantics { heading() }, style = MaterialTheme.typography.titleMedium)
    val choices = listOf(null to texts[TGate.GATE_POLICY_NONE]) + policies.map { it.id to texts.of(it.name) }
    for ((id, word) in choices) {
        Row(
            Modifier
                .fillMaxWidth()
                .heightIn(min = 48.dp)
                .selectable(id == chosen, role = Role.RadioButton) { choose(id) },
            Arrangement.spacedBy(12.dp),
            Alignment.CenterVertically,
        ) {
            RadioButton(id == chosen, null)
            Text(word)
        }
    }
}

/** How old the evidence is. */
@Composable
private fun ColumnScope.Age(
    view: GateView,
    texts: Texts,
) {
    Text(texts[TGate.GATE_EVIDENCE], Modifier.semantics { heading() }, style = MaterialTheme.typography.titleMedium)
    val status = view.status
    val (version, expires) = status?.trustListVersion to status?.trustListExpiresAt
    if (status == null || version == null || expires == null) {
        Text(texts[TGate.GATE_NO_EVIDENCE])
        return
    }
    Text(texts[TGate.GATE_TRUST_LIST, version.toInt(), status.issuers.toInt(), texts.instant(expires)])
    for (list in status.statusLists) {
        Text(texts[TGate.GATE_STATUS_LIST, list.issuer, list.number.toInt(), texts.instant(list.issuedAt)])
    }
}
