// A colour is always a word and a shape too: who does not see the colour reads the one or the other.

import DemoKit
import SwiftUI

extension Colour {
  /// The paint behind the word. Its contrast to `ink` is above 7 to 1.
  var paint: Color {
    switch self {
    case .green: Color(red: 0.25, green: 0.78, blue: 0.40)
    case .yellow: Color(red: 1, green: 0.80, blue: 0.10)
    case .red: Color(red: 0.68, green: 0.05, blue: 0.10)
    }
  }

  /// The ink of words on ``paint``.
  var ink: Color { self == .red ? .white : .black }

  /// The shape that goes with it.
  var symbol: String {
    switch self {
    case .green: "checkmark.circle.fill"
    case .yellow: "exclamationmark.triangle.fill"
    case .red: "xmark.octagon.fill"
    }
  }

  /// Its word in the app's own texts, where the core gives none.
  var key: Key {
    switch self {
    case .green: .colourGreen
    case .yellow: .colourYellow
    case .red: .colourRed
    }
  }
}

/// A colour's word, large, on its paint, with its shape.
struct ColourBand: View {
  /// The colour.
  let colour: Colour
  /// The word.
  let word: String
  /// The height of the word in points; on the code's screen it is read from two metres.
  var size: CGFloat = 34

  var body: some View {
    HStack(spacing: 12) {
      Image(systemName: colour.symbol)
      Text(word)
        .lineLimit(1)
        .minimumScaleFactor(0.7)
    }
    .font(.system(size: size, weight: .black))
    .foregroundStyle(colour.ink)
    .frame(maxWidth: .infinity)
    .padding(.vertical, 8)
    .background(colour.paint, in: RoundedRectangle(cornerRadius: 12))
    .accessibilityElement(children: .ignore)
    .accessibilityLabel(word)
  }
}

/// A code's modules, drawn pixel by pixel and never smoothed. It is black on white in the dark too, since scanners want
/// it so.
struct CodeCanvas: View {
  /// The modules, with their quiet zone.
  let picture: CodePicture

  var body: some View {
    Canvas { context, size in
      let side = Int(picture.side)
      guard side > 0, picture.pixels.count == side * side else { return }
      let module = min(size.width, size.height) / CGFloat(side)
      context.fill(Path(CGRect(origin: .zero, size: size)), with: .color(.white))
      var dark = Path()
      for (index, pixel) in picture.pixels.enumerated() where pixel < 128 {
        let (row, column) = index.quotientAndRemainder(dividingBy: side)
        dark.addRect(
          CGRect(x: CGFloat(column) * module, y: CGFloat(row) * module, width: module, height: module))
      }
      context.fill(dark, with: .color(.black), style: FillStyle(antialiased: false))
    }
    .aspectRatio(1, contentMode: .fit)
    .background(.white)
  }
}
