import HealthcodeNative

// MARK: What was typed and not recorded yet

extension Resident {
  /// Keeps a form that is being filled in, so that the end of the app's process loses none of it, in the place of what
  /// was kept of it before; nil forgets it. It is sealed like everything else in the phone's file, leaves the phone only
  /// in an export, and goes after seven days, or with the subject.
  ///
  /// A form about nobody on this phone yet has no subject, and goes with whoever is erased. `form` is the app's own name
  /// for it: at most 64 letters, digits, points and hyphens of ASCII. `words` are what was typed, by the app's own names
  /// of the fields: at most 256, each name at most 64 bytes, 64 KiB in all, of at most 16 forms a subject.
  ///
  /// Throws `invalidField` for `form` or `words`; `unknownSubject`.
  public func keep(draft words: [String: String]?, of form: String, about subject: String? = nil)
    async throws(HealthcodeError)
  {
    let native = native
    try await working { try native.keepDraft(subject: subject, form: form, words: words) }
  }

  /// What ``keep(draft:of:about:)`` kept of a form; nil where nothing is kept. Throws `invalidField` for `form`;
  /// `unknownSubject`.
  public func draft(of form: String, about subject: String? = nil) throws(HealthcodeError) -> [String: String]? {
    try translated { try native.draft(subject: subject, form: form) }
  }

  /// The enrolment whose one-time code is waited for, also where the app has ended since: ``enrol(code:)`` or
  /// ``confirmCare(code:)`` goes on with it. Nil where no code was asked for, or it is no longer good; whoever asks to
  /// care for somebody waits for a week.
  public func enrolmentUnderWay() throws(HealthcodeError) -> EnrolmentUnderWay? {
    try translated { try native.enrolmentUnderWay() }
  }

  /// Gives up the enrolment that is waited for: its code fits no more on this phone. Nothing where none is.
  public func giveUpEnrolment() async throws(HealthcodeError) {
    let native = native
    try await working { try native.giveUpEnrolment() }
  }
}
