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
    internal val native: NativeResident,
    internal val io: CoroutineDispatcher,
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
     * A proof of a quarantine, as JSON: the order, the chain of its check-ins under the authority's receipts, what
     * counts, and the release. Whoever has the trust list verifies it, without this phone and without the authority. It
     * tells the person's id at the authority and which days were served; no name, no answers.
     *
     * @param order the order's id; the last one without
     * @throws HealthcodeException.InvalidField for an order that is not there, or not any more
     * @throws HealthcodeException.UnknownSubject
     */
    suspend fun quarantineProof(
        subject: String,
        order: String? = null,
    ): String = working { native.quarantineProof(subject, order) }

    /**
     * The questions of the rulebook in force, and the days that they ask about: of the authority that knows the [subject],
     * or, without one, of the home authority.
     *
     * @throws HealthcodeException.NotSynced before the first rulebook has come
     * @throws HealthcodeException.UnknownSubject
     */
    fun form(subject: String? = null): DeclarationForm = translated { native.form(subject) }

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
     * Records a declaration, a check-in or a consent: once this returns it survives whatever happens to the app, and it is sent
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

    /**
     * Answers another phone that wants to take this one's place, as [SubjectCard.takeover] tells of it; see [record].
     *
     * @param allow whether it may at once; else it is refused. Refuse what the person has not asked for.
     */
    suspend fun answer(
        subject: String,
        takeover: Takeover,
        allow: Boolean,
    ): Recorded = record(subject, Entry.Consent(ConsentInput(takeover.key, allow)))

    /**
     * What happened to a subject on this phone, the latest last, in pages of 50: what was recorded and what became of
     * it, refusals with their reason, orders, releases, ratings. Something may still come in before an entry that was
     * seen: after a change, read from the start.
     *
     * @param after the id of the last entry seen, or the last page's `next`; without, the first page
     * @throws HealthcodeException.InvalidField for an [after] that is none
     * @throws HealthcodeException.UnknownSubject
     */
    suspend fun journal(
        subject: String,
        after: String? = null,
    ): JournalPage = working { native.journal(subject, after) }

    /** The whole [journal], one entry after the other, each page read when it is wanted. It ends with the last one. */
    fun journalEntries(subject: String): Flow<JournalEntry> =
        flow {
            var page = journal(subject)
            page.entries.forEach { emit(it) }
            while (true) {
                page = journal(subject, page.next ?: break)
                page.entries.forEach { emit(it) }
            }
        }

    /**
     * To whom answers were given about a subject, the latest last: which gate, as it named itself, when, and which
     * colour was shown. Entries go after the rulebook's travel window (14 days in the first rulebook), by trusted time.
     *
     * @throws HealthcodeException.UnknownSubject
     */
    suspend fun answeredChallenges(subject: String): List<AnsweredChallenge> =
        working { native.answeredChallenges(subject) }

    /**
     * Deletes this log of a subject at once.
     *
     * @throws HealthcodeException.UnknownSubject
     */
    suspend fun forgetAnsweredChallenges(subject: String): Unit = working { native.forgetAnsweredChallenges(subject) }

    /**
     * Everything that is stored about one subject, or about everybody on this phone, as one JSON document. It is personal
     * data in clear: keep it in memory, hand it to the share sheet, write it to no file of the app's and to no log. It
     * holds no private key.
     *
     * @param subject whom it is about; everybody without
     * @throws HealthcodeException.UnknownSubject
     */
    suspend fun export(subject: String? = null): String = working { native.export(subject) }

    /**
     * Erases one subject for good. What waits to be sent goes too: sync before, if it is to arrive. The issuer keeps
     * what it has. What is cut off is finished at the next opening.
     *
     * @throws HealthcodeException.UnknownSubject
     * @throws HealthcodeException.Storage with `FULL` or `READ_ONLY`
     * @throws HealthcodeException.Vault with `LOCKED`, which is temporary
     */
    suspend fun erase(subject: String): Unit = working { native.erase(subject) }

    /**
     * Erases everybody and everything for good, the key first, and closes this object and all others over the same file:
     * the next opening begins with an empty one. See [erase]; for a file that does not open there is [eraseDatabase].
     *
     * @throws HealthcodeException.Storage with `FULL` or `READ_ONLY`; once it has begun, this object is closed all the
     *   same, and the next opening finishes it
     * @throws HealthcodeException.Vault with `LOCKED`, which is temporary: nothing was erased
     */
    suspend fun eraseEverything() {
        working { native.erase(null) }
        close()
    }

    /**
     * What a scanned text is.
     *
     * @throws HealthcodeException.NotSynced for a venue's code, before the first trust list has come
     */
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
     * the server publishes. What the server says no to for one subject is in the report. Calls at the same time are one
     * exchange, which ends early only when all of them are cancelled.
     *
     * @throws HealthcodeException.Network which is normal: what is unsent waits and nothing is lost
     * @throws HealthcodeException.UpdateApp
     */
    suspend fun sync(): SyncReport = translated { native.sync() }

    /** [requestOneTimeCode] over the app's own HTTP stack. */
    suspend fun requestOneTimeCode(
        identity: IdentityForm,
        transport: Transport,
    ): CodeRequested = over(transport, { native.oneTimeCodeCall(identity) }) { native.oneTimeCodeReply(it) }

    /** [enrol] over the app's own HTTP stack. */
    suspend fun enrol(
        code: String,
        transport: Transport,
    ): Enrolment = over(transport, { native.enrolCall(code) }) { native.enrolReply(it) }

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

    internal suspend fun <T> working(call: () -> T): T = undivided(io, call)

    /** Makes one call over the app's own HTTP stack, and takes its reply. */
    internal suspend fun <T> over(
        transport: Transport,
        call: () -> Call,
        take: (Reply) -> T,
    ): T {
        val reply = transport.reply(working(call))
        return working { take(reply) }
    }

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

        /**
         * Opens the phone's file only to look at it, beside a process that may have it open: for a widget with a process
         * of its own. [home], [code], [quarantine] and [form] show what was written last; whatever would write ends with
         * [HealthcodeException.Storage] and `READ_ONLY`. It does not see what another process writes while it is open:
         * look again when the system renews the widget.
         *
         * @param io where calls that touch the file or the vault do their work
         * @throws HealthcodeException.Storage with `UNREACHABLE` where there is no file yet; with `READ_ONLY` for a file
         *   that the app of this version has not opened yet, and where nobody has it open and the folder may not be
         *   written to
         * @throws HealthcodeException.Vault as [open]
         */
        suspend fun openReadOnly(
            config: Config,
            ports: Ports,
            io: CoroutineDispatcher = Dispatchers.IO,
        ): Resident = undivided(io) { Resident(openNativeResidentReadOnly(config, ports.guarded()), io) }

        /**
         * Erases the phone's file and its keys without opening it: for a file whose key is gone from the vault, that
         * belongs to another key, or that is damaged. What waits to be sent is lost, and a new enrolment follows. A file
         * that opens is erased by [eraseEverything].
         *
         * @param io where the work is done
         * @throws HealthcodeException.Storage with `BUSY` while an object or another process has it open; with
         *   `READ_ONLY`, `FULL`, `UNREACHABLE` where it cannot be deleted
         * @throws HealthcodeException.Vault with `LOCKED`, which is temporary: it may be the whole reason why the file
         *   did not open, and nothing is erased for it
         */
        suspend fun eraseDatabase(
            config: Config,
            ports: Ports,
            io: CoroutineDispatcher = Dispatchers.IO,
        ): Unit = undivided(io) { nativeEraseDatabase(config, ports.guarded()) }
    }
}

/** Whether a screen that shows the other one need not change: what differs is the instant. */
private fun ShownCode.saysTheSameAs(other: ShownCode) =
    colour == other.colour && lowered == other.lowered && validUntil == other.validUntil &&
        expired == other.expired && reasons == other.reasons && word == other.word && advice == other.advice
