#!/usr/bin/env bash
# The phone's library type-checks for Android and iOS, with all features, without an NDK or a Mac. This shows that our
# Rust and its dependencies compile for these targets: that every name that they use is there, that numbers fit where
# words have 32 bits. It shows nothing of the C within (SQLite, ring: tests/cross/cc stands in for the compiler), nothing
# of linking, and not that what compiles also works: a function of the standard library may be there and only fail.
source "$(dirname "$0")/lib.sh"

# The simulator is left out where its standard library cannot be had: to our Rust it is the device.
targets=(aarch64-linux-android armv7-linux-androideabi x86_64-linux-android aarch64-apple-ios)
optional=(aarch64-apple-ios-sim)

# get_target TRIPLE: the standard library for a target, if it can be had.
get_target() {
  [ -d "$(rustc --print target-libdir --target "$1")" ] || rustup target add "$1" >"$logs/install-$1.log" 2>&1
}

# The two variables of the SDK and the deployment target are what a build script would ask Xcode for.
check() {
  TARGET_CC=$PWD/tests/cross/cc TARGET_AR=$PWD/tests/cross/cc SDKROOT=$PWD/tests/cross IPHONEOS_DEPLOYMENT_TARGET=15.0 \
    cargo check --locked -p healthcode-ffi --target "$1"
}

for name in "${targets[@]}"; do
  if get_target "$name" || lacks "$name" "rustup target add $name"; then
    step "${name/-linux-/-}" check "$name" || true
  fi
done
for name in "${optional[@]}"; do
  if get_target "$name"; then
    step "${name/-linux-/-}" check "$name" || true
  else
    note "$name cannot be had by rustup here: left out"
  fi
done
finish
