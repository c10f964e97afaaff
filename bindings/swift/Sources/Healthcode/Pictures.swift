import Foundation
import HealthcodeNative

extension ShownCode {
  /// This code as the bytes of a PNG file; see `drawPng`.
  public func png(pixelsPerModule: Int = 8) throws(HealthcodeError) -> Data {
    try drawPng(text, shade: shade, pixelsPerModule: pixelsPerModule)
  }
}

extension ShownChallenge {
  /// This challenge as the bytes of a PNG file; see `drawPng`.
  public func png(pixelsPerModule: Int = 8) throws(HealthcodeError) -> Data {
    try drawPng(text, shade: shade, pixelsPerModule: pixelsPerModule)
  }
}

/// A code as the bytes of a PNG file, framed in its colour with the colour's shape. `pixelsPerModule` is 1 to 64; 8 suits
/// a phone's screen. Throws `invalidField` for a text that is no code's, or a scale out of its range.
public func drawPng(_ text: String, shade: Shade, pixelsPerModule: Int = 8) throws(HealthcodeError) -> Data {
  try translated { try nativeDrawPng(text: text, shade: shade, pixelsPerModule: UInt32(clamping: pixelsPerModule)) }
}

/// A code as an SVG document, framed in its colour with the colour's shape, its `word` above and `detail` below; both are
/// escaped here. Throws `invalidField` for a text that is no code's.
public func drawSvg(
  _ text: String,
  shade: Shade,
  word: String,
  detail: String
) throws(HealthcodeError) -> String {
  try translated { try nativeDrawSvg(text: text, shade: shade, word: word, detail: detail) }
}

/// A code's modules as grey pixels, for drawing with the platform's own means: whole pixels a module, never smoothed.
/// Throws `invalidField` for a text that is no code's.
public func drawLuminance(_ text: String) throws(HealthcodeError) -> CodePicture {
  try translated { try nativeDrawLuminance(text: text) }
}

/// Counts the days of a quarantine at an instant, a lower bound of true time: the rules that phone and server share,
/// without a phone's file. For the quarantine of a subject ask ``Resident/quarantine(of:)``. Throws `invalidField` for
/// terms that make no sense, and for more than 4,096 taps.
public func countQuarantine(
  _ quarantine: Quarantine,
  taps: [Tap],
  at instant: Date
) throws(HealthcodeError) -> QuarantineCount {
  try translated { try nativeCountQuarantine(quarantine: quarantine, taps: taps, at: instant) }
}
