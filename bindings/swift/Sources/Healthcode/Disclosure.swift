import HealthcodeNative

/// Tells in words what a text, from a QR code or typed, reveals to whoever scans it: a resident's own code, a
/// checkpoint's challenge, or whatever else a camera meets. It needs no phone's file, no network and no clock. Nothing is
/// verified: a forged code is explained like a true one.
///
/// Throws `invalidField` for `text`, where it begins like a code of this system and is none: `too-long`, `base45` (cut
/// off or changed on its way), or the name of what its bytes have wrong. A text of another kind is no error.
public func explainDisclosure(_ text: String) throws(HealthcodeError) -> Disclosure {
  try translated { try nativeExplainDisclosure(text: text) }
}
