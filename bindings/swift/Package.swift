// swift-tools-version: 6.0
import PackageDescription

// On Apple's platforms the library comes as an XCFramework (bindings/apple.sh makes it), elsewhere as the host's own:
// the tests say where it lies.
#if canImport(Darwin)
  let library = Target.binaryTarget(name: "HealthcodeFFI", path: "HealthcodeFFI.xcframework")
#else
  let library = Target.systemLibrary(name: "HealthcodeFFI", path: "generated/HealthcodeFFI")
#endif

let package = Package(
  name: "Healthcode",
  defaultLocalization: "en",
  platforms: [.iOS(.v15), .macOS(.v12)],
  products: [
    .library(name: "Healthcode", targets: ["Healthcode"])
  ],
  targets: [
    library,
    .target(
      name: "HealthcodeNative",
      dependencies: ["HealthcodeFFI"],
      path: "generated/HealthcodeNative",
      linkerSettings: [.linkedLibrary("healthcode_ffi", .when(platforms: [.linux]))]
    ),
    .target(
      name: "Healthcode",
      dependencies: ["HealthcodeNative"],
      resources: [.copy("PrivacyInfo.xcprivacy")]
    ),
    .target(name: "TestSupport", dependencies: ["Healthcode"], path: "Tests/TestSupport"),
    .testTarget(name: "HealthcodeTests", dependencies: ["Healthcode", "HealthcodeNative", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)

// The library that panics on purpose, for the tests and the benches of this project alone: tests/steps/swift.sh
// generates its side here.
if Context.environment["HEALTHCODE_CRASH"] != nil {
  package.targets += [
    .systemLibrary(name: "HealthcodeCrashFFI", path: "generated-crash/HealthcodeCrashFFI"),
    .target(
      name: "HealthcodeCrash",
      dependencies: ["HealthcodeCrashFFI"],
      path: "generated-crash/HealthcodeCrash",
      linkerSettings: [.linkedLibrary("healthcode_crash")]
    ),
    .testTarget(name: "CrashTests", dependencies: ["Healthcode", "HealthcodeCrash", "TestSupport"]),
    .executableTarget(
      name: "healthcode-bench",
      dependencies: ["Healthcode", "HealthcodeNative", "HealthcodeCrash", "TestSupport"],
      path: "Bench"
    ),
  ]
}

// The demo app's tests play with the same server and clocks.
if Context.environment["HEALTHCODE_BINARY"] != nil {
  package.products.append(.library(name: "TestSupport", targets: ["TestSupport"]))
}
