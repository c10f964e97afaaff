package dev.healthcode.demo.ui.declare

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Row
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.unit.dp
import dev.healthcode.Colour
import dev.healthcode.Preview
import dev.healthcode.demo.state.DeclareState
import dev.healthcode.demo.state.DeclareView
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.ColourMark
import dev.healthcode.demo.ui.parts.Heading
import dev.healthcode.demo.ui.parts.Panel
import dev.healthcode.demo.ui.parts.Small

/** What a declaration would come to, by which rules, before it is sent. The authority decides, with its own records. */
@Composable
internal fun PreviewPart(
    state: DeclareState,
    view: DeclareView,
    preview: Preview,
    texts: Texts,
) {
    Panel {
        Small(texts[T.PREVIEW_ABOUT])
        val colour = preview.colour
        if (colour == null) {
            Heading(texts[T.PREVIEW_NONE])
        } else {
            Row(horizontalArrangement = Arrangement.spacedBy(12.dp), verticalAlignment = Alignment.CenterVertically) {
                ColourMark(colour)
                Text(texts[colourWords.getValue(colour)], style = MaterialTheme.typography.headlineSmall)
            }
        }
        for (reason in preview.reasons) Text(texts.of(reason.text))
        val days = preview.days.toInt()
        if (days > 0) Text(texts[T.PREVIEW_DAYS, days])
    }
    Small(texts[T.PREVIEW_SERVER])
    Actions(
        listOf(
            Action(texts[T.PREVIEW_SEND], !view.busy) { state.send() },
            Action(texts[T.PREVIEW_EDIT], !view.busy) { state.edit() },
        ),
    )
}

internal val colourWords =
    mapOf(Colour.GREEN to T.COLOUR_GREEN, Colour.YELLOW to T.COLOUR_YELLOW, Colour.RED to T.COLOUR_RED)
