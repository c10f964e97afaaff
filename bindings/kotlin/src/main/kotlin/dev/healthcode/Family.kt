package dev.healthcode

/*
 * Family members without a phone of their own, another phone for somebody, codes on paper, appeals, and what another
 * authority would make of a person.
 */

/**
 * Asks to care for another person. [carer] is the subject of this phone who asks. A one-time code goes to the person's
 * number on record; without one the records or an officer confirm it. The answer is the same whether or not there is such
 * a person. Then [confirmCare].
 *
 * @throws HealthcodeException.InvalidField for the first field that is wrong; `carer` with `cared-for` or `too-many`
 * @throws HealthcodeException.Rejected with `limit`
 * @throws HealthcodeException.Network
 */
suspend fun Resident.requestCare(
    carer: String,
    identity: IdentityForm,
): CodeRequested = translated { native.requestCare(carer, identity) }

/**
 * Confirms it with the [code] that the person was sent; without one, asks whether the records or an officer have confirmed
 * it. A request stands for a week. The person is on this phone from then on. Then [Resident.sync].
 *
 * @throws HealthcodeException.InvalidField for a code that is none, or where nobody has asked
 * @throws HealthcodeException.Rejected with `relation-pending` while it is not confirmed, with `wrong-code`, with `limit`
 * @throws HealthcodeException.Network
 */
suspend fun Resident.confirmCare(code: String? = null): Enrolment = translated { native.confirmCare(code) }

/**
 * Ends what a [key] does for a subject: the subject's own phone says it of any carer, a carer's of itself. See
 * [Resident.record].
 */
suspend fun Resident.endCare(
    subject: String,
    key: String,
): Recorded = record(subject, Entry.EndCare(key))

/** What a new phone shows to the phone of before, to take over one subject from it. It needs no network. */
suspend fun Resident.handoverRequest(): HandoverPicture = working { native.handoverRequest() }

/**
 * Hands a subject over to the phone whose [text] was scanned, and gives what this phone shows to it. It needs no network;
 * this phone keeps the subject until the other one has taken it. Ask the person first.
 *
 * @throws HealthcodeException.InvalidField for a [text] that is no request of a new phone
 * @throws HealthcodeException.UnknownSubject
 * @throws HealthcodeException.Replaced
 */
suspend fun Resident.handOver(
    subject: String,
    text: String,
): HandoverPicture = working { native.handOver(subject, text) }

/**
 * Takes over the subject of which the [text] of the phone of before speaks; without one, goes on with the text that was
 * scanned before. The subject is on this phone from then on. Then [Resident.sync].
 *
 * @throws HealthcodeException.InvalidField for a [text] that is not for this phone, or has expired
 * @throws HealthcodeException.Rejected
 * @throws HealthcodeException.Network
 */
suspend fun Resident.takeOver(text: String? = null): Enrolment = translated { native.takeOver(text) }

/**
 * The paper codes of a subject, the latest first. Keep them in memory only.
 *
 * @throws HealthcodeException.UnknownSubject
 */
fun Resident.papers(subject: String): List<PaperCode> = translated { native.papers(subject) }

/** Asks for a paper code: it is there to print after the next sync. See [Resident.record]. */
suspend fun Resident.requestPaper(subject: String): Recorded = record(subject, Entry.Paper(PaperInput.Issue))

/** Asks that a [paper] code, by its id, passes no more. See [Resident.record]. */
suspend fun Resident.withdrawPaper(
    subject: String,
    paper: String,
): Recorded = record(subject, Entry.Paper(PaperInput.Withdraw(paper)))

/**
 * The page of a [paper] code, by its id, as one self-contained SVG: A4, both languages, a card to cut out. Hand it to the
 * platform's printing; write it to no file.
 *
 * @throws HealthcodeException.InvalidField for a code that is not there or does not pass any more
 * @throws HealthcodeException.UnknownSubject
 */
suspend fun Resident.paperPage(
    subject: String,
    paper: String,
): String = working { native.paperPage(subject, paper) }

/**
 * The appeals of a subject: what can be contested, what is being written, and where each one stands that was made.
 * GB/T 38963 is the model.
 *
 * @throws HealthcodeException.UnknownSubject
 */
fun Resident.appeals(subject: String): Appeals = translated { native.appeals(subject) }

/**
 * Keeps an appeal that is being written, in the place of the one before; null throws it away. It needs no network, and
 * goes when the appeal is made.
 *
 * @throws HealthcodeException.InvalidField for what is too long
 * @throws HealthcodeException.UnknownSubject
 */
suspend fun Resident.keepAppealDraft(
    subject: String,
    draft: AppealInput?,
): Unit = working { native.keepAppealDraft(subject, draft) }

/** Makes an appeal, which is sent with the next sync; see [Resident.record]. */
suspend fun Resident.appeal(
    subject: String,
    appeal: AppealInput,
): Recorded = record(subject, Entry.Appeal(appeal))

/**
 * The authorities of the trust list, the home one among them: to choose where to move.
 *
 * @throws HealthcodeException.NotSynced
 */
fun Resident.authorities(): List<Authority> = translated { native.authorities() }

/**
 * What another authority of the trust list, by its id, would make of a subject: its rulebook is fetched and asked on this
 * phone. Nothing is sent of the person, and nothing kept.
 *
 * @throws HealthcodeException.InvalidField at `issuer` for one that is not listed, or is the subject's own
 * @throws HealthcodeException.NotSynced
 * @throws HealthcodeException.UpdateApp
 * @throws HealthcodeException.Network
 */
suspend fun Resident.previewMove(
    subject: String,
    issuer: String,
): MovePreview = translated { native.previewMove(subject, issuer) }

/**
 * Makes a subject known to another authority of the trust list, by its id, with what this phone keeps of the person: a
 * one-time code goes to the number on record there, and nothing else is typed. Confirm it with [Resident.enrol], or for
 * somebody who is cared for with [confirmCare]: the person is on this phone a second time then. The declaration and the
 * days served go with the next [Resident.sync]; nobody sheds a colour by a move. Ask the person first.
 *
 * @throws HealthcodeException.InvalidField at `issuer` for one that is not listed, or is the subject's own; at `document`
 * with `already-enrolled`; at `carer` with `not-moved`
 * @throws HealthcodeException.NotSynced
 * @throws HealthcodeException.Replaced
 * @throws HealthcodeException.UpdateApp
 * @throws HealthcodeException.Network
 */
suspend fun Resident.moveTo(
    subject: String,
    issuer: String,
): CodeRequested = translated { native.moveTo(subject, issuer) }

/**
 * Says in which [region] this phone is, six digits of GB/T 2260; null no longer says it. [Resident.home] shows then whose
 * code is to be shown there, see `SubjectCard.shownHere`. It is kept on this phone, and nobody is told.
 *
 * @throws HealthcodeException.InvalidField at `region`
 */
suspend fun Resident.setRegion(region: String?): Unit = working { native.setRegion(region) }

/** [requestCare] over the app's own HTTP stack. */
suspend fun Resident.requestCare(
    carer: String,
    identity: IdentityForm,
    transport: Transport,
): CodeRequested = over(transport, { native.careCall(carer, identity) }) { native.oneTimeCodeReply(it) }

/** [confirmCare] over the app's own HTTP stack. */
suspend fun Resident.confirmCare(
    code: String?,
    transport: Transport,
): Enrolment = over(transport, { native.confirmCareCall(code) }) { native.enrolReply(it) }

/** [takeOver] over the app's own HTTP stack. */
suspend fun Resident.takeOver(
    text: String?,
    transport: Transport,
): Enrolment = over(transport, { native.takeOverCall(text) }) { native.takeOverReply(it) }

/** [previewMove] over the app's own HTTP stack. */
suspend fun Resident.previewMove(
    subject: String,
    issuer: String,
    transport: Transport,
): MovePreview =
    over(transport, {
        native.previewMoveCall(subject, issuer)
    }) { native.previewMoveReply(subject, issuer, it) }

/** [moveTo] over the app's own HTTP stack. */
suspend fun Resident.moveTo(
    subject: String,
    issuer: String,
    transport: Transport,
): CodeRequested {
    val rulebook = over(transport, { native.previewMoveCall(subject, issuer) }) { it }
    return over(transport, { native.moveCall(subject, issuer, rulebook) }) { native.oneTimeCodeReply(it) }
}
