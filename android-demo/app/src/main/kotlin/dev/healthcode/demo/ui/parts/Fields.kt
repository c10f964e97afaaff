package dev.healthcode.demo.ui.parts

import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.selection.selectable
import androidx.compose.foundation.selection.toggleable
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.Checkbox
import androidx.compose.material3.DropdownMenu
import androidx.compose.material3.DropdownMenuItem
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.RadioButton
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.error
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.input.KeyboardType
import androidx.compose.ui.unit.dp

/** A text that a person types, with what is wrong with it below it. */
@Composable
fun Field(
    label: String,
    value: String,
    onChange: (String) -> Unit,
    problem: String? = null,
    hint: String? = null,
    keyboard: KeyboardType = KeyboardType.Text,
    enabled: Boolean = true,
    modifier: Modifier = Modifier,
) {
    val below = problem ?: hint
    OutlinedTextField(
        value = value,
        // One line each: a pasted line break belongs in none of them.
        onValueChange = { onChange(it.replace('\n', ' ').take(LONGEST)) },
        modifier = modifier.fillMaxWidth().semantics { if (problem != null) error(problem) },
        enabled = enabled,
        label = { Text(label) },
        supportingText = below?.let { { Text(it) } },
        isError = problem != null,
        keyboardOptions = KeyboardOptions(keyboardType = keyboard),
        singleLine = true,
    )
}

/** A longer text, of several lines; what is too long is the core's to say. */
@Composable
fun LongField(
    label: String,
    value: String,
    onChange: (String) -> Unit,
    problem: String? = null,
) = OutlinedTextField(
    value = value,
    onValueChange = onChange,
    modifier = Modifier.fillMaxWidth().semantics { if (problem != null) error(problem) },
    label = { Text(label) },
    supportingText = problem?.let { { Text(it) } },
    isError = problem != null,
    minLines = 3,
    // What is wrong with a long one stands below it.
    maxLines = 10,
)

/** A button that says what is chosen and opens the choices. */
@Composable
fun <T> Choice(
    label: String,
    chosen: T?,
    choices: List<T>,
    word: (T) -> String,
    onChoose: (T) -> Unit,
    problem: String? = null,
    modifier: Modifier = Modifier,
) {
    var open by remember { mutableStateOf(false) }
    Box(modifier) {
        OutlinedButton(
            { open = true },
            Modifier.fillMaxWidth().semantics { if (problem != null) error(problem) },
            // A pill is none any more around several lines of large letters.
            shape = MaterialTheme.shapes.small,
        ) {
            Text(if (chosen == null) label else "$label: ${word(chosen)}", Modifier.weight(1f))
            Icon(Icons.open, null)
        }
        DropdownMenu(open, { open = false }) {
            for (choice in choices) {
                DropdownMenuItem({ Text(word(choice)) }, {
                    open = false
                    onChoose(choice)
                })
            }
        }
    }
    if (problem != null) Problem(problem)
}

/** One of several: the whole line is to be touched. */
@Composable
fun RadioLine(
    text: String,
    chosen: Boolean,
    onChoose: () -> Unit,
) = Row(
    Modifier.fillMaxWidth().heightIn(min = 48.dp).selectable(chosen, role = Role.RadioButton, onClick = onChoose),
    verticalAlignment = Alignment.CenterVertically,
) {
    RadioButton(chosen, null)
    Text(text, Modifier.weight(1f).padding(start = 12.dp))
}

/** Any of several: the whole line is to be touched. */
@Composable
fun CheckLine(
    text: String,
    checked: Boolean,
    onChange: (Boolean) -> Unit,
) = Row(
    Modifier.fillMaxWidth().heightIn(min = 48.dp).toggleable(checked, role = Role.Checkbox, onValueChange = onChange),
    verticalAlignment = Alignment.CenterVertically,
) {
    Checkbox(checked, null)
    Text(text, Modifier.weight(1f).padding(start = 12.dp))
}

/** What is wrong with something that has no line of its own for it. */
@Composable
fun Problem(text: String) =
    Text(text, color = MaterialTheme.colorScheme.error, style = MaterialTheme.typography.bodySmall)

private const val LONGEST = 200
