// The sounds of a gate, made here from sine waves: each signal has a shape that is like no other, also for who hears only
// low or only high tones.

import AVFoundation
import DemoKit

/// Plays a sound for each signal.
@MainActor
final class Tones {
  private var players: [Signal: AVAudioPlayer] = [:]

  /// Plays it from its beginning, also where the phone is set to silent: a guard looks at the person.
  func play(_ signal: Signal) {
    try? AVAudioSession.sharedInstance().setCategory(.playback, options: [.mixWithOthers])
    let player = players[signal] ?? (try? AVAudioPlayer(data: Self.wave(of: signal)))
    players[signal] = player
    player?.currentTime = 0
    player?.play()
  }

  // Hertz and seconds; 0 Hz is a pause.
  private static func notes(of signal: Signal) -> [(hertz: Double, seconds: Double)] {
    switch signal {
    case .pass: [(880, 0.09), (1_319, 0.16)]
    case .stop: [(330, 0.7)]
    case .ask: [(660, 0.09), (0, 0.06), (660, 0.09), (0, 0.06), (660, 0.09)]
    case .look: [(988, 0.12), (659, 0.2)]
    }
  }

  /// The bytes of a WAV file: mono, 16 bit.
  static func wave(of signal: Signal) -> Data {
    let rate = 22_050
    var samples: [Int16] = []
    for note in notes(of: signal) {
      let count = Int(note.seconds * Double(rate))
      for index in 0..<count {
        // It swells and fades within 5 ms, so that it does not click.
        let edge = min(1, Double(min(index, count - index)) / (Double(rate) * 0.005))
        samples.append(Int16(20_000 * edge * sin(2 * .pi * note.hertz * Double(index) / Double(rate))))
      }
    }
    let bytes = samples.count * 2
    var file = Data("RIFF".utf8)
    file.append(littleEndian: UInt32(36 + bytes))
    file.append(Data("WAVEfmt ".utf8))
    file.append(littleEndian: UInt32(16))
    file.append(littleEndian: UInt16(1))
    file.append(littleEndian: UInt16(1))
    file.append(littleEndian: UInt32(rate))
    file.append(littleEndian: UInt32(rate * 2))
    file.append(littleEndian: UInt16(2))
    file.append(littleEndian: UInt16(16))
    file.append(Data("data".utf8))
    file.append(littleEndian: UInt32(bytes))
    for sample in samples { file.append(littleEndian: UInt16(bitPattern: sample)) }
    return file
  }
}

extension Data {
  fileprivate mutating func append<Number: FixedWidthInteger>(littleEndian number: Number) {
    var number = number.littleEndian
    Swift.withUnsafeBytes(of: &number) { append(contentsOf: $0) }
  }
}
