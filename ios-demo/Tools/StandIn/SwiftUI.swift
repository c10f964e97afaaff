// swift-format-ignore-file
// What the app's views use of SwiftUI, by name, label and type, and with nothing behind it. It is a lint: it finds a
// model's member that is not there, a wrong label, a missing case. That Xcode builds the app it does not prove.
@_exported import Foundation
@_exported import Observation
@MainActor @preconcurrency public protocol View {
  associatedtype Body: View
  @ViewBuilder var body: Body { get }
}
extension Never: View { public var body: Never { fatalError() } }
public protocol Leaf: View where Body == Never {}
extension Leaf { public var body: Never { fatalError() } }
public struct Anything: Leaf { nonisolated public init() {} }
public struct Preview {} // Xcode's own, by the name of the core's record: whoever writes it bare is told that it is ambiguous.
public struct EmptyView: Leaf { nonisolated public init() {} }
extension Optional: View where Wrapped: View { public var body: Never { fatalError() } }
@resultBuilder public enum ViewBuilder {
  public static func buildBlock() -> EmptyView { EmptyView() }
  public static func buildBlock<V: View>(_ view: V) -> V { view }
  public static func buildBlock<each V: View>(_ view: repeat each V) -> Anything { Anything() }
  public static func buildExpression<V: View>(_ view: V) -> V { view }
  public static func buildIf<V: View>(_ view: V?) -> V? { view }
  public static func buildEither<V: View>(first: V) -> Anything { Anything() }
  public static func buildEither<V: View>(second: V) -> Anything { Anything() }
}

@propertyWrapper @dynamicMemberLookup public struct Binding<Value> {
  public init(@_inheritActorContext get: @escaping @isolated(any) @Sendable () -> Value, @_inheritActorContext set: @escaping @isolated(any) @Sendable (Value) -> Void) { fatalError() }
  public init(projectedValue: Binding<Value>) { fatalError() }
  public var wrappedValue: Value { get { fatalError() } nonmutating set {} }
  public var projectedValue: Self { self }
  public subscript<T>(dynamicMember path: WritableKeyPath<Value, T>) -> Binding<T> { fatalError() }
}
@propertyWrapper public struct State<Value> {
  public init(wrappedValue: Value) {}
  public init(initialValue: Value) {}
  public var wrappedValue: Value { get { fatalError() } nonmutating set {} }
  public var projectedValue: Binding<Value> { fatalError() }
}
@propertyWrapper @dynamicMemberLookup public struct Bindable<Value: AnyObject & Observable> {
  public init(wrappedValue: Value) {}
  public var wrappedValue: Value { fatalError() }
  public var projectedValue: Self { self }
  public subscript<T>(dynamicMember path: ReferenceWritableKeyPath<Value, T>) -> Binding<T> { fatalError() }
}
@propertyWrapper public struct FocusState<Value: Hashable> {
  public init() where Value == Bool {}; public init<T: Hashable>() where Value == T? {}
  public var wrappedValue: Value { get { fatalError() } nonmutating set {} }
  public var projectedValue: Binding<Value> { fatalError() }
}
@propertyWrapper @MainActor public struct Environment<Value> {
  public init(_ path: KeyPath<EnvironmentValues, Value>) {}
  public init(_ type: Value.Type) where Value: AnyObject & Observable {}
  public var wrappedValue: Value { fatalError() }
}
public protocol EnvironmentKey { associatedtype Value; static var defaultValue: Value { get } }
public struct DismissAction { @MainActor public func callAsFunction() {} }
public enum ScenePhase { case active, inactive, background }
public struct EnvironmentValues {
  public subscript<K: EnvironmentKey>(key: K.Type) -> K.Value { get { K.defaultValue } set {} }
  public var timeZone: TimeZone { get { .current } set {} }; public var calendar: Calendar { get { .current } set {} }
  public var locale: Locale { get { .current } set {} }
  public var scenePhase: ScenePhase { .active }
  public var dismiss: DismissAction { DismissAction() }
}
public struct Alignment: Sendable { public static let bottom = Self() }
public struct HorizontalAlignment: Sendable { public static let leading = Self(), center = Self() }
public struct Edge { public enum Set { case horizontal, vertical, all } }
public struct Font: Sendable { public enum Weight: Sendable { case regular, black }
  public static let title = Self(), title2 = Self(), headline = Self(), subheadline = Self(), footnote = Self()
  public static func system(size: CGFloat, weight: Weight? = nil) -> Font { Font() } }
public protocol ShapeStyle: Sendable {}
public struct Color: ShapeStyle, Leaf { nonisolated public init(red: Double, green: Double, blue: Double) {}
  nonisolated public static let primary = Color(red: 0, green: 0, blue: 0) }
public struct Material: ShapeStyle {}; public struct BackgroundStyle: ShapeStyle {}
extension ShapeStyle where Self == Color { public static var red: Color { .primary }; public static var white: Color { .primary }
  public static var black: Color { .primary }; public static var clear: Color { .primary } }
extension ShapeStyle where Self == Material { public static var thinMaterial: Material { Material() } }
extension ShapeStyle where Self == BackgroundStyle { public static var background: Self { Self() } }
public protocol Shape: Sendable {}
public struct RoundedRectangle: Shape { public init(cornerRadius: CGFloat) {} }
public struct Path: Shape { public init() {}; public init(_ rect: CGRect) {}; public mutating func addRect(_ rect: CGRect) {} }
public struct FillStyle { public init(eoFill: Bool = false, antialiased: Bool = true) {} }
public struct GraphicsContext { public struct Shading { public static func color(_ color: Color) -> Self { Self() } }
  public func fill(_ path: Path, with shading: Shading, style: FillStyle = FillStyle()) {} }
public struct ButtonRole: Sendable { public static let cancel = Self(), destructive = Self() }
public struct AccessibilityTraits: OptionSet, Sendable { public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  public static let isSelected = Self(rawValue: 1), isImage = Self(rawValue: 2), isStaticText = Self(rawValue: 4)
  public static let updatesFrequently = Self(rawValue: 8) }
public enum AccessibilityChildBehavior { case ignore, contain, combine }
public enum DynamicTypeSize: Comparable { case large, accessibility1 }
public enum ContentMode { case fit, fill }
public enum Axis { case horizontal, vertical }; public enum Visibility { case visible, hidden }
public enum TextAlignment { case center }
public enum Style { case bordered, borderedProminent, borderless, plain, segmented, menu, roundedBorder }
public enum ControlSize { case regular, large }; public enum SubmitLabel { case next, done }
public struct DatePickerComponents: OptionSet, Sendable { public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  public static let date = Self(rawValue: 1), hourAndMinute = Self(rawValue: 2) }
public enum ToolbarItemPlacement { case confirmationAction, cancellationAction }
public struct PeriodicSchedule { public static func periodic(from: Date, by: TimeInterval) -> Self { Self() } }
public struct Text: Leaf { public init<S: StringProtocol>(_ text: S) {}; public init(verbatim: String) {} }
public struct Image: Leaf { public init(systemName: String) {} }
public struct Spacer: Leaf { public init() {} }
public struct ProgressView: Leaf { public init<S: StringProtocol>(_ title: S) {} }
public struct Label: Leaf { public init<S: StringProtocol>(_ title: S, systemImage: String) {} }
public struct LabeledContent: Leaf { public init<S: StringProtocol, V: StringProtocol>(_ title: S, value: V) {} }
public struct Button: Leaf {
  public init<S: StringProtocol>(_ title: S, role: ButtonRole? = nil, action: @escaping @MainActor () -> Void) {}
  public init<V: View>(action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> V) {} }
public struct Toggle: Leaf { public init<S: StringProtocol>(_ title: S, isOn: Binding<Bool>) {} }
public struct TextField: Leaf { public init<S: StringProtocol>(_ title: S, text: Binding<String>, axis: Axis = .horizontal) {} }
public struct DatePicker: Leaf { public typealias Components = DatePickerComponents
  public init<S: StringProtocol>(_ title: S, selection: Binding<Date>, in range: ClosedRange<Date>, displayedComponents: Components) {}
  public init<S: StringProtocol>(_ title: S, selection: Binding<Date>, displayedComponents: Components) {} }
public struct Picker: Leaf { public init<S: StringProtocol, T: Hashable, V: View>(_ title: S, selection: Binding<T>, @ViewBuilder content: () -> V) {} }
public struct VStack: Leaf { public init<V: View>(alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> V) {} }
public struct HStack: Leaf { public init<V: View>(spacing: CGFloat? = nil, @ViewBuilder content: () -> V) {} }
public struct ZStack: Leaf { public init<V: View>(alignment: Alignment = .bottom, @ViewBuilder content: () -> V) {} }
public struct Grid: Leaf { public init<V: View>(horizontalSpacing: CGFloat? = nil, verticalSpacing: CGFloat? = nil, @ViewBuilder content: () -> V) {} }
public struct GridRow: Leaf { public init<V: View>(@ViewBuilder content: () -> V) {} }
public struct ScrollView: Leaf { public init<V: View>(@ViewBuilder content: () -> V) {} }
public struct Form: Leaf { public init<V: View>(@ViewBuilder content: () -> V) {} }
public struct List: Leaf { public init<V: View>(@ViewBuilder content: () -> V) {} }
public struct Section: Leaf {
  public init<V: View>(@ViewBuilder content: () -> V) {}
  public init<S: StringProtocol, V: View>(_ title: S, @ViewBuilder content: () -> V) {}
  public init<V: View, F: View>(@ViewBuilder content: () -> V, @ViewBuilder footer: () -> F) {}
  public init<V: View, H: View>(@ViewBuilder content: () -> V, @ViewBuilder header: () -> H) {}
  public init<V: View, H: View, F: View>(@ViewBuilder content: () -> V, @ViewBuilder header: () -> H, @ViewBuilder footer: () -> F) {} }
public struct DisclosureGroup: Leaf { public init<S: StringProtocol, V: View>(_ title: S, @ViewBuilder content: @escaping () -> V) {} }
public struct ForEach: Leaf {
  public init<C: RandomAccessCollection, I: Hashable, V: View>(_ data: C, id: KeyPath<C.Element, I>, @ViewBuilder content: @escaping (C.Element) -> V) {}
  public init<C: RandomAccessCollection, V: View>(_ data: C, @ViewBuilder content: @escaping (C.Element) -> V) where C.Element: Identifiable {}
  public init<E: Identifiable, V: View>(_ data: Binding<[E]>, @ViewBuilder content: @escaping (Binding<E>) -> V) {} }
public struct NavigationStack: Leaf { public init<V: View>(@ViewBuilder root: () -> V) {}
  public init<T: Hashable, V: View>(path: Binding<[T]>, @ViewBuilder root: () -> V) {} }
public struct Canvas: Leaf { public init(renderer: @escaping (inout GraphicsContext, CGSize) -> Void) {} }
public struct TimelineView: Leaf { public init<V: View>(_ schedule: PeriodicSchedule, @ViewBuilder content: @escaping (Anything) -> V) {} }
public struct SharePreview { public init<S: StringProtocol>(_ title: S) {} }
public struct ToolbarItem: Leaf { public init<V: View>(placement: ToolbarItemPlacement, @ViewBuilder content: () -> V) {} }
@MainActor @preconcurrency public protocol ViewModifier { associatedtype Body: View; typealias Content = Anything
  @ViewBuilder func body(content: Content) -> Body }
extension View {
  public func modifier<M: ViewModifier>(_ modifier: M) -> some View { self }
  public func font(_ font: Font?) -> some View { self }
  public func fontWeight(_ weight: Font.Weight?) -> some View { self }
  public func monospacedDigit() -> some View { self }
  public func textCase(_ none: Never?) -> some View { self }
  public func lineLimit(_ lines: Int?) -> some View { self }
  public func minimumScaleFactor(_ factor: CGFloat) -> some View { self }
  public func multilineTextAlignment(_ alignment: TextAlignment) -> some View { self }
  public func foregroundStyle<S: ShapeStyle>(_ style: S) -> some View { self }
  public func background<S: ShapeStyle>(_ style: S) -> some View { self }
  public func background<S: ShapeStyle, T: Shape>(_ style: S, in shape: T) -> some View { self }
  public func frame(width: CGFloat? = nil, height: CGFloat? = nil) -> some View { self }
  public func frame(maxWidth: CGFloat? = nil, minHeight: CGFloat? = nil, maxHeight: CGFloat? = nil, alignment: HorizontalAlignment = .center) -> some View { self }
  public func padding(_ edges: Edge.Set = .all, _ length: CGFloat? = nil) -> some View { self }
  public func aspectRatio(_ ratio: CGFloat?, contentMode: ContentMode) -> some View { self }
  public func ignoresSafeArea() -> some View { self }
  public func buttonStyle(_ style: Style) -> some View { self }
  public func pickerStyle(_ style: Style) -> some View { self }
  public func textFieldStyle(_ style: Style) -> some View { self }
  public func controlSize(_ size: ControlSize) -> some View { self }
  public func disabled(_ disabled: Bool) -> some View { self }
  public func dynamicTypeSize(_ sizes: PartialRangeThrough<DynamicTypeSize>) -> some View { self }
  public func tag<T: Hashable>(_ tag: T) -> some View { self }
  public func focused<T: Hashable>(_ focus: Binding<T?>, equals value: T) -> some View { self }
  public func submitLabel(_ label: SubmitLabel) -> some View { self }
  public func autocorrectionDisabled() -> some View { self }
  public func onTapGesture(perform: @escaping @MainActor () -> Void) -> some View { self }
  public func onDisappear(perform: @escaping @MainActor () -> Void) -> some View { self }
  public func onChange<T: Equatable>(of value: T, _ action: @escaping @MainActor (T, T) -> Void) -> some View { self }
  public func task(_ action: @escaping @Sendable @MainActor () async -> Void) -> some View { self }
  public func task<T: Equatable>(id: T, _ action: @escaping @Sendable @MainActor () async -> Void) -> some View { self }
  public func refreshable(action: @escaping @Sendable @MainActor () async -> Void) -> some View { self }
  public func environment<T>(_ path: WritableKeyPath<EnvironmentValues, T>, _ value: T) -> some View { self }
  public func environment<T: AnyObject & Observable>(_ object: T?) -> some View { self }
  public func overlay<V: View>(@ViewBuilder content: () -> V) -> some View { self }
  public func navigationTitle<S: StringProtocol>(_ title: S) -> some View { self }
  public func navigationDestination<T: Hashable, V: View>(for type: T.Type, @ViewBuilder destination: @escaping (T) -> V) -> some View { self }
  public func toolbar<V: View>(@ViewBuilder content: () -> V) -> some View { self }
  public func interactiveDismissDisabled(_ disabled: Bool) -> some View { self }
  public func sheet<V: View>(isPresented: Binding<Bool>, @ViewBuilder content: @escaping () -> V) -> some View { self }
  public func fullScreenCover<T: Identifiable, V: View>(item: Binding<T?>, @ViewBuilder content: @escaping (T) -> V) -> some View { self }
  public func confirmationDialog<S: StringProtocol, V: View>(_ title: S, isPresented: Binding<Bool>, titleVisibility: Visibility, @ViewBuilder actions: () -> V) -> some View { self }
  public func confirmationDialog<S: StringProtocol, V: View, M: View>(_ title: S, isPresented: Binding<Bool>, titleVisibility: Visibility, @ViewBuilder actions: () -> V, @ViewBuilder message: () -> M) -> some View { self }
  public func accessibilityElement(children: AccessibilityChildBehavior = .ignore) -> some View { self }
  public func accessibilityLabel<S: StringProtocol>(_ label: S) -> some View { self }
  public func accessibilityValue<S: StringProtocol>(_ value: S) -> some View { self }
  public func accessibilityHint<S: StringProtocol>(_ hint: S) -> some View { self }
  public func accessibilityHidden(_ hidden: Bool) -> some View { self }
  public func accessibilityAddTraits(_ traits: AccessibilityTraits) -> some View { self }
}
@MainActor @preconcurrency public protocol App { associatedtype Body: Scene; init(); @SceneBuilder var body: Body { get } }
extension App { public static func main() {} }
@MainActor public protocol Scene {}
@resultBuilder public enum SceneBuilder { public static func buildBlock<S: Scene>(_ scene: S) -> S { scene } }
public struct WindowGroup: Scene { public init<V: View>(@ViewBuilder content: () -> V) {} }
