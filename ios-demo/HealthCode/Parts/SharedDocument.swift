// A document for the share sheet. It is made in memory and handed over; the app writes no file of it.

import CoreTransferable
import DemoKit
import UniformTypeIdentifiers

/// A document that the share sheet takes.
struct SharedDocument: Transferable {
  /// The document.
  let document: Document

  static var transferRepresentation: some TransferRepresentation {
    DataRepresentation(exportedContentType: .json) { (shared: SharedDocument) in shared.document.data }
      .suggestedFileName { $0.document.name }
  }
}
