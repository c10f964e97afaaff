package dev.healthcode.demo.ui.declare

import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.Modifier
import dev.healthcode.AnswerValue
import dev.healthcode.DeclarationForm
import dev.healthcode.FormQuestion
import dev.healthcode.QuestionForm
import dev.healthcode.demo.state.DeclareState
import dev.healthcode.demo.state.DeclareView
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.StayDraft
import dev.healthcode.demo.state.Sync
import dev.healthcode.demo.state.days
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.CheckLine
import dev.healthcode.demo.ui.parts.Choice
import dev.healthcode.demo.ui.parts.Heading
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.Panel
import dev.healthcode.demo.ui.parts.Problem
import dev.healthcode.demo.ui.parts.RadioLine
import dev.healthcode.demo.ui.parts.RegionField
import dev.healthcode.demo.ui.parts.Restored
import dev.healthcode.demo.ui.parts.Small
import dev.healthcode.demo.ui.parts.TroubleNotice
import dev.healthcode.demo.ui.parts.day
import java.time.LocalDate

/** The rulebook's questions, where the person was, and what it comes to before anything is recorded. */
@Composable
internal fun DeclareScreen(
    state: DeclareState,
    sync: Sync,
    texts: Texts,
    remedies: (Remedy) -> (() -> Unit)?,
    onBack: () -> Unit,
) {
    val view by state.view.collectAsState()
    val form = view.form
    val preview = view.preview
    Page(texts[T.DECLARE_TITLE], texts, onBack) {
        if (form != null) Small(texts.of(form.title))
        view.trouble?.let { if (sync !is Sync.Under || form != null) TroubleNotice(it, texts, remedies) }
        when {
            form == null -> Waiting(sync, texts, remedies)
            preview == null -> Questions(state, view, form, texts)
            else -> PreviewPart(state, view, preview, texts)
        }
    }
}

@Composable
private fun Waiting(
    sync: Sync,
    texts: Texts,
    remedies: (Remedy) -> (() -> Unit)?,
) {
    when (sync) {
        is Sync.Under -> {
            Text(texts[T.DECLARE_FETCHING])
            LinearProgressIndicator(Modifier.fillMaxWidth())
        }

        is Sync.Failed -> {
            TroubleNotice(sync.trouble, texts, remedies)
        }

        is Sync.Idle, is Sync.Done -> {}
    }
}

@Composable
private fun Questions(
    state: DeclareState,
    view: DeclareView,
    form: DeclarationForm,
    texts: Texts,
) {
    if (view.restored) Restored(texts, !view.busy, state::clear)
    for (question in form.questions) Question(state, view, form, question, texts)
    Travel(state, view, form, texts)
    if (view.problems.isNotEmpty()) Problem(texts[T.DECLARE_PROBLEMS])
    Actions(listOf(Action(texts[T.DECLARE_PREVIEW]) { state.preview() }))
}

@Composable
private fun Question(
    state: DeclareState,
    view: DeclareView,
    form: DeclarationForm,
    question: FormQuestion,
    texts: Texts,
) = Panel {
    val answer = view.answers[question.id]
    val say = { value: AnswerValue? -> state.answer(question.id, value) }
    Heading(texts.of(question.text) + if (question.required) "" else texts[T.DECLARE_OPTIONAL])
    when (question.form) {
        is QuestionForm.YesNo -> {
            val yes = (answer as? AnswerValue.YesNo)?.yes
            RadioLine(texts[T.YES], yes == true) { say(AnswerValue.YesNo(true)) }
            RadioLine(texts[T.NO], yes == false) { say(AnswerValue.YesNo(false)) }
        }

        is QuestionForm.OneOf -> {
            val one = (answer as? AnswerValue.One)?.option
            for (option in question.options) {
                RadioLine(texts.of(option.text), one == option.id) { say(AnswerValue.One(option.id)) }
            }
        }

        is QuestionForm.AnyOf -> {
            val any = (answer as? AnswerValue.Any)?.options
            for (option in question.options) {
                CheckLine(texts.of(option.text), any?.contains(option.id) == true) { checked ->
                    val rest = any.orEmpty() - option.id
                    say(AnswerValue.Any(if (checked) rest + option.id else rest))
                }
            }
            // "None" is an answer too, and is never taken for granted.
            CheckLine(
                texts[T.DECLARE_NONE],
                any?.isEmpty() == true,
            ) { say(if (it) AnswerValue.Any(emptyList()) else null) }
        }

        is QuestionForm.Date -> {
            val day = (answer as? AnswerValue.Date)?.day
            DayChoice(texts[T.DECLARE_DAY], day, form.days(), texts) { say(AnswerValue.Date(it)) }
        }

        // A later rulebook's kind of question: shown as it is, and left unanswered.
        is QuestionForm.Other -> {
            Small(texts[T.DECLARE_UNKNOWN])
        }
    }
    view.problems["answers.${question.id}"]?.let { Problem(texts.of(it)) }
}

@Composable
private fun Travel(
    state: DeclareState,
    view: DeclareView,
    form: DeclarationForm,
    texts: Texts,
) = Panel {
    Heading(texts[T.DECLARE_TRAVEL])
    Small(texts[T.DECLARE_TRAVEL_ABOUT, texts.day(form.from), texts.day(form.to)])
    view.travel.forEachIndexed { index, stay -> Stay(state, view, form, index, stay, texts) }
    view.problems["travel"]?.let { Problem(texts.of(it)) }
    if (view.travel.size < form.maxStays.toInt()) {
        Actions(listOf(Action(texts[T.DECLARE_ADD]) { state.addStay() }))
    }
}

@Composable
private fun Stay(
    state: DeclareState,
    view: DeclareView,
    form: DeclarationForm,
    index: Int,
    stay: StayDraft,
    texts: Texts,
) {
    val path = "travel[$index]"
    val whole =
        view.problems
            .filterKeys { it.startsWith(path) && it != "$path.region" }
            .values
            .firstOrNull()
    RegionField(
        texts[T.DECLARE_REGION, index + 1],
        stay.region,
        texts,
        { state.changeStay(index, stay.copy(region = it)) },
        view.problems["$path.region"]?.let(texts::of),
    )
    DayChoice(texts[T.DECLARE_FROM], stay.from, form.days(), texts) { state.changeStay(index, stay.copy(from = it)) }
    DayChoice(texts[T.DECLARE_TO], stay.to, form.days(), texts) { state.changeStay(index, stay.copy(to = it)) }
    whole?.let { Problem(texts.of(it)) }
    Actions(listOf(Action(texts[T.DECLARE_REMOVE, index + 1]) { state.removeStay(index) }))
}

@Composable
private fun DayChoice(
    label: String,
    day: LocalDate?,
    days: List<LocalDate>,
    texts: Texts,
    onChoose: (LocalDate) -> Unit,
) = Choice(label, day, days, texts::day, onChoose)
