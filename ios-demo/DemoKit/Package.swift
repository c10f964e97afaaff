// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "DemoKit",
  defaultLocalization: "en",
  platforms: [.iOS(.v17), .macOS(.v14)],
  products: [
    .library(name: "DemoKit", targets: ["DemoKit"])
  ],
  dependencies: [
    .package(path: "../../bindings/swift")
  ],
  targets: [
    .target(name: "DemoKit", dependencies: [.product(name: "Healthcode", package: "swift")])
  ],
  swiftLanguageModes: [.v6]
)

// The tests start the reference server: without the path of its program, as in Xcode, there are none.
if Context.environment["HEALTHCODE_BINARY"] != nil {
  package.targets.append(
    .testTarget(
      name: "DemoKitTests",
      dependencies: ["DemoKit", .product(name: "TestSupport", package: "swift")]
    )
  )
}
