package dev.healthcode

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.time.withTimeoutOrNull
import kotlinx.coroutines.withContext
import java.time.Duration

/**
 * A resident's phone: the resident and the family members whom the resident cares for, each a subject with an own key.
 *
 * Every method may be called from any thread. Those that suspend do their work elsewhere and may be called from the
 * main thread; the others read the phone's file and are quick. A coroutine that is cancelled while it waits for the
 * network stops the work in the library at once; what was recorded before stays recorded and is sent later.
 *
 * [close] ends it, with everything of it that is under way. The same file opened twice in a process is one instance;
 * the file is closed with the last object that has it open.
 */
class Resident private constructor(
    private val native: NativeResident,
    private val io: CoroutineDispatcher,
) : AutoCloseable {
    /**
     * Everything that a first screen shows: the subjects with colour and what is due, the time, the sync.
     *
     * @throws HealthcodeException.Storage
     * @throws HealthcodeException.Port
     */
    fun home(): Home = translated { native.home() }

    /**
     * [home], now and whenever something of it has changed: after a record, while a sync runs, when a day opens. A
     * change made through another object over the same file counts too. A slow collector gets the newest. It ends only
     * with its collector or with an error, [HealthcodeException.Closed] among them.
     */
    fun homes(): Flow<Home> =
        flow {
            var change = changed(0uL)
            while (true) {
                val home = home()
                emit(home)
                val wake = home.nextWake?.let { Duration.between(home.time.now, it) }
                val next = if (wake == null) changed(change) else withTimeoutOrNull(wake) { changed(change) }
                change = next ?: change
            }
        }.distinctUntilChanged().flowOn(io).conflate()

    /** The state of the sync, now and whenever it has changed; see [homes]. */
    fun syncState(): Flow<SyncState> = homes().map { it.sync }.distinctUntilChanged()

    /**
     * A fresh code of a subject: a presentation of now, or, with the text of a gate's [challenge], an answer to it.
     * Keep it in memory only.
     *
     * @throws HealthcodeException.NotRated before the first code has come
     * @throws HealthcodeException.TimeUnsure after a restart of the phone without a sync: scan the gate's challenge, an
     *   answer needs no clock
     * @throws HealthcodeException.Replaced
     * @throws HealthcodeException.InvalidField for a text that is no challenge
     */
    suspend fun code(
        subject: String,
        challenge: String? = null,
    ): ShownCode = working { native.code(subject, challenge) }

    /**
     * The codes to show of a subject, one after the other: a new presentation every 30 seconds, and at once when the
     * colour, its reasons or the token behind it have changed. A slow collector gets the newest. It fails as [code] does.
     */
    fun codes(subject: String): Flow<ShownCode> =
        flow {
            var change = changed(0uL)
            var shown = code(subject)
            var shownAt = System.nanoTime()
            emit(shown)
            while (true) {
                val left = (shown.refreshIn ?: return@flow).minusNanos(System.nanoTime() - shownAt)
                val next = withTimeoutOrNull(left) { changed(change) }
                val fresh = code(subject)
                if (next == null || !fresh.saysTheSameAs(shown)) {
                    shown = fresh
                    shownAt = System.nanoTime()
                    emit(shown)
                }
                change = next ?: change
            }
        }.flowOn(io).conflate()

    /**
     * How far the quarantine of a subject has come; null without an order in force.
     *
     * @throws HealthcodeException.UnknownSubject
     */
    fun quarantine(subject: String): QuarantineView? = translated { native.quarantine(subject) }

    /**
     * The questions of the rulebook in force, and the days that they ask about.
     *
     * @throws HealthcodeException.NotSynced before the first rulebook has come
     */
    fun form(): DeclarationForm = translated { native.form() }

    /** Everything that is wrong with an identity, field by field; empty for none. */
    fun checkIdentity(identity: IdentityForm): List<FieldProblem> = translated { native.checkIdentity(identity) }

    /**
     * What is wrong with a declaration, or what it would come to as far as this phone can tell: the server asks the
     * public records too, and decides.
     *
     * @throws HealthcodeException.UnknownSubject
     * @throws HealthcodeException.NotSynced
     */
    fun preview(
        subject: String,
        declaration: DeclarationInput,
    ): Preview = translated { native.preview(subject, declaration) }

    /**
     * Records a declaration or a check-in: once this returns it survives whatever happens to the app, and it is sent
     * with the next sync. It needs no network, and no cancellation stops it half way.
     *
     * @throws HealthcodeException.InvalidField for the first field that is wrong; nothing was recorded then
     * @throws HealthcodeException.UnknownSubject
     * @throws HealthcodeException.Replaced
     */
    suspend fun record(
        subject: String,
        entry: Entry,
    ): Recorded = working { native.record(subject, entry) }

    /** Records a declaration; see [record]. */
    suspend fun declare(
        subject: String,
        declaration: DeclarationInput,
    ): Recorded = record(subject, Entry.Declaration(declaration))

    /** Records the day's check-in, with the ids of [symptoms] from the form; see [record]. */
    suspend fun checkIn(
        subject: String,
        symptoms: List<String> = emptyList(),
    ): Recorded = record(subject, Entry.CheckIn(CheckInInput(symptoms)))

    /** What a scanned text is. */
    fun scan(text: String): ScannedText = translated { native.scan(text) }

    /**
     * Asks for a one-time code, which goes to the number that public records hold for the document and to no other.
     * The answer is the same whether or not the records know the person.
     *
     * @throws HealthcodeException.InvalidField for the first field that is wrong
     * @throws HealthcodeException.Network
     * @throws HealthcodeException.Rejected
     */
    suspend fun requestOneTimeCode(identity: IdentityForm): CodeRequested =
        translated { native.requestOneTimeCode(identity) }

    /**
     * Confirms the one-time code: the subject is on this phone from now on. Then [sync].
     *
     * @throws HealthcodeException.InvalidField for a code that is none, or without one asked for
     * @throws HealthcodeException.Rejected with `wrong-code` for one that does not fit, has expired or was tried too
     *   often
     * @throws HealthcodeException.Network
     */
    suspend fun enrol(code: String): Enrolment = translated { native.enrol(code) }

    /**
     * Exchanges everything with the server: sends what waits, fetches what was decided, new tokens, the time, and what
     * the server publishes. What the server says no to for one subject is in the report.
     *
     * @throws HealthcodeException.Network which is normal: what is unsent waits and nothing is lost
     * @throws HealthcodeException.UpdateApp
     */
    suspend fun sync(): SyncReport = translated { native.sync() }

    /** [requestOneTimeCode] over the app's own HTTP stack. */
    suspend fun requestOneTimeCode(
        identity: IdentityForm,
        transport: Transport,
    ): CodeRequested {
        val call = working { native.oneTimeCodeCall(identity) }
        val reply = transport.reply(call)
        return working { native.oneTimeCodeReply(reply) }
    }

    /** [enrol] over the app's own HTTP stack. */
    suspend fun enrol(
        code: String,
        transport: Transport,
    ): Enrolment {
        val call = working { native.enrolCall(code) }
        val reply = transport.reply(call)
        return working { native.enrolReply(reply) }
    }

    /** [sync] over the app's own HTTP stack. */
    suspend fun sync(transport: Transport): SyncReport =
        withContext(io) {
            try {
                translated { native.exchange() }.use { it.drive(transport) }
            } catch (error: HealthcodeException.Network) {
                val wait = error.retryAfter?.seconds?.coerceIn(0, UInt.MAX_VALUE.toLong())
                translated { native.exchangeFailed(wait?.toUInt()) }
                throw error
            }
        }

    /** Closes it. What is under way ends with [HealthcodeException.Closed]. Closing twice is well. */
    override fun close() = native.end { native.shutDown() }

    private suspend fun changed(after: ULong) = translated { native.changed(after) }

    private suspend fun <T> working(call: () -> T): T = undivided(io, call)

    /** How a resident's phone is opened. */
    companion object {
        /**
         * Opens the phone's file, made if there is none.
         *
         * @param io where calls that touch the file or the vault do their work
         * @throws HealthcodeException.Storage with what is wrong with the file: `BUSY` while another process has it,
         *   `CORRUPT`, `WRONG_KEY` and `NEWER_SCHEMA` leave it as it is
         * @throws HealthcodeException.Vault where the vault cannot be used; `LOCKED` is temporary
         * @throws HealthcodeException.InvalidField for a wrong field of the configuration
         */
        suspend fun open(
            config: Config,
            ports: Ports,
            io: CoroutineDispatcher = Dispatchers.IO,
        ): Resident = undivided(io) { Resident(openNativeResident(config, ports.guarded()), io) }
    }
}

/** Whether a screen that shows the other one need not change: what differs is the instant. */
private fun ShownCode.saysTheSameAs(other: ShownCode) =
    colour == other.colour && lowered == other.lowered && validUntil == other.validUntil &&
        expired == other.expired && reasons == other.reasons && word == other.word && advice == other.advice
