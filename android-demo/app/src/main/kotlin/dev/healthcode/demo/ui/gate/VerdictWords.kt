package dev.healthcode.demo.ui.gate

import dev.healthcode.AskReason
import dev.healthcode.CardReason
import dev.healthcode.Colour
import dev.healthcode.Holder
import dev.healthcode.Verdict
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TGate
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.parts.instant
import dev.healthcode.demo.ui.scan.name

/** Whose code a verdict is about, where a token was verified. */
internal val Verdict.holder: Holder?
    get() =
        when (this) {
            is Verdict.Pass -> holder
            is Verdict.Stop -> holder
            is Verdict.AskForAnswer -> holder
            is Verdict.CompareCard -> holder
            is Verdict.AlreadySeen -> holder
            is Verdict.Renew -> holder
            is Verdict.Withdrawn -> holder
            is Verdict.UnknownIssuer, is Verdict.NotAHealthCode, is Verdict.Invalid, is Verdict.ConnectFirst -> null
        }

/** The code's colour, where the verdict says it. */
internal val Verdict.colour: Colour?
    get() =
        when (this) {
            is Verdict.Pass -> colour
            is Verdict.Stop -> colour
            is Verdict.CompareCard -> colour
            else -> null
        }

/** The name of a colour's word. */
internal val Colour.word: String
    get() =
        when (this) {
            Colour.GREEN -> T.COLOUR_GREEN
            Colour.YELLOW -> T.COLOUR_YELLOW
            Colour.RED -> T.COLOUR_RED
        }

/** Why a verdict is what it is, for a guard who is asked. */
internal fun details(
    verdict: Verdict,
    texts: Texts,
): List<String> =
    when (verdict) {
        is Verdict.Pass -> {
            listOfNotNull(
                texts[TGate.VERDICT_VALID, texts.instant(verdict.validUntil)],
                texts[TGate.VERDICT_EXTENDED].takeIf { verdict.extended },
            )
        }

        is Verdict.AskForAnswer -> {
            listOf(texts[askReasons.getValue(verdict.reason)])
        }

        is Verdict.CompareCard -> {
            val reason =
                if (verdict.reason == CardReason.OLD_EVIDENCE) {
                    texts[TGate.VERDICT_OLD_EVIDENCE, texts.instant(verdict.statusAsOf)]
                } else {
                    texts[cardReasons.getValue(verdict.reason)]
                }
            listOfNotNull(reason, texts[TGate.VERDICT_EXTENDED].takeIf { verdict.extended })
        }

        is Verdict.Renew -> {
            listOf(texts[TGate.VERDICT_EXPIRED, texts.instant(verdict.expiredAt)])
        }

        is Verdict.NotAHealthCode -> {
            listOf(texts[TGate.VERDICT_WHAT, texts.name(verdict.what)])
        }

        is Verdict.Invalid -> {
            listOf(texts[TGate.VERDICT_INVALID, verdict.reason])
        }

        is Verdict.Stop, is Verdict.AlreadySeen, is Verdict.Withdrawn, is Verdict.UnknownIssuer,
        is Verdict.ConnectFirst,
        -> {
            emptyList()
        }
    }

private val askReasons =
    mapOf(
        AskReason.OLDER to TGate.VERDICT_OLDER,
        AskReason.NEWER to TGate.VERDICT_NEWER,
        AskReason.GATE_TIME to TGate.VERDICT_GATE_TIME,
        AskReason.OTHER_CHALLENGE to TGate.VERDICT_OTHER_CHALLENGE,
    )

private val cardReasons =
    mapOf(
        CardReason.PAPER to TGate.VERDICT_PAPER,
        CardReason.POLICY to TGate.VERDICT_POLICY,
        CardReason.NO_ANSWER to TGate.VERDICT_NO_ANSWER,
    )

/** A count's verdict in words; one of a later core by its own name. */
internal fun Texts.verdict(name: String): String = countWords[name]?.let { this[it] } ?: name

private val countWords =
    mapOf(
        "pass" to TGate.COUNT_PASS,
        "stop" to TGate.COUNT_STOP,
        "ask_for_answer" to TGate.COUNT_ASK,
        "compare_card" to TGate.COUNT_CARD,
        "already_seen" to TGate.COUNT_SEEN,
        "renew" to TGate.COUNT_RENEW,
        "withdrawn" to TGate.COUNT_WITHDRAWN,
        "unknown_issuer" to TGate.COUNT_ISSUER,
        "not_a_health_code" to TGate.COUNT_FOREIGN,
        "invalid" to TGate.COUNT_INVALID,
        "connect_first" to TGate.COUNT_CONNECT,
    )
