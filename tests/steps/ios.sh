#!/usr/bin/env bash
# The iOS demo on Linux: its models under a real Swift toolchain against the real library and the server's process, then
# with the thread sanitizer; and what can be said of its views, its project, its texts without a Mac (ios-views.sh).
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/swift-root.sh"

home=ios-demo/DemoKit
scratch=$target/ios

kit_style() { within swift format lint --strict --recursive Package.swift Sources Tests; }

# Whatever a person types or scans ends in words: nothing in the app may trap.
no_traps() {
  local files
  mapfile -t files < <(
    git ls-files --cached --others --exclude-standard -- 'ios-demo/*.swift' ':!ios-demo/DemoKit/Tests' ':!ios-demo/Tools'
  )
  [ "${#files[@]}" -gt 40 ] || { echo "only ${#files[@]} files" && return 1; }
  ! grep -nE '\btry!|\bas!|[A-Za-z0-9_)>\]]!([^=]|$)|fatalError|precondition|assertionFailure|unowned' "${files[@]}"
}

program() { printf '%s\n' "$scratch/debug/DemoKitPackageTests.xctest"; }

# SwiftPM does not link anew when only the library has changed.
kit_compile() {
  # SwiftPM does not always see that the package below has changed, and links what no longer fits together.
  local of=$scratch/package.sum now
  now=$(find bindings/swift/Sources bindings/swift/generated -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum) || return 1
  if [ "$(cat "$of" 2>/dev/null)" != "$now" ]; then rm -rf "$scratch"; fi
  mkdir -p "$scratch" && printf '%s\n' "$now" >"$of" && rm -rf "$(program)" && package build --build-tests -Xswiftc -warnings-as-errors "$@"
}

# The test program itself, so that what it prints is seen while it runs.
kit_tests() { within timeout 600 "$(program)" 2>&1 | counted 59; }

# The same tests with the thread sanitizer in DemoKit, the binding and the tests, on Linux alone. It does not look into the
# Rust library and the system's, and nothing of SwiftUI is there. Its first report ends the program.
kit_threads() {
  local scratch=$scratch-thread
  kit_compile --sanitize=thread && grep -q __tsan_init "$(program)" &&
    within env TSAN_OPTIONS=halt_on_error=1 timeout 900 "$(program)" 2>&1 | counted 48
}

# shellcheck source=ios-views.sh
source "$(dirname "$0")/ios-views.sh"

step traps no_traps || true
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  note "the tests' Swift is Debian's for x86_64 Linux; on a Mac open ios-demo/HealthCode.xcodeproj"
  finish
fi
if need_swift && step build build_border; then
  step style kit_style || true
  if step compile kit_compile; then
    step tests kit_tests || true
    step threads kit_threads || true
  fi
  views
fi
finish
