// A model for each screen, over the app's file.

extension AppModel {
  /// For enrolling somebody on this phone, the first or another one.
  public func register() -> RegisterModel { RegisterModel(app: self) }

  /// For enrolling a person for whom somebody on this phone cares; nil where nobody here may. It begins with who has
  /// asked already and waits for an answer, if anybody has.
  public func care() -> RegisterModel? {
    let asking = (try? phone().enrolmentUnderWay())?.carer
    let carer = holders.first { $0.subject == asking } ?? holders.first
    return carer.map { RegisterModel(app: self, carer: $0.subject) }
  }

  /// For who cares for whom.
  public func family() -> FamilyModel { FamilyModel(app: self) }

  /// For a subject's declaration.
  public func declare(_ subject: String) -> DeclareModel { DeclareModel(app: self, subject: subject) }

  /// For a subject's code.
  public func code(_ subject: String) -> CodeModel { CodeModel(app: self, subject: subject) }

  /// For a subject's quarantine.
  public func quarantine(_ subject: String) -> QuarantineModel { QuarantineModel(app: self, subject: subject) }

  /// For a subject's codes on paper.
  public func papers(_ subject: String) -> PaperModel { PaperModel(app: self, subject: subject) }

  /// For a subject's appeals.
  public func appeals(_ subject: String) -> AppealModel { AppealModel(app: self, subject: subject) }

  /// For what another authority would make of a subject, and a move there.
  public func move(_ subject: String) -> MoveModel { MoveModel(app: self, subject: subject) }

  /// For taking somebody over from another phone.
  public func handover() -> HandoverModel { HandoverModel(app: self) }

  /// For scanning on behalf of a subject.
  public func scan(_ subject: String) -> ScanModel { ScanModel(app: self, subject: subject) }

  /// For where a subject was, and what of it met exposure notices.
  public func exposures(_ subject: String) -> ExposureModel { ExposureModel(app: self, subject: subject) }

  /// For what happened to a subject on this phone, and who asked.
  public func journal(_ subject: String) -> JournalModel { JournalModel(app: self, subject: subject) }

  /// For the settings.
  public func settings() -> SettingsModel { SettingsModel(app: self) }

  /// For a gate: another file, another person in front of the camera.
  public func gate() -> GateModel { GateModel(app: self) }
}
