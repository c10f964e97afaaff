package dev.healthcode

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import java.time.LocalDate

/**
 * A checkpoint's phone: one lane, with one camera and one display. It verifies codes offline; of a scanned code nothing
 * is stored.
 *
 * Every method may be called from any thread. [verify] takes a few milliseconds and may be called where the camera's
 * pictures are read. A coroutine that is cancelled stops the work in the library.
 */
class Checkpoint private constructor(
    private val native: NativeCheckpoint,
    private val io: CoroutineDispatcher,
) : AutoCloseable {
    /**
     * Judges a scanned text. Each verdict has one action; the same text within three seconds of its last scan repeats
     * its verdict. Needs no network. Whatever was scanned comes to a verdict.
     *
     * @throws HealthcodeException.Storage and [HealthcodeException.Port] where the phone itself is in trouble
     */
    fun verify(text: String): Verdict =
        try {
            translated { native.verify(text) }
        } catch (error: HealthcodeException.InvalidField) {
            // Half a surrogate pair came from no code.
            Verdict.NotAHealthCode(Foreign.OTHER)
        }

    /** Opens a challenge to show; one that was open before is closed by it. It takes one answer within a minute. */
    fun challenge(): ShownChallenge = translated { native.challenge() }

    /**
     * Takes the staff's word that [date] is today's date, once in a start of the phone, where no server's time has
     * come since. The time runs on by a clock that nobody can set.
     *
     * @throws HealthcodeException.InvalidField when the phone's own clock shows another date, or one that has passed
     * @throws HealthcodeException.NotSynced before the first sync
     */
    fun confirmDate(date: LocalDate) = translated { native.confirmDate(date) }

    /** Where this checkpoint stands: what it knows of the time, and how old its trust list is. */
    fun status(): CheckpointStatus = translated { native.status() }

    /**
     * Fetches the trust list, the legal calendar and the time: once a day is enough.
     *
     * @throws HealthcodeException.Network after which what was known before stays in force
     * @throws HealthcodeException.UpdateApp
     */
    suspend fun sync(): SyncReport = translated { native.sync() }

    /** [sync] over the app's own HTTP stack. */
    suspend fun sync(transport: Transport): SyncReport =
        withContext(io) { translated { native.exchange() }.use { it.drive(transport) } }

    /** Closes it. What is under way ends with [HealthcodeException.Closed]. Closing twice is well. */
    override fun close() = native.end { native.shutDown() }

    /** How a checkpoint's phone is opened. */
    companion object {
        /**
         * Opens the phone's file, made if there is none.
         *
         * @param gate the name that residents see on a challenge, at most 24 bytes of UTF-8
         * @param io where calls that touch the file or the vault do their work
         * @throws HealthcodeException.InvalidField for the gate's name, or a wrong field of the configuration
         * @throws HealthcodeException.Storage as [Resident.open]
         * @throws HealthcodeException.Vault as [Resident.open]
         */
        suspend fun open(
            config: Config,
            ports: Ports,
            gate: String,
            io: CoroutineDispatcher = Dispatchers.IO,
        ): Checkpoint = undivided(io) { Checkpoint(openNativeCheckpoint(config, ports.guarded(), gate), io) }
    }
}
