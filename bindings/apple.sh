#!/usr/bin/env bash
# Builds the library for iOS, its simulator and macOS as one XCFramework, and its zip with the checksum that a Swift
# package names. Written from the documentation of Xcode and SwiftPM; not run yet on a Mac. To be seen there: whether the
# module map at the root of the headers stands beside that of another static framework in one app.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export IPHONEOS_DEPLOYMENT_TARGET=15.0 MACOSX_DEPLOYMENT_TARGET=12.0

device=aarch64-apple-ios
simulator=(aarch64-apple-ios-sim x86_64-apple-ios)
mac=(aarch64-apple-darwin x86_64-apple-darwin)
target=${CARGO_TARGET_DIR:-target}
library=libhealthcode_ffi.a
work=$target/apple
framework=bindings/swift/HealthcodeFFI.xcframework

# As in the tests, 3 says that something is missing.
missing() { printf 'bindings/apple.sh: %s\n' "$*" >&2 && exit 3; }

# The static library alone: the app's linker takes from it what the app uses.
build() {
  cargo rustc --locked -p healthcode-ffi --lib --crate-type staticlib --profile phone --target "$1"
}

# fat NAME TRIPLE…: one library for several processors.
fat() {
  local name=$1 triple parts=()
  shift
  for triple in "$@"; do parts+=("$target/$triple/phone/$library"); done
  mkdir -p "$work/$name"
  lipo -create "${parts[@]}" -output "$work/$name/$library"
}

for tool in xcodebuild lipo swift zip; do
  command -v "$tool" >/dev/null || missing "no $tool: this needs a Mac with Xcode"
done
for triple in "$device" "${simulator[@]}" "${mac[@]}"; do
  [ -d "$(rustc --print target-libdir --target "$triple")" ] || missing "no target $triple: rustup target add $triple"
done

for triple in "$device" "${simulator[@]}" "${mac[@]}"; do build "$triple"; done

rm -rf "$work" "$framework" "$framework.zip"
fat simulator "${simulator[@]}"
fat mac "${mac[@]}"

# Clang finds a module by this file name only.
mkdir -p "$work/headers"
cp bindings/swift/generated/HealthcodeFFI/HealthcodeFFI.h "$work/headers/"
cp bindings/swift/generated/HealthcodeFFI/module.modulemap "$work/headers/module.modulemap"

xcodebuild -create-xcframework \
  -library "$target/$device/phone/$library" -headers "$work/headers" \
  -library "$work/simulator/$library" -headers "$work/headers" \
  -library "$work/mac/$library" -headers "$work/headers" \
  -output "$framework"

# Without attributes of this machine, such as the ids of users.
(cd "$(dirname "$framework")" && zip -qrX "$(basename "$framework").zip" "$(basename "$framework")")
printf '%s\nchecksum: %s\n' "$framework.zip" "$(swift package compute-checksum "$framework.zip")"
