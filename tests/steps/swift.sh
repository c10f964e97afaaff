#!/usr/bin/env bash
# The Swift package on Linux: its tests against the server's process, its style, its documentation. What is behind
# `#if canImport(…)` of an Apple module is only parsed here; ios-views.sh compiles it against stand-ins. With the word
# `bench` it measures calls and asserts nothing.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/swift-root.sh"

what=${1:-test}
home=bindings/swift
scratch=$target/swift
surroundings=(HEALTHCODE_CRASH=1)

# SwiftPM reads nothing outside the package's folder.
swift_crash_side() {
  crash_side swift && rm -rf "$home/generated-crash" &&
    cp -r "$target/crash/swift" "$home/generated-crash"
}

style() { within swift format lint --strict --recursive Package.swift Sources Tests Bench; }

compile() { mkdir -p "$scratch" && package build --build-tests -Xswiftc -warnings-as-errors; }

# The test program itself, so that what it prints is seen while it runs; and alone what measures the process's memory.
program=$scratch/debug/HealthcodePackageTests.xctest
tests() { within timeout 600 "$program" 2>&1 | counted 50; }
leaks() { within env HEALTHCODE_LEAKS=1 timeout 600 "$program" HealthcodeTests.LeakTests 2>&1 | counted 7; }

documentation() {
  local graph=$scratch/documentation/graph
  rm -rf "$scratch/documentation" && mkdir -p "$graph" || return 1
  package package dump-symbol-graph --minimum-access-level public --skip-synthesized-members || return 1
  cp "$scratch"/x86_64-*/symbolgraph/Healthcode{,@HealthcodeNative}.symbols.json \
    "$scratch"/x86_64-*/symbolgraph/HealthcodeNative.symbols.json "$graph" || return 1
  within /usr/libexec/swift/bin/docc convert Sources/Healthcode/Healthcode.docc \
    --additional-symbol-graph-dir "$graph" --fallback-display-name Healthcode \
    --fallback-bundle-identifier dev.healthcode --output-path "$scratch/documentation/out" --warnings-as-errors || return 1
  # Everything public in the hand-written layer says what it is.
  python3 - "$graph/Healthcode.symbols.json" <<'PYTHON'
import json, sys
symbols = json.load(open(sys.argv[1], encoding="utf-8"))["symbols"]
silent = [".".join(symbol["pathComponents"]) for symbol in symbols if "docComment" not in symbol]
print(len(symbols), "public symbols; without a word:", silent)
sys.exit(bool(silent) or len(symbols) < 50)
PYTHON
}

bench() {
  # Copies, since tests/run size puts a library without HTTP into the same place.
  libraries=$target/swift/phone
  cargo build --profile phone -p healthcode-ffi -p healthcode-crash && mkdir -p "$libraries" &&
    cp "$target/phone/libhealthcode_ffi.so" "$target/phone/libhealthcode_crash.so" "$libraries" || return 1
  package build -c release --product healthcode-bench && within "$scratch/release/healthcode-bench"
}

if [ "$(uname -sm)" != "Linux x86_64" ]; then
  note "the tests' Swift is Debian's for x86_64 Linux; here run: swift test, as bindings/README.md says"
  finish
fi
if need_swift && step build build_border && step crash-side swift_crash_side; then
  if [ "$what" = bench ]; then
    if step bench bench; then grep -E " us | ms " "$logs/swift-bench.log" | sed "s/^/  /"; fi
    finish
  fi
  step style style || true
  if step compile compile; then
    step tests tests || true
    step leaks leaks || true
    step documentation documentation || true
  fi
fi
finish
