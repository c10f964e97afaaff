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
     * Judges a scanned text. Each verdict has one action; where it asks for an answer, the challenge to show comes with
     * it. The same text within three seconds of its last scan repeats its verdict. Needs no network. Whatever was
     * scanned comes to a verdict.
     *
     * @param direction where the person goes, for a lane with a policy
     * @throws HealthcodeException.Storage and [HealthcodeException.Port] where the phone itself is in trouble
     */
    fun verify(
        text: String,
        direction: Direction = Direction.IN,
    ): Scan =
        try {
            translated { native.verify(text, direction) }
        } catch (_: HealthcodeException.InvalidField) {
            // Half a surrogate pair came from no code, and does not cross the border.
            translated { native.verify(text.encodeToByteArray().decodeToString(), direction) }
        }

    /**
     * Opens a challenge to show, where the staff ask for an answer themselves; one that was open before is closed by
     * it. It takes one answer within a minute.
     */
    fun challenge(): ShownChallenge = translated { native.challenge() }

    /**
     * Takes the staff's word that [date] is today's date, once in a start of the phone, where no server's time has
     * come since. The time runs on by a clock that nobody can set.
     *
     * @throws HealthcodeException.InvalidField when the phone's own clock shows another date, or one that has passed
     * @throws HealthcodeException.NotSynced before the first sync
     */
    fun confirmDate(date: LocalDate) = translated { native.confirmDate(date) }

    /** Where this checkpoint stands: what it knows of the time, and how old what it judges by is. */
    fun status(): CheckpointStatus = translated { native.status() }

    /**
     * How many scans came to which verdict, by hour of the last two weeks; the same text while it lies in view counts
     * once. There is nothing about persons in it.
     */
    fun counts(): List<HourCount> = translated { native.counts() }

    /**
     * Loads a signed [document] by hand, where the network is down: trust list, root document, status list, gate
     * policies, outage notice, as a server publishes it. It is verified as if it came from the network; it tells
     * nothing of the time.
     *
     * @throws HealthcodeException.InvalidField for `document`: `not-a-document` for what is none of these, `not-signed`
     *   where it is not signed by those whose word it would have to be, `older` for one that is older than what is in
     *   force, `ahead` for a status list of a time that has not come
     * @throws HealthcodeException.UpdateApp for a later form
     */
    suspend fun load(document: ByteArray): Loaded = undivided(io) { native.load(document) }

    /** Loads an outage notice by the [text] of its QR code, which [verify] names [Foreign.OUTAGE_NOTICE]; see [load]. */
    suspend fun load(text: String): Loaded = load(text.encodeToByteArray())

    /**
     * Fetches the trust list, the legal calendar, the time, and what the gate judges by: policies, outage notices, and
     * the status lists that are due. The lane passes as long as these are fresh enough for its policy: every hour where
     * there is a network, once a day at least. What another issuer's server does not give is left for the next time.
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
         * @param io where calls that touch the file or the vault do their work
         * @throws HealthcodeException.InvalidField for the gate's name, or a wrong field of the configuration
         * @throws HealthcodeException.Storage as [Resident.open]
         * @throws HealthcodeException.Vault as [Resident.open]
         */
        suspend fun open(
            config: Config,
            ports: Ports,
            lane: Lane,
            io: CoroutineDispatcher = Dispatchers.IO,
        ): Checkpoint = undivided(io) { Checkpoint(openNativeCheckpoint(config, ports.guarded(), lane), io) }

        /**
         * Opens a lane with camera and display and without a policy of its own: green passes, and nobody else.
         *
         * @param gate the name that residents see on a challenge, at most 24 bytes of UTF-8
         */
        suspend fun open(
            config: Config,
            ports: Ports,
            gate: String,
            io: CoroutineDispatcher = Dispatchers.IO,
        ): Checkpoint = open(config, ports, Lane(gate), io)
    }
}
