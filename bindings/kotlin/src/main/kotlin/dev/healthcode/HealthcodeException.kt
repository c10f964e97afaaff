package dev.healthcode

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext
import java.nio.charset.CharacterCodingException
import java.time.DateTimeException
import java.time.Duration
import java.util.Locale
import kotlin.coroutines.cancellation.CancellationException

/**
 * Why a call did not do what was asked: one class for each thing that a caller can do something about. Nothing of what
 * a person typed is repeated in it, so that it may be logged. [message] is for logs, [text] for the person.
 */
sealed class HealthcodeException(
    message: String,
) : Exception(message) {
    /** What to say to the person, in both languages: what happened, and what can be done about it. */
    val text: BilingualText by lazy {
        try {
            nativeErrorText(native())
        } catch (_: Exception) {
            // An app that made one itself, of what cannot cross the border.
            nativeErrorText(NativeException.Internal("text"))
        }
    }

    internal abstract fun native(): NativeException

    /**
     * A field of the input is wrong. Show [text] at the field.
     *
     * @property field the field's path, such as `document` or `travel[0]`
     * @property reason a stable word for what is wrong with it, such as `check-digit`
     */
    class InvalidField(
        val field: String,
        val reason: String,
    ) : HealthcodeException("invalid field $field: $reason") {
        override fun native() = NativeException.InvalidField(field, reason)
    }

    /** There is no such subject on this phone. */
    class UnknownSubject : HealthcodeException("unknown subject") {
        override fun native() = NativeException.UnknownSubject()
    }

    /** Trust list or rulebook have not come yet: sync first. */
    class NotSynced : HealthcodeException("nothing was synced yet") {
        override fun native() = NativeException.NotSynced()
    }

    /** The subject has no code yet: declare and sync first. */
    class NotRated : HealthcodeException("not rated yet") {
        override fun native() = NativeException.NotRated()
    }

    /**
     * The platform's vault.
     *
     * @property kind what is wrong; [VaultKind.LOCKED] is temporary and never a cause to enrol anew
     */
    class Vault(
        val kind: VaultKind,
    ) : HealthcodeException("vault: $kind") {
        override fun native() = NativeException.Vault(kind)
    }

    /**
     * The phone's file. None of these has changed it.
     *
     * @property kind what is wrong
     */
    class Storage(
        val kind: StorageKind,
    ) : HealthcodeException("storage: $kind") {
        override fun native() = NativeException.Storage(kind)
    }

    /**
     * The network: normal. What is unsent stays and is sent later.
     *
     * @property kind what is wrong
     * @property retryAfter how long to wait before trying again, if the server said so
     */
    class Network(
        val kind: NetworkKind,
        val retryAfter: Duration? = null,
    ) : HealthcodeException("network: $kind") {
        override fun native() = NativeException.Network(kind, retryAfter)
    }

    /**
     * The server said no.
     *
     * @property problem the problem's stable word, such as `wrong-code`
     * @property retryAfter how long to wait before trying again, if the server said so
     */
    class Rejected(
        val problem: String,
        val retryAfter: Duration? = null,
    ) : HealthcodeException("rejected: $problem") {
        override fun native() = NativeException.Rejected(problem, retryAfter)
    }

    /**
     * An authority's log of exposure notices, or a file of it. Nothing of the faulty one is used; what was taken before
     * stays in force.
     *
     * @property kind what is wrong; [NoticeLogKind.UNWITNESSED] is temporary, [NoticeLogKind.FORKED] is to be reported
     */
    class NoticeLog(
        val kind: NoticeLogKind,
    ) : HealthcodeException("exposure notices: $kind") {
        override fun native() = NativeException.NoticeLog(kind)
    }

    /**
     * The phone was restarted and does not know the time well enough to show a code: scan the gate's challenge, or
     * sync.
     */
    class TimeUnsure : HealthcodeException("the time is unsure") {
        override fun native() = NativeException.TimeUnsure()
    }

    /** Another phone has taken this one's place. */
    class Replaced : HealthcodeException("replaced by another phone") {
        override fun native() = NativeException.Replaced()
    }

    /** The server speaks a later version: update the app. */
    class UpdateApp : HealthcodeException("update the app") {
        override fun native() = NativeException.UpdateApp()
    }

    /** The object was closed before the call, or while it ran. Nothing is lost. */
    class Closed : HealthcodeException("closed") {
        override fun native() = NativeException.Closed()
    }

    /**
     * A port failed or threw; what it threw is not repeated.
     *
     * @property name which one: `clock`; what the place for log lines throws is passed over
     */
    class Port(
        val name: String,
    ) : HealthcodeException("port $name failed") {
        override fun native() = NativeException.Port(name)
    }

    /**
     * A fault of the library, which goes on working: report [incident], which holds no personal data.
     *
     * @property incident where it happened
     */
    class Internal(
        val incident: String,
    ) : HealthcodeException("internal: $incident") {
        override fun native() = NativeException.Internal(incident)
    }
}

/** This text in the language of [locale]: Chinese where it is Chinese, English everywhere else. */
fun BilingualText.inLanguageOf(locale: Locale = Locale.getDefault()): String = if (locale.language == "zh") zh else en

/** Runs a call into the library; whatever comes back as an exception is one of the layer's own. */
internal inline fun <T> translated(call: () -> T): T =
    try {
        call()
    } catch (error: CancellationException) {
        throw error
    } catch (error: HealthcodeException) {
        throw error
    } catch (error: Exception) {
        throw error.translation()
    }

/**
 * Runs a call on [io] to its end; what it did is told, also to a caller who was cancelled meanwhile. A change of the
 * dispatcher alone would drop the result at its way back into a cancelled job, hence the outer step.
 */
internal suspend fun <T> undivided(
    io: CoroutineDispatcher,
    call: () -> T,
): T = withContext(NonCancellable) { withContext(io) { translated(call) } }

/** Ends what is under way, then lets go of an object; ending twice is well. */
internal inline fun Disposable.end(shutDown: () -> Unit) {
    try {
        shutDown()
    } catch (_: IllegalStateException) {
        // It was closed before.
    }
    destroy()
}

@PublishedApi
internal fun Exception.translation(): Exception =
    when (this) {
        is NativeException -> translation()

        // A panic in the library, caught at the border; its text may hold anything.
        is InternalException -> HealthcodeException.Internal("panic")

        // The generated code's answer to an object that was closed.
        is IllegalStateException -> HealthcodeException.Closed()

        // Half a surrogate pair is no text in any other language.
        is CharacterCodingException -> HealthcodeException.InvalidField("text", "characters")

        // An instant or a day beyond what a number holds.
        is ArithmeticException, is DateTimeException -> HealthcodeException.InvalidField("date", "not-a-date")

        else -> this
    }

private fun NativeException.translation(): Exception =
    when (this) {
        is NativeException.InvalidField -> HealthcodeException.InvalidField(field, reason)

        is NativeException.UnknownSubject -> HealthcodeException.UnknownSubject()

        is NativeException.NotSynced -> HealthcodeException.NotSynced()

        is NativeException.NotRated -> HealthcodeException.NotRated()

        is NativeException.Vault -> HealthcodeException.Vault(kind)

        is NativeException.Storage -> HealthcodeException.Storage(kind)

        is NativeException.Network -> HealthcodeException.Network(kind, retryAfter)

        is NativeException.Rejected -> HealthcodeException.Rejected(problem, retryAfter)

        is NativeException.NoticeLog -> HealthcodeException.NoticeLog(kind)

        is NativeException.TimeUnsure -> HealthcodeException.TimeUnsure()

        is NativeException.Replaced -> HealthcodeException.Replaced()

        is NativeException.UpdateApp -> HealthcodeException.UpdateApp()

        // Kotlin cancels by letting go; this is the library giving up on its own.
        is NativeException.Cancelled -> HealthcodeException.Internal("cancelled")

        is NativeException.Closed -> HealthcodeException.Closed()

        is NativeException.Port -> HealthcodeException.Port(name)

        is NativeException.Internal -> HealthcodeException.Internal(incident)
    }
