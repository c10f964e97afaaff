package dev.healthcode

import kotlinx.coroutines.withContext

/*
 * Where the resident was, and where that met an authority's exposure notices. All of it stays on the phone; what a match
 * tells the authority is what the resident answers.
 */

/**
 * Records a journey, matches it with the exposure notices on this phone, and gives the entry's id. It stays on this phone.
 *
 * @throws HealthcodeException.InvalidField for the first field that is wrong: `number`, `date`, `place`, `from`, `to`,
 *   `arrived_at`; for `whereabouts` with `too-many`
 * @throws HealthcodeException.NotSynced before the first sync, or where the authority publishes no notices
 * @throws HealthcodeException.UnknownSubject
 */
suspend fun Resident.recordTrip(
    subject: String,
    trip: TripInput,
): String = working { native.recordTrip(subject, trip) }

/**
 * Enters a venue by the [text] of the code at its door, which [Resident.scan] calls [ScannedText.Venue]: the visit begins
 * now, is matched with the exposure notices on this phone, and its entry's id is given. It stays on this phone. Where the
 * last visit to this venue is still open, it goes on.
 *
 * @throws HealthcodeException.InvalidField for `venue`: `not-a-venue`, or `unknown-issuer` where no listed issuer signed
 *   it; for `whereabouts` with `too-many`
 * @throws HealthcodeException.NotSynced as [recordTrip]
 * @throws HealthcodeException.UnknownSubject
 */
suspend fun Resident.enterVenue(
    subject: String,
    text: String,
): String = working { native.enterVenue(subject, text) }

/**
 * Leaves a venue: the visit ends now. One that nobody ends counts for the rulebook's default stay.
 *
 * @param entry the id of an entry that is [WhereaboutsEntry.open]
 * @throws HealthcodeException.InvalidField for an [entry] that is no open visit
 * @throws HealthcodeException.UnknownSubject
 */
suspend fun Resident.leaveVenue(
    subject: String,
    entry: String,
): Unit = working { native.leaveVenue(subject, entry) }

/**
 * Where the resident was, in the order in which it was recorded. Entries go after the rulebook's window (14 days in the
 * first rulebook), by trusted time.
 *
 * @throws HealthcodeException.NotSynced
 * @throws HealthcodeException.UnknownSubject
 */
fun Resident.whereabouts(subject: String): List<WhereaboutsEntry> = translated { native.whereabouts(subject) }

/**
 * Deletes an entry of where the resident was, with the matches that it had.
 *
 * @param entry the entry's id; all of them without
 * @throws HealthcodeException.InvalidField for an [entry] that is not there
 * @throws HealthcodeException.UnknownSubject
 */
suspend fun Resident.forgetWhereabouts(
    subject: String,
    entry: String? = null,
): Unit = working { native.forgetWhereabouts(subject, entry) }

/**
 * Where the resident's places met exposure notices, the latest day last, with the reason in words. A match is advice: it
 * lowers the code on this phone as the rulebook allows, to yellow at the most. Needs no network.
 *
 * @throws HealthcodeException.NotSynced
 * @throws HealthcodeException.UnknownSubject
 */
fun Resident.exposures(subject: String): List<Exposure> = translated { native.exposures(subject) }

/**
 * Answers a match: that its entry is wrong, which sends nothing and ends the match, or that the authority is to be told,
 * which gives the operation that the next sync sends. The authority then learns which notice matched, by which rule and on
 * which day.
 *
 * @param exposure the id of one of [exposures]
 * @throws HealthcodeException.InvalidField for an [exposure] that is not there, or that is `advice-only` and cannot be told
 * @throws HealthcodeException.UnknownSubject
 * @throws HealthcodeException.Replaced
 */
suspend fun Resident.answerExposure(
    subject: String,
    exposure: String,
    answer: ExposureAnswer,
): Recorded? = working { native.answerExposure(subject, exposure, answer) }

/** How far this phone has read the authority's log of exposure notices. */
fun Resident.noticeState(): NoticeState = translated { native.noticeState() }

/**
 * Fetches the exposure notices that are new, and matches them with where the residents of this phone were. It goes apart
 * from [Resident.sync], over a connection of its own, without a signature: every phone that has seen as much makes the
 * same calls, and the fetch tells nothing of who was where.
 *
 * @param large whether large files may come: on Wi-Fi, or where the person asks for them. Without,
 *   [NoticeReport.waitingBytes] says what was left.
 * @throws HealthcodeException.NoticeLog for notices that are not taken; those of before stay in force
 * @throws HealthcodeException.NotSynced before the first sync, or where the authority publishes no notices
 * @throws HealthcodeException.Network
 */
suspend fun Resident.fetchNotices(large: Boolean = false): NoticeReport = translated { native.fetchNotices(large) }

/** [fetchNotices] over the app's own HTTP stack: let no cookie, no authentication and no connection of theirs go with it. */
suspend fun Resident.fetchNotices(
    transport: Transport,
    large: Boolean = false,
): NoticeReport = withContext(io) { translated { native.noticeExchange(large) }.use { it.drive(transport) } }
