// Where the phone's file lies: protected like the vault's keys, and in no backup. An own app may take this file as it is.

import Foundation

/// A folder for the phone's file and what SQLite puts beside it.
public enum ProtectedFolder {
  /// The folder of this name, made if it is not there: in the app's Application Support, or in `parent`, such as the
  /// container of an app group. On iOS its files can be read from the first unlock after a start on, as the keys of
  /// `KeychainVault` can, and not before. It is in no backup, because those keys are in none.
  ///
  /// Throws what the file system says.
  public static func make(_ name: String = "healthcode", in parent: URL? = nil) throws -> URL {
    let files = FileManager.default
    let support = FileManager.SearchPathDirectory.applicationSupportDirectory
    let home = try parent ?? files.url(for: support, in: .userDomainMask, appropriateFor: nil, create: true)
    var folder = home.appendingPathComponent(name, isDirectory: true)
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    #if os(iOS)
      // A new file takes over the protection of its folder, the write-ahead log and the lock included.
      try files.setAttributes(
        [.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication], ofItemAtPath: folder.path)
    #endif
    #if canImport(Darwin)
      var values = URLResourceValues()
      values.isExcludedFromBackup = true
      try folder.setResourceValues(values)
    #endif
    return folder
  }
}
