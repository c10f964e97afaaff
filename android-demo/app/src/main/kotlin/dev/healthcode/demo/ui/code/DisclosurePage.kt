package dev.healthcode.demo.ui.code

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import dev.healthcode.Disclosure
import dev.healthcode.ShownCode
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.Page

/** What a code tells whoever scans it, and what only the person sees: the reasons of the colour. */
@Composable
internal fun DisclosurePage(
    code: ShownCode,
    disclosure: Disclosure,
    texts: Texts,
    onContest: (() -> Unit)?,
    onBack: () -> Unit,
) = Page(texts[TCode.REVEALS_TITLE], texts, onBack) {
    Text(texts.of(disclosure.summary), style = MaterialTheme.typography.bodyLarge)
    Heading(texts[TCode.REVEALS_WHAT])
    for (item in disclosure.reveals) {
        Card {
            Text(texts.of(item.what), style = MaterialTheme.typography.labelLarge)
            Text(texts.of(item.value), style = MaterialTheme.typography.bodyLarge)
            item.note?.let { Text(texts.of(it), style = MaterialTheme.typography.bodySmall) }
        }
    }
    if (disclosure.withholds.isNotEmpty()) {
        Heading(texts[TCode.REVEALS_NOT])
        Card { disclosure.withholds.forEach { Text("· " + texts.of(it)) } }
    }
    if (code.reasons.isNotEmpty()) {
        Heading(texts[TCode.REVEALS_ONLY_YOU])
        Card { code.reasons.forEach { Text("· " + texts.of(it.text)) } }
        if (onContest != null) Actions(listOf(Action(texts[TFamily.PERSON_APPEAL], run = onContest)), first = false)
    }
}

@Composable
private fun Heading(text: String) =
    Text(
        text,
        Modifier.padding(top = 8.dp).semantics { heading() },
        style = MaterialTheme.typography.titleMedium,
    )

@Composable
private fun Card(content: @Composable () -> Unit) =
    Surface(Modifier.fillMaxWidth(), MaterialTheme.shapes.medium, MaterialTheme.colorScheme.surfaceContainerLow) {
        Column(Modifier.padding(horizontal = 16.dp, vertical = 10.dp), Arrangement.spacedBy(2.dp)) { content() }
    }
