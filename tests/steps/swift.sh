#!/usr/bin/env bash
# The Swift package on Linux: its tests against the server's process, its style, its documentation. What is behind
# `#if canImport(Darwin)` is only parsed here. With the word `bench` it measures calls and asserts nothing.
source "$(dirname "$0")/lib.sh"

what=${1:-test}
home=bindings/swift
target=$(realpath -m "$target")
scratch=$target/swift
# Where the libraries lie: those of the tests, or, for the bench, those that a phone gets.
libraries=$target/debug
# Debian's own, in a root of its own: no package of an older release replaces it, and nothing is left on the host.
version=6.0.3-2
root=$cache/swift-$version
packages=swiftlang=$version,libc6-dev,libstdc++-14-dev

# need_swift: that root, made once. Debian 13 has it; on macOS the package builds with Xcode's own Swift.
need_swift() {
  { need_system bwrap bubblewrap && need_system python3 python3; } || return 1
  if ! bwrap --ro-bind / / --unshare-net --unshare-pid true 2>/dev/null; then
    lacks "user namespaces" "bubblewrap may not make any here: allow them, or run as root" || return 1
  fi
  if [ -f "$root/complete" ]; then return 0; fi
  need_system mmdebstrap mmdebstrap || return 1
  note "making a root with Swift $version: this takes a minute and 2.6 GB, once"
  rm -rf "$root" "$root.part"
  if mmdebstrap --variant=minbase --include="$packages" --aptopt='APT::Install-Recommends "false"' \
    --keyring=/usr/share/keyrings trixie "$root.part" http://deb.debian.org/debian >"$logs/install-swift.log" 2>&1; then
    mv "$root.part" "$root" && touch "$root/complete" && return 0
  fi
  lacks "swift $version" "mmdebstrap could not make its root: $logs/install-swift.log says why"
}

# within CMD…: runs it in that root, with the same paths, no network but loopback, and nothing left when it ends.
within() {
  bwrap --tmpfs / --ro-bind "$root/usr" /usr --ro-bind "$root/etc" /etc --symlink usr/bin /bin --symlink usr/lib /lib \
    --symlink usr/lib64 /lib64 --dev /dev --proc /proc --tmpfs /tmp --tmpfs /run --tmpfs /var/tmp \
    --bind "$PWD" "$PWD" --bind "$target" "$target" --unshare-net --unshare-pid --die-with-parent --clearenv \
    --setenv PATH /usr/bin:/bin --setenv HOME /tmp --setenv LANG C.UTF-8 --setenv HEALTHCODE_CRASH 1 \
    --setenv HEALTHCODE_BINARY "$target/debug/healthcode" --setenv HEALTHCODE_OWN_VECTORS "$PWD/tests/vectors" \
    --chdir "$PWD/$home" "$@"
}

package() {
  local verb=$1
  shift
  within swift "$verb" --disable-sandbox --scratch-path "$scratch" -Xlinker "-L$libraries" \
    -Xlinker "-rpath=$libraries" "$@"
}

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

# A class that is not found any more runs nothing and fails nothing.
counted() {
  awk -v least="$1" '{ print } /Executed [0-9]+ tests/ { sub(/.*Executed /, ""); ran = $1 + 0 }
    END { if (ran < least) { print "only " ran + 0 " tests ran"; exit 1 } }'
}

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
