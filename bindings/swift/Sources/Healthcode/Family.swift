import HealthcodeNative

// MARK: Family members, and another phone

extension Resident {
  /// Asks to care for another person. `carer` is the subject of this phone who asks. A one-time code goes to the person's
  /// number on record; without one the records or an officer confirm it. The answer is the same whether or not there is
  /// such a person. Then ``confirmCare(code:)``.
  ///
  /// Throws `invalidField` for the first field that is wrong, and for `carer` with `cared-for` or `too-many`; `rejected`
  /// with `limit`; `network`.
  @discardableResult
  public func requestCare(for identity: IdentityForm, by carer: String) async throws(HealthcodeError) -> CodeRequested {
    let native = native
    return try await cancellable { try await native.requestCare(carer: carer, identity: identity, cancel: $0) }
  }

  /// Confirms it with the code that the person was sent; without one, asks whether the records or an officer have
  /// confirmed it. A request stands for a week. The person is on this phone from then on. Then ``sync()``.
  ///
  /// Throws `invalidField` for a code that is none, or where nobody has asked; `rejected` with `relation-pending` while it
  /// is not confirmed, with `wrong-code`, with `limit`; `network`.
  public func confirmCare(code: String? = nil) async throws(HealthcodeError) -> Enrolment {
    let native = native
    return try await cancellable { try await native.confirmCare(code: code, cancel: $0) }
  }

  /// Ends what a carer's key does for a subject: the subject's own phone says it of any carer, a carer's of itself. See
  /// ``record(_:for:)``.
  @discardableResult
  public func endCare(of subject: String, by key: String) async throws(HealthcodeError) -> Recorded {
    try await record(.endCare(key: key), for: subject)
  }

  /// What a new phone shows to the phone of before, to take over one subject from it. It needs no network.
  public func handoverRequest() async throws(HealthcodeError) -> HandoverPicture {
    let native = native
    return try await working { try native.handoverRequest() }
  }

  /// Hands a subject over to the phone whose text was scanned, and gives what this phone shows to it. It needs no network;
  /// this phone keeps the subject until the other one has taken it. Ask the person first.
  ///
  /// Throws `invalidField` for a text that is no request of a new phone; `unknownSubject`, `replaced`.
  public func handOver(_ subject: String, to text: String) async throws(HealthcodeError) -> HandoverPicture {
    let native = native
    return try await working { try native.handOver(subject: subject, text: text) }
  }

  /// Takes over the subject of which the text of the phone of before speaks; without one, goes on with the text that was
  /// scanned before. The subject is on this phone from then on. Then ``sync()``.
  ///
  /// Throws `invalidField` for a text that is not for this phone, or has expired; `rejected`, `network`.
  public func takeOver(_ text: String? = nil) async throws(HealthcodeError) -> Enrolment {
    let native = native
    return try await cancellable { try await native.takeOver(text: text, cancel: $0) }
  }
}

// MARK: Paper, appeals, another authority

extension Resident {
  /// The paper codes of a subject, the latest first. Keep them in memory only. Throws `unknownSubject`.
  public func papers(of subject: String) throws(HealthcodeError) -> [PaperCode] {
    try translated { try native.papers(subject: subject) }
  }

  /// Asks for a paper code: it is there to print after the next sync. See ``record(_:for:)``.
  @discardableResult
  public func requestPaper(for subject: String) async throws(HealthcodeError) -> Recorded {
    try await record(.paper(paper: .issue), for: subject)
  }

  /// Asks that a paper code, by its id, passes no more. See ``record(_:for:)``.
  @discardableResult
  public func withdraw(paper: String, of subject: String) async throws(HealthcodeError) -> Recorded {
    try await record(.paper(paper: .withdraw(paper: paper)), for: subject)
  }

  /// The page of a paper code, by its id, as one self-contained SVG: A4, both languages, a card to cut out. Hand it to the
  /// platform's printing; write it to no file.
  ///
  /// Throws `invalidField` for a code that is not there or does not pass any more; `unknownSubject`.
  public func page(ofPaper paper: String, of subject: String) async throws(HealthcodeError) -> String {
    let native = native
    return try await working { try native.paperPage(subject: subject, paper: paper) }
  }

  /// The appeals of a subject: what can be contested, what is being written, and where each one stands that was made.
  /// GB/T 38963 is the model. Throws `unknownSubject`.
  public func appeals(of subject: String) throws(HealthcodeError) -> Appeals {
    try translated { try native.appeals(subject: subject) }
  }

  /// Keeps an appeal that is being written, in the place of the one before; nil throws it away. It needs no network, and
  /// goes when the appeal is made. Throws `invalidField` for what is too long; `unknownSubject`.
  public func keep(appealDraft draft: AppealInput?, of subject: String) async throws(HealthcodeError) {
    let native = native
    try await working { try native.keepAppealDraft(subject: subject, draft: draft) }
  }

  /// Makes an appeal, which is sent with the next sync; see ``record(_:for:)``.
  @discardableResult
  public func appeal(_ appeal: AppealInput, for subject: String) async throws(HealthcodeError) -> Recorded {
    try await record(.appeal(appeal: appeal), for: subject)
  }

  /// The authorities of the trust list, the home one among them: to choose where to move. Throws `notSynced`.
  public func authorities() throws(HealthcodeError) -> [Authority] {
    try translated { try native.authorities() }
  }

  /// What another authority of the trust list, by its id, would make of a subject: its rulebook is fetched and asked on
  /// this phone. Nothing is sent of the person, and nothing kept.
  ///
  /// Throws `invalidField` at `issuer` for one that is not listed, or is the subject's own; `notSynced`, `updateApp`,
  /// `network`.
  public func previewMove(of subject: String, to issuer: String) async throws(HealthcodeError) -> MovePreview {
    let native = native
    return try await cancellable { try await native.previewMove(subject: subject, issuer: issuer, cancel: $0) }
  }

  /// Makes a subject known to another authority of the trust list, by its id, with what this phone keeps of the person: a
  /// one-time code goes to the number on record there, and nothing else is typed. Confirm it with ``enrol(code:)``, or for
  /// somebody who is cared for with ``confirmCare(code:)``: the person is on this phone a second time then. The
  /// declaration and the days served go with the next ``sync()``; nobody sheds a colour by a move. Ask the person first.
  ///
  /// Throws `invalidField` at `issuer` for one that is not listed, or is the subject's own, at `document` with
  /// `already-enrolled`, at `carer` with `not-moved`; `notSynced`, `replaced`, `updateApp`, `network`.
  public func move(_ subject: String, to issuer: String) async throws(HealthcodeError) -> CodeRequested {
    let native = native
    return try await cancellable { try await native.moveTo(subject: subject, issuer: issuer, cancel: $0) }
  }

  /// Says in which region this phone is, six digits of GB/T 2260; nil no longer says it. ``home()`` shows then whose code
  /// is to be shown there, see `SubjectCard.shownHere`. It is kept on this phone, and nobody is told. Throws
  /// `invalidField` at `region`.
  public func setRegion(_ region: String?) async throws(HealthcodeError) {
    let native = native
    try await working { try native.setRegion(region: region) }
  }
}

// MARK: The app's own HTTP stack

extension Resident {
  /// ``requestCare(for:by:)`` over the app's own HTTP stack.
  public func requestCare(
    for identity: IdentityForm,
    by carer: String,
    over transport: some Transport
  ) async throws(HealthcodeError) -> CodeRequested {
    let native = native
    let call = try await working { try native.careCall(carer: carer, identity: identity) }
    let reply = try await transport.reply(to: call)
    return try await working { try native.oneTimeCodeReply(reply: reply) }
  }

  /// ``confirmCare(code:)`` over the app's own HTTP stack.
  public func confirmCare(code: String?, over transport: some Transport) async throws(HealthcodeError) -> Enrolment {
    let native = native
    let call = try await working { try native.confirmCareCall(code: code) }
    let reply = try await transport.reply(to: call)
    return try await working { try native.enrolReply(reply: reply) }
  }

  /// ``takeOver(_:)`` over the app's own HTTP stack.
  public func takeOver(_ text: String?, over transport: some Transport) async throws(HealthcodeError) -> Enrolment {
    let native = native
    let call = try await working { try native.takeOverCall(text: text) }
    let reply = try await transport.reply(to: call)
    return try await working { try native.takeOverReply(reply: reply) }
  }

  /// ``previewMove(of:to:)`` over the app's own HTTP stack.
  public func previewMove(
    of subject: String,
    to issuer: String,
    over transport: some Transport
  ) async throws(HealthcodeError) -> MovePreview {
    let native = native
    let call = try await working { try native.previewMoveCall(subject: subject, issuer: issuer) }
    let reply = try await transport.reply(to: call)
    return try await working { try native.previewMoveReply(subject: subject, issuer: issuer, reply: reply) }
  }

  /// ``move(_:to:)`` over the app's own HTTP stack.
  public func move(
    _ subject: String,
    to issuer: String,
    over transport: some Transport
  ) async throws(HealthcodeError) -> CodeRequested {
    let native = native
    let rulebook = try await working { try native.previewMoveCall(subject: subject, issuer: issuer) }
    let answered = try await transport.reply(to: rulebook)
    let call = try await working {
      try native.moveCall(subject: subject, issuer: issuer, rulebook: answered)
    }
    let reply = try await transport.reply(to: call)
    return try await working { try native.oneTimeCodeReply(reply: reply) }
  }
}
