// swift-format-ignore-file
// What the app uses of AVFoundation. See SwiftUI.swift.
@_exported import Foundation
import UIKit

public struct AVMediaType { public static var video: Self { Self() } }
public class AVCaptureDevice { public enum TorchMode { case on, off }
  public static func `default`(for type: AVMediaType) -> AVCaptureDevice? { nil }
  public static func requestAccess(for type: AVMediaType) async -> Bool { false }
  public var hasTorch: Bool { false }; public var torchMode = TorchMode.off
  public func lockForConfiguration() throws {}; public func unlockForConfiguration() {} }
public class AVCaptureInput {}; public class AVCaptureOutput {}; public class AVCaptureConnection {}
public class AVCaptureDeviceInput: AVCaptureInput { public init(device: AVCaptureDevice) throws {} }
public class AVCaptureSession { public init() {}
  public static let runtimeErrorNotification = Notification.Name("")
  public func canAddInput(_ input: AVCaptureInput) -> Bool { true }; public func addInput(_ input: AVCaptureInput) {}
  public func canAddOutput(_ output: AVCaptureOutput) -> Bool { true }; public func addOutput(_ output: AVCaptureOutput) {}
  public func startRunning() {}; public func stopRunning() {} }
public class AVMetadataObject { public enum ObjectType { case qr } }
public class AVMetadataMachineReadableCodeObject: AVMetadataObject { public var stringValue: String? { nil } }
public protocol AVCaptureMetadataOutputObjectsDelegate: AnyObject {
  func metadataOutput(_ output: AVCaptureMetadataOutput, didOutput objects: [AVMetadataObject], from connection: AVCaptureConnection) }
public class AVCaptureMetadataOutput: AVCaptureOutput { public override init() {}
  public func setMetadataObjectsDelegate(_ delegate: (any AVCaptureMetadataOutputObjectsDelegate)?, queue: DispatchQueue?) {}
  public var availableMetadataObjectTypes: [AVMetadataObject.ObjectType] { [] }
  public var metadataObjectTypes: [AVMetadataObject.ObjectType] = [] }
public enum AVLayerVideoGravity { case resizeAspectFill }
public class AVCaptureVideoPreviewLayer: CALayer { public override init() {}
  public var session: AVCaptureSession?; public var videoGravity = AVLayerVideoGravity.resizeAspectFill }
public class AVAudioSession { public enum Category { case playback }
  public struct CategoryOptions: OptionSet { public let rawValue: Int; public init(rawValue: Int) { self.rawValue = rawValue }
    public static var mixWithOthers: Self { Self(rawValue: 1) } }
  public static func sharedInstance() -> AVAudioSession { fatalError() }
  public func setCategory(_ category: Category, options: CategoryOptions) throws {} }
public class AVAudioPlayer { public init(data: Data) throws {}; public var currentTime: TimeInterval = 0
  @discardableResult public func play() -> Bool { true } }
