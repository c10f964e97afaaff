package dev.healthcode.demo.state

import dev.healthcode.BilingualText
import dev.healthcode.HealthcodeException
import dev.healthcode.NetworkKind
import dev.healthcode.StorageKind
import dev.healthcode.VaultKind
import java.time.Duration

/**
 * Something that did not work, as a screen shows it: the core's own words, and the one thing that can be done about it.
 *
 * @property retryAfter how long the server asks to wait
 */
data class Trouble(
    val text: BilingualText,
    val remedy: Remedy,
    val retryAfter: Duration? = null,
) {
    companion object {
        /** What a typed error comes to. */
        fun of(error: HealthcodeException): Trouble =
            Trouble(
                error.text,
                remedy(error),
                (error as? HealthcodeException.Network)?.retryAfter
                    ?: (error as? HealthcodeException.Rejected)?.retryAfter,
            )

        private fun remedy(error: HealthcodeException): Remedy =
            when (error) {
                is HealthcodeException.Network -> {
                    if (error.kind == NetworkKind.OFFLINE) Remedy.NETWORK else Remedy.RETRY
                }

                is HealthcodeException.Vault -> {
                    if (error.kind == VaultKind.GONE) Remedy.ERASE else Remedy.RETRY
                }

                is HealthcodeException.Storage -> {
                    when (error.kind) {
                        StorageKind.WRONG_KEY, StorageKind.CORRUPT -> Remedy.ERASE
                        StorageKind.NEWER_SCHEMA -> Remedy.UPDATE
                        else -> Remedy.RETRY
                    }
                }

                is HealthcodeException.TimeUnsure -> {
                    Remedy.SCAN
                }

                is HealthcodeException.Replaced -> {
                    Remedy.REGISTER
                }

                is HealthcodeException.NotSynced -> {
                    Remedy.SYNC
                }

                is HealthcodeException.NotRated -> {
                    Remedy.DECLARE
                }

                is HealthcodeException.UpdateApp -> {
                    Remedy.UPDATE
                }

                is HealthcodeException.InvalidField, is HealthcodeException.UnknownSubject -> {
                    Remedy.NONE
                }

                is HealthcodeException.Rejected, is HealthcodeException.NoticeLog, is HealthcodeException.Closed,
                is HealthcodeException.Port, is HealthcodeException.Internal,
                -> {
                    Remedy.RETRY
                }
            }
    }
}

/** What can be done about a [Trouble]. */
enum class Remedy {
    /** Nothing but to read it. */
    NONE,

    /** The same again. */
    RETRY,

    /** A look at the phone's network settings, or the same again. */
    NETWORK,

    /** A sync. */
    SYNC,

    /** The declaration. */
    DECLARE,

    /** A gate's challenge is scanned instead. */
    SCAN,

    /** The person registers on this phone again. */
    REGISTER,

    /** A newer app. */
    UPDATE,

    /** The phone's file is erased and everything begins anew; only after a second question. */
    ERASE,
}
