// swift-format-ignore-file
// What the app uses of UIKit, and of SwiftUI where it meets UIKit. See SwiftUI.swift.
import SwiftUI

@MainActor open class CALayer { public init() {}; public var frame = CGRect.zero; public func addSublayer(_ layer: CALayer) {} }
@MainActor open class UIView { public init() {}
  public func viewPrintFormatter() -> UIViewPrintFormatter { fatalError() }
  public var layer: CALayer { fatalError() }; public var bounds: CGRect { .zero }; open func layoutSubviews() {} }
public struct UIEdgeInsets: Sendable { public static let zero = Self() }
@MainActor public class UIPrintFormatter { public var perPageContentInsets = UIEdgeInsets.zero }
@MainActor public class UIViewPrintFormatter: UIPrintFormatter {}
@MainActor public class UIPrintInfo { public enum OutputType { case general }; public static func printInfo() -> UIPrintInfo { fatalError() }
  public var outputType = OutputType.general, jobName = "" }
@MainActor public class UIPrintInteractionController { public static var isPrintingAvailable: Bool { true }
  public static var shared: UIPrintInteractionController { fatalError() }
  public var printInfo: UIPrintInfo?, printFormatter: UIPrintFormatter?
  @discardableResult public func present(animated: Bool, completionHandler: ((UIPrintInteractionController, Bool, (any Error)?) -> Void)? = nil) -> Bool { true } }
@MainActor public class UIScreen { public var brightness: CGFloat = 0 }
@MainActor public class UIScene: NSObject {}
@MainActor public class UIWindowScene: UIScene { public var screen: UIScreen { fatalError() } }
@MainActor public class UIApplication { public struct LaunchOptionsKey: Hashable {}
  public static let openSettingsURLString = "", openNotificationSettingsURLString = ""
  public static var shared: UIApplication { fatalError() }
  public var isIdleTimerDisabled = false
  public var connectedScenes: Set<UIScene> { [] }
  public func open(_ url: URL) {} }
@MainActor public protocol UIApplicationDelegate: AnyObject {
  func application(_ application: UIApplication, didFinishLaunchingWithOptions options: [UIApplication.LaunchOptionsKey: Any]?) -> Bool }
@MainActor public class UINotificationFeedbackGenerator { public enum FeedbackType { case success, warning, error }
  public init() {}; public func notificationOccurred(_ type: FeedbackType) {} }
@MainActor public class UIImpactFeedbackGenerator { public enum FeedbackStyle { case heavy }
  public init(style: FeedbackStyle) {}; public func impactOccurred() {} }
@MainActor public enum UIAccessibility { public struct Notification: Sendable { public static let announcement = Self() }
  public static func post(notification: Notification, argument: Any?) {} }
public enum UIKeyboardType { case numberPad, phonePad }
public struct UITextContentType { public static var name: Self { Self() }; public static var telephoneNumber: Self { Self() }
  public static var oneTimeCode: Self { Self() } }
public struct TextInputAutocapitalization { public static var characters: Self { Self() } }
extension View {
  public func keyboardType(_ type: UIKeyboardType) -> some View { self }
  public func textContentType(_ type: UITextContentType?) -> some View { self }
  public func textInputAutocapitalization(_ kind: TextInputAutocapitalization?) -> some View { self }
}
public struct UIViewRepresentableContext<V: UIViewRepresentable> { @MainActor public var coordinator: V.Coordinator { fatalError() } }
@MainActor @preconcurrency public protocol UIViewRepresentable: Leaf {
  associatedtype UIViewType: UIView; associatedtype Coordinator; typealias Context = UIViewRepresentableContext<Self>
  func makeCoordinator() -> Coordinator; func makeUIView(context: Context) -> UIViewType
  func updateUIView(_ view: UIViewType, context: Context)
  static func dismantleUIView(_ view: UIViewType, coordinator: Coordinator) }
extension UIViewRepresentable { public static func dismantleUIView(_ view: UIViewType, coordinator: Coordinator) {} }
@MainActor @propertyWrapper public struct UIApplicationDelegateAdaptor<D: NSObject & UIApplicationDelegate> {
  public init(_ type: D.Type = D.self) {}; public var wrappedValue: D { fatalError() } }
