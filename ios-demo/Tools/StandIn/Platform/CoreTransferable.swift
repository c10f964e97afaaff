// swift-format-ignore-file
// What the app uses of CoreTransferable, and of SwiftUI where it meets it. See SwiftUI.swift.
import SwiftUI
import UniformTypeIdentifiers

public protocol TransferRepresentation: Sendable { associatedtype Item: Transferable }
public protocol Transferable { associatedtype Representation: TransferRepresentation; static var transferRepresentation: Representation { get } }
public struct DataRepresentation<Item: Transferable>: TransferRepresentation {
  public init(exportedContentType: UTType, exporting: @escaping @Sendable (Item) async throws -> Data) {} }
extension TransferRepresentation {
  public func suggestedFileName(_ name: @escaping @Sendable (Item) -> String?) -> some TransferRepresentation { self } }
extension String: Transferable { public static var transferRepresentation: DataRepresentation<String> { fatalError() } }
public struct ShareLink: Leaf {
  public init<T: Transferable, V: View>(item: T, preview: SharePreview, @ViewBuilder label: () -> V) {}
  public init<V: View>(item: String, @ViewBuilder label: () -> V) {} }
