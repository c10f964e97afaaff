package dev.healthcode.demo.state

import dev.healthcode.AnswerValue
import dev.healthcode.DeclarationForm
import dev.healthcode.QuestionForm
import java.time.DateTimeException
import java.time.LocalDate

// A declaration as the words of a draft and back: `answers.` with the question's id, `stays.` with the place in the list.
// What does not read, since another version of the app wrote it, is left out.

private const val ANSWERS = "answers."
private const val STAYS = "stays."
private const val YES_NO = "yes-no"
private const val ONE = "one"
private const val ANY = "any"
private const val DATE = "date"

/** No id of the rulebook has one. */
private const val BETWEEN = "\n"

internal fun Map<String, AnswerValue>.words(): Map<String, String> =
    entries.associate { (question, answer) ->
        ANSWERS + question to
            when (answer) {
                is AnswerValue.YesNo -> listOf(YES_NO, "${answer.yes}")
                is AnswerValue.One -> listOf(ONE, answer.option)
                is AnswerValue.Any -> listOf(ANY) + answer.options
                is AnswerValue.Date -> listOf(DATE, "${answer.day}")
            }.joinToString(BETWEEN)
    }

internal fun Map<String, String>.answers(): Map<String, AnswerValue> =
    entries
        .mapNotNull { (name, word) ->
            if (!name.startsWith(ANSWERS)) return@mapNotNull null
            val parts = word.split(BETWEEN)
            val said = parts.drop(1)
            val answer =
                when (parts.first()) {
                    YES_NO -> said.singleOrNull()?.toBooleanStrictOrNull()?.let(AnswerValue::YesNo)
                    ONE -> said.singleOrNull()?.let(AnswerValue::One)
                    ANY -> AnswerValue.Any(said)
                    DATE -> said.singleOrNull().date()?.let(AnswerValue::Date)
                    else -> null
                }
            answer?.let { name.removePrefix(ANSWERS) to it }
        }.toMap()

/** The answers to questions that the [form] asks so. */
internal fun Map<String, AnswerValue>.fitting(form: DeclarationForm): Map<String, AnswerValue> =
    form.questions
        .mapNotNull { question ->
            val options = question.options.map { it.id }
            val answer = this[question.id]
            val fits =
                when (question.form) {
                    is QuestionForm.YesNo -> answer is AnswerValue.YesNo
                    is QuestionForm.OneOf -> answer is AnswerValue.One && answer.option in options
                    is QuestionForm.AnyOf -> answer is AnswerValue.Any && options.containsAll(answer.options)
                    is QuestionForm.Date -> answer is AnswerValue.Date
                    is QuestionForm.Other -> false
                }
            answer?.takeIf { fits }?.let { question.id to it }
        }.toMap()

@JvmName("stayWords")
internal fun List<StayDraft>.words(): Map<String, String> =
    indices.associate { index ->
        val stay = this[index]
        STAYS + index to listOf(stay.region, "${stay.from ?: ""}", "${stay.to ?: ""}").joinToString(BETWEEN)
    }

internal fun Map<String, String>.travel(): List<StayDraft> =
    generateSequence(0) { it + 1 }
        .map { this[STAYS + it] }
        .takeWhile { it != null }
        .map { word ->
            val parts = word.orEmpty().split(BETWEEN)
            StayDraft(parts.first(), parts.getOrNull(1).date(), parts.getOrNull(2).date())
        }.toList()

/** A day as ISO 8601 writes it. */
internal fun String?.date(): LocalDate? =
    try {
        this?.let(LocalDate::parse)
    } catch (_: DateTimeException) {
        null
    }
