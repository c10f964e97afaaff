// The camera as a source of QR texts. Only the text of a code leaves this file: no picture is kept.

import AVFoundation
import SwiftUI
import UIKit

/// Whether the app may use the camera.
enum CameraAccess {
  /// Not known yet: the person is being asked.
  case unknown
  /// It may.
  case allowed
  /// It may not: the person said so, or there is none.
  case denied
  /// It may, and the camera has broken off: another attempt may go well.
  case failed

  /// Asks the person where nobody has yet.
  static func request() async -> CameraAccess {
    guard AVCaptureDevice.default(for: .video) != nil else { return .denied }
    return await AVCaptureDevice.requestAccess(for: .video) ? .allowed : .denied
  }
}

/// The camera's picture, and each QR text that is in it.
struct CameraPicture: UIViewRepresentable {
  /// Takes the text of each code seen, again and again while it is in view.
  let found: @MainActor (String) -> Void
  /// Is told when the camera cannot be used, or not any more.
  let failed: @MainActor () -> Void

  func makeCoordinator() -> CameraReader { CameraReader(found: found, failed: failed) }

  func makeUIView(context: Context) -> CameraView {
    let view = CameraView()
    view.show(context.coordinator.session)
    context.coordinator.start()
    return view
  }

  func updateUIView(_ view: CameraView, context: Context) {}

  static func dismantleUIView(_ view: CameraView, coordinator: CameraReader) {
    coordinator.stop()
  }
}

/// A view that shows what a capture session sees, filled to its edges.
final class CameraView: UIView {
  private let preview = AVCaptureVideoPreviewLayer()

  func show(_ session: AVCaptureSession) {
    preview.session = session
    preview.videoGravity = .resizeAspectFill
    layer.addSublayer(preview)
  }

  override func layoutSubviews() {
    super.layoutSubviews()
    preview.frame = bounds
  }
}

/// Reads QR codes from the camera at the back.
final class CameraReader: NSObject, AVCaptureMetadataOutputObjectsDelegate, @unchecked Sendable {
  // What is not Sendable here is touched on `queue` alone, but for the session, which its documentation lets a preview
  // share.
  let session = AVCaptureSession()
  private let queue = DispatchQueue(label: "dev.healthcode.demo.camera")
  private let found: @MainActor (String) -> Void
  private let failed: @MainActor () -> Void
  private var isSetUp = false
  private var watching: (any NSObjectProtocol)?

  init(found: @escaping @MainActor (String) -> Void, failed: @escaping @MainActor () -> Void) {
    (self.found, self.failed) = (found, failed)
    super.init()
    // A fault while it runs; what only interrupts it, such as another app, ends by itself.
    watching = NotificationCenter.default.addObserver(
      forName: AVCaptureSession.runtimeErrorNotification, object: session, queue: nil
    ) { _ in Task { @MainActor in failed() } }
  }

  deinit {
    if let watching { NotificationCenter.default.removeObserver(watching) }
  }

  func start() {
    queue.async {
      guard self.isSetUp || self.setUp() else {
        let failed = self.failed
        Task { @MainActor in failed() }
        return
      }
      self.session.startRunning()
    }
  }

  func stop() {
    queue.async { self.session.stopRunning() }
  }

  private func setUp() -> Bool {
    guard let camera = AVCaptureDevice.default(for: .video), let input = try? AVCaptureDeviceInput(device: camera),
      session.canAddInput(input)
    else { return false }
    session.addInput(input)
    let output = AVCaptureMetadataOutput()
    guard session.canAddOutput(output) else { return false }
    session.addOutput(output)
    output.setMetadataObjectsDelegate(self, queue: queue)
    // Only now, since what an output can find depends on its session.
    if output.availableMetadataObjectTypes.contains(.qr) { output.metadataObjectTypes = [.qr] }
    isSetUp = true
    return true
  }

  func metadataOutput(
    _ output: AVCaptureMetadataOutput, didOutput objects: [AVMetadataObject], from connection: AVCaptureConnection
  ) {
    guard let text = objects.lazy.compactMap({ ($0 as? AVMetadataMachineReadableCodeObject)?.stringValue }).first
    else { return }
    Task { @MainActor in found(text) }
  }
}
