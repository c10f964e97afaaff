import HealthcodeNative

// MARK: Where the resident was

extension Resident {
  /// Records a journey, matches it with the exposure notices on this phone, and gives the entry's id. It stays on this
  /// phone.
  ///
  /// Throws `invalidField` for the first field that is wrong (`number`, `date`, `place`, `from`, `to`, `arrived_at`) and
  /// for `whereabouts` with `too-many`; `notSynced` before the first sync, or where the authority publishes no notices;
  /// `unknownSubject`.
  @discardableResult
  public func recordTrip(_ trip: TripInput, for subject: String) async throws(HealthcodeError) -> String {
    let native = native
    return try await working { try native.recordTrip(subject: subject, trip: trip) }
  }

  /// Enters a venue by the text of the code at its door, which ``scan(_:)`` calls `venue`: the visit begins now, is
  /// matched with the exposure notices on this phone, and its entry's id is given. It stays on this phone. Where the last
  /// visit to this venue is still open, it goes on.
  ///
  /// Throws `invalidField` for `venue` that is `not-a-venue`, or `unknown-issuer` where no listed issuer signed it, and for
  /// `whereabouts` with `too-many`; `notSynced` as ``recordTrip(_:for:)`` does; `unknownSubject`.
  @discardableResult
  public func enterVenue(_ text: String, for subject: String) async throws(HealthcodeError) -> String {
    let native = native
    return try await working { try native.enterVenue(subject: subject, text: text) }
  }

  /// Leaves a venue: the visit ends now. One that nobody ends counts for the rulebook's default stay.
  ///
  /// Throws `invalidField` for an `entry` that is the id of no open visit; `unknownSubject`.
  public func leaveVenue(_ entry: String, for subject: String) async throws(HealthcodeError) {
    let native = native
    try await working { try native.leaveVenue(subject: subject, entry: entry) }
  }

  /// Where the resident was, in the order in which it was recorded. Entries go after the rulebook's window (14 days in the
  /// first rulebook), by trusted time. Throws `notSynced`, `unknownSubject`.
  public func whereabouts(of subject: String) throws(HealthcodeError) -> [WhereaboutsEntry] {
    try translated { try native.whereabouts(subject: subject) }
  }

  /// Deletes an entry of where the resident was, by its id, with the matches that it had; nil deletes all of them.
  ///
  /// Throws `invalidField` for an `entry` that is not there; `unknownSubject`.
  public func forgetWhereabouts(of subject: String, entry: String? = nil) async throws(HealthcodeError) {
    let native = native
    try await working { try native.forgetWhereabouts(subject: subject, entry: entry) }
  }
}

// MARK: Where that met an exposure notice

extension Resident {
  /// Where the resident's places met exposure notices, the latest day last, with the reason in words. A match is advice: it
  /// lowers the code on this phone as the rulebook allows, to yellow at the most. Needs no network. Throws `notSynced`,
  /// `unknownSubject`.
  public func exposures(of subject: String) throws(HealthcodeError) -> [Exposure] {
    try translated { try native.exposures(subject: subject) }
  }

  /// Answers a match: that its entry is wrong, which sends nothing and ends the match, or that the authority is to be
  /// told, which gives the operation that the next sync sends. The authority then learns which notice matched, by which
  /// rule and on which day. `exposure` is the id of one of ``exposures(of:)``.
  ///
  /// Throws `invalidField` for an `exposure` that is not there, or that is `advice-only` and cannot be told;
  /// `unknownSubject`, `replaced`.
  @discardableResult
  public func answer(
    exposure: String,
    with answer: ExposureAnswer,
    for subject: String
  ) async throws(HealthcodeError) -> Recorded? {
    let native = native
    return try await working { try native.answerExposure(subject: subject, exposure: exposure, answer: answer) }
  }

  /// How far this phone has read the authority's log of exposure notices.
  public func noticeState() throws(HealthcodeError) -> NoticeState {
    try translated { try native.noticeState() }
  }

  /// Fetches the exposure notices that are new, and matches them with where the residents of this phone were. It goes
  /// apart from ``sync()``, over a connection of its own, without a signature: every phone that has seen as much makes the
  /// same calls, and the fetch tells nothing of who was where.
  ///
  /// `large` allows large files: on Wi-Fi, or where the person asks for them. Without, the report's `waitingBytes` says
  /// what was left.
  ///
  /// Throws `noticeLog` for notices that are not taken, those of before stay in force; `notSynced` before the first sync,
  /// or where the authority publishes no notices; `network`.
  @discardableResult
  public func fetchNotices(large: Bool = false) async throws(HealthcodeError) -> NoticeReport {
    let native = native
    return try await cancellable { try await native.fetchNotices(large: large, cancel: $0) }
  }

  /// ``fetchNotices(large:)`` over the app's own HTTP stack: let no cookie, no authentication and no connection of theirs go
  /// with it.
  @discardableResult
  public func fetchNotices(
    large: Bool = false,
    over transport: some Transport
  ) async throws(HealthcodeError) -> NoticeReport {
    let native = native
    let exchange = try await working { try native.noticeExchange(large: large) }
    return try await exchange.drive(over: transport)
  }
}
