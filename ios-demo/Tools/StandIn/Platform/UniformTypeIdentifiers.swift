// What the app uses of UniformTypeIdentifiers. See SwiftUI.swift.

public struct UTType: Sendable { public static let json = UTType() }
