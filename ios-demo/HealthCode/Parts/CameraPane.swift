// The camera on a screen, with its torch, and what to do where the app may not use it.

import DemoKit
import SwiftUI

/// The camera's picture; or the way to allow it, and a field to type a code's text in.
struct CameraPane: View {
  /// Whether the torch is on.
  let isTorchOn: Bool
  /// Switches the torch.
  let toggleTorch: @MainActor () -> Void
  /// Takes each text that is seen, or typed.
  let found: @MainActor (String) -> Void

  @Environment(AppModel.self) private var app
  @Environment(\.texts) private var texts
  @State private var access = CameraAccess.unknown
  @State private var typed = ""

  var body: some View {
    ZStack(alignment: .bottom) {
      switch access {
      case .unknown:
        ProgressView(texts(.opening))
          .frame(maxWidth: .infinity, maxHeight: .infinity)
      case .allowed:
        CameraPicture(found: found, failed: { access = .failed })
          .accessibilityLabel(texts(.cameraLabel))
          .ignoresSafeArea()
        if app.device.torchAvailable {
          Button(texts(isTorchOn ? .torchOff : .torchOn), action: toggleTorch)
            .buttonStyle(.borderedProminent)
            .padding()
        }
      case .denied:
        typing(remedy: .open(.camera))
      case .failed:
        typing(remedy: .retry)
      }
    }
    .task { await request() }
  }

  // A camera that broke off is another one afterwards: what showed it is made anew.
  private func request() async {
    access = .unknown
    access = await CameraAccess.request()
  }

  // A simulator has no camera either: what a code says can be typed or pasted.
  private func typing(remedy: Remedy) -> some View {
    VStack(alignment: .leading, spacing: 12) {
      Label(texts(.cameraDenied), systemImage: "camera.badge.ellipsis")
      RemedyButtons(remedies: [remedy], retry: { Task { await request() } })
      TextField(texts(.cameraTyped), text: $typed, axis: .vertical)
        .textFieldStyle(.roundedBorder)
        .textInputAutocapitalization(.characters)
        .autocorrectionDisabled()
        .lineLimit(3)
      Button(texts(.cameraRead)) { found(typed) }
        .buttonStyle(.borderedProminent)
        .disabled(typed.isEmpty)
    }
    .padding()
    .frame(maxWidth: .infinity, maxHeight: .infinity)
  }
}
