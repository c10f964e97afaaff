package dev.healthcode

/**
 * Keeps a form that is being filled in, so that the end of the app's process loses none of it, in the place of what was
 * kept of it before; null forgets it. It is sealed like everything else in the phone's file, leaves the phone only in an
 * export, and goes after seven days, or with the subject.
 *
 * @param subject whom it is about; null for a form about nobody on this phone yet, which goes with whoever is erased
 * @param form the app's own name for it: at most 64 letters, digits, points and hyphens of ASCII
 * @param words what was typed, by the app's own names of the fields: at most 256, each name at most 64 bytes, 64 KiB in
 *   all, of at most 16 forms a subject
 * @throws HealthcodeException.InvalidField for `form` or `words`
 * @throws HealthcodeException.UnknownSubject
 */
suspend fun Resident.keepDraft(
    subject: String?,
    form: String,
    words: Map<String, String>?,
): Unit = working { native.keepDraft(subject, form, words) }

/**
 * What [keepDraft] kept of a form; null where nothing is kept.
 *
 * @throws HealthcodeException.InvalidField for `form`
 * @throws HealthcodeException.UnknownSubject
 */
fun Resident.draft(
    subject: String?,
    form: String,
): Map<String, String>? = translated { native.draft(subject, form) }

/**
 * The enrolment whose one-time code is waited for, also where the app has ended since: [Resident.enrol] or [confirmCare]
 * goes on with it. Null where no code was asked for, or it is no longer good; whoever asks to care for somebody waits for a
 * week.
 */
fun Resident.enrolmentUnderWay(): EnrolmentUnderWay? = translated { native.enrolmentUnderWay() }

/** Gives up the enrolment that is waited for: its code fits no more on this phone. Nothing where none is. */
suspend fun Resident.giveUpEnrolment(): Unit = working { native.giveUpEnrolment() }
