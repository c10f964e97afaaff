package dev.healthcode.demo.ui.parts

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.AlertDialog
import androidx.compose.material3.Button
import androidx.compose.material3.Card
import androidx.compose.material3.CardDefaults
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.Texts

/** Things that belong together. */
@Composable
fun Panel(
    modifier: Modifier = Modifier,
    content: @Composable ColumnScope.() -> Unit,
) = Card(
    modifier.fillMaxWidth(),
    colors = CardDefaults.cardColors(containerColor = MaterialTheme.colorScheme.surfaceContainerLow),
) {
    Column(Modifier.padding(16.dp), Arrangement.spacedBy(8.dp), content = content)
}

/** For the moment that the phone's file takes to be read, which is local and ends. */
@Composable
fun Opening(texts: Texts) {
    Text(texts[T.OPENING])
    LinearProgressIndicator(Modifier.fillMaxWidth())
}

/** A heading within a screen. */
@Composable
fun Heading(text: String) = Text(text, Modifier.semantics { heading() }, style = MaterialTheme.typography.titleMedium)

/** What is said beside something, in the second place. */
@Composable
fun Small(text: String) =
    Text(text, color = MaterialTheme.colorScheme.onSurfaceVariant, style = MaterialTheme.typography.bodyMedium)

/** Asks once more before something that cannot be undone. */
@Composable
fun Confirm(
    question: String,
    yes: String,
    texts: Texts,
    onAnswer: (Boolean) -> Unit,
) = AlertDialog(
    onDismissRequest = { onAnswer(false) },
    text = { Text(question) },
    // Both in one place: a dialog's own two leave nothing between large ones.
    confirmButton = {
        FlowRow(
            horizontalArrangement = Arrangement.spacedBy(8.dp, Alignment.End),
            verticalArrangement = Arrangement.spacedBy(8.dp),
        ) {
            OutlinedButton({ onAnswer(false) }) { Text(texts[T.CANCEL]) }
            Button({ onAnswer(true) }) { Text(yes) }
        }
    },
)
