package dev.healthcode.demo.ui.family

import androidx.compose.foundation.background
import androidx.compose.foundation.border
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.aspectRatio
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.widthIn
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import dev.healthcode.By
import dev.healthcode.ByRole
import dev.healthcode.PaperCode
import dev.healthcode.PaperCodeState
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.family.PaperState
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.TRecord
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.code.Modules
import dev.healthcode.demo.ui.declare.colourWords
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.ColourMark
import dev.healthcode.demo.ui.parts.Confirm
import dev.healthcode.demo.ui.parts.Notice
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.Panel
import dev.healthcode.demo.ui.parts.Small
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.parts.frame
import dev.healthcode.demo.ui.parts.instant
import java.time.Instant

/** The paper codes of one person: each one to see, to print, to hand out, to withdraw. */
@Composable
internal fun PaperScreen(
    state: PaperState,
    who: String,
    device: Device,
    texts: Texts,
    remedies: (retry: () -> Unit) -> (Remedy) -> (() -> Unit)?,
    onBack: () -> Unit,
) {
    val view by state.view.collectAsState()
    // A paper's id: the question survives a rotation.
    var asked by rememberSaveable { mutableStateOf<String?>(null) }
    // A page for this activity's phone; another activity's hands it out anew.
    var handed by remember { mutableStateOf<(() -> Unit)?>(null) }
    val again: () -> Unit = { if (!state.again()) handed?.invoke() }
    Page(texts[TFamily.PAPER_TITLE], texts, onBack) {
        view.unread?.let { TroubleNotice(it, texts, remedies(state::read)) }
        view.trouble?.let { TroubleNotice(it, texts, remedies(again)) }
        Small(texts[TFamily.PAPER_ABOUT])
        if (view.waiting > 0) Notice(texts[TFamily.PAPER_WAITING])
        val papers = view.papers
        if (papers != null && papers.isEmpty()) Text(texts[TFamily.PAPER_NONE])
        for (paper in papers.orEmpty()) {
            val hand: ((String) -> Unit) -> Unit = { how ->
                handed = { state.page(paper.id, how) }
                state.page(paper.id, how)
            }
            Paper(paper, who, hand, device, texts, !view.busy) { asked = paper.id }
        }
        if (view.busy) LinearProgressIndicator(Modifier.fillMaxWidth())
        Actions(listOf(Action(texts[TFamily.PAPER_REQUEST], !view.busy) { state.request() }))
    }
    val paper = asked ?: return
    Confirm(texts[TFamily.PAPER_WITHDRAW_ASK, who], texts[TFamily.PAPER_WITHDRAW_YES], texts) { yes ->
        asked = null
        if (yes) state.withdraw(paper)
    }
}

@Composable
private fun Paper(
    paper: PaperCode,
    who: String,
    onPage: ((String) -> Unit) -> Unit,
    device: Device,
    texts: Texts,
    enabled: Boolean,
    onWithdraw: () -> Unit,
) = Panel {
    val valid = paper.state is PaperCodeState.Valid
    val word = paper.word?.let(texts::of) ?: texts[colourWords.getValue(paper.colour)]
    Row(
        Modifier.semantics(mergeDescendants = true) { heading() },
        Arrangement.spacedBy(12.dp),
        Alignment.CenterVertically,
    ) {
        // What passes no more looks in nothing like what does.
        if (valid) {
            ColourMark(paper.colour)
        } else {
            Text("×", color = MaterialTheme.colorScheme.error, style = MaterialTheme.typography.displaySmall)
        }
        val standing =
            when (paper.state) {
                is PaperCodeState.Valid -> word
                is PaperCodeState.Withdrawn -> texts[TFamily.PAPER_WITHDRAWN]
                is PaperCodeState.Expired -> texts[TFamily.PAPER_EXPIRED]
            }
        val style = MaterialTheme.typography
        Text(standing, style = if (valid) style.headlineSmall else style.titleMedium)
    }
    if (valid) {
        Text(
            texts[TFamily.PAPER_UNTIL, texts.instant(paper.expiresAt)],
        )
    } else {
        Small(texts[TFamily.PAPER_WAS, word])
    }
    Small(texts.done(TFamily.PAPER_ISSUED, paper.issuedAt, paper.issuedBy))
    (paper.state as? PaperCodeState.Withdrawn)?.let { Small(texts.done(TFamily.PAPER_WITHDRAWN_AT, it.at, it.by)) }
    // One that passes no more is not shown as a code.
    if (!valid) return@Panel
    Modules(
        paper.picture,
        texts[TFamily.PAPER_PICTURE, who, word],
        Modifier
            .widthIn(max = 280.dp)
            .fillMaxWidth()
            .aspectRatio(1f)
            .align(Alignment.CenterHorizontally)
            // White up to the frame: whole pixels leave a rest beside the quiet zone.
            .background(Color.White)
            .border(6.dp, paper.colour.frame)
            .testTag("paper"),
    )
    val name = texts[TFamily.PAPER_FILE]
    Actions(
        listOf(
            Action(texts[TFamily.PAPER_PRINT], enabled) { onPage { device.print(name, it) } },
            Action(texts[TFamily.PAPER_SHARE], enabled) { onPage { device.share(name, SVG, it.encodeToByteArray()) } },
            Action(texts[TFamily.PAPER_SAVE], enabled) { onPage { device.save(name, SVG, it.encodeToByteArray()) } },
            Action(texts[TFamily.PAPER_WITHDRAW], enabled, onWithdraw),
        ),
    )
}

/** When something was done, and by whom where that is said. */
private fun Texts.done(
    word: String,
    at: Instant,
    by: By?,
): String = listOfNotNull(this[word, instant(at)], by?.let { by(it) }).joinToString(" · ")

/** The carer or officer by whom something was done. */
internal fun Texts.by(by: By): String =
    this[if (by.role == ByRole.CARER) TRecord.EVENT_BY_CARER else TRecord.EVENT_BY_OFFICER, by.name]

private const val SVG = "image/svg+xml"
