#!/usr/bin/env bash
# Builds the library for Android: stripped into the Kotlin package, unstripped copies beside it for reading crashes.
# Run so far with cargo-ndk and a linker, but with a stand-in for the NDK's compiler: never with an NDK, nor on a phone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo_ndk=4.1.2
# Android 6: the oldest version that we serve.
platform=23
abis=(arm64-v8a armeabi-v7a x86_64)
triples=(aarch64-linux-android armv7-linux-androideabi x86_64-linux-android)
library=libhealthcode_ffi.so
jni=bindings/kotlin/src/main/jniLibs
symbols=${CARGO_TARGET_DIR:-target}/symbols/android

# As in the tests, 3 says that something is missing.
missing() { printf 'bindings/android.sh: %s\n' "$*" >&2 && exit 3; }

# aligned FILE: every segment that is loaded begins on a boundary that also pages of 16 KB have.
aligned() {
  local alignment count=0
  for alignment in $("$tools/llvm-readelf" --program-headers --wide "$1" | awk '$1 == "LOAD" { print $NF }'); do
    count=$((count + 1))
    if [ $((alignment)) -lt 16384 ]; then
      printf 'bindings/android.sh: %s: a segment is aligned to %d bytes, not to 16384\n' "$1" $((alignment)) >&2
      return 1
    fi
  done
  [ "$count" -gt 0 ] || { printf 'bindings/android.sh: %s has no segments to load\n' "$1" >&2 && return 1; }
}

ndk=${ANDROID_NDK_HOME:-${ANDROID_NDK_ROOT:-}}
[ -d "$ndk" ] || missing "no NDK: set ANDROID_NDK_HOME to its folder (r27 or later)"
export ANDROID_NDK_HOME=$ndk
tools=$(find "$ndk/toolchains/llvm/prebuilt" -mindepth 2 -maxdepth 2 -name bin | head -n 1)
[ -x "$tools/llvm-strip" ] || missing "no llvm-strip under $ndk/toolchains/llvm/prebuilt"
[[ "$(cargo ndk --version 2>/dev/null)" == *" $cargo_ndk"* ]] ||
  missing "no cargo-ndk $cargo_ndk: cargo install --locked --version =$cargo_ndk cargo-ndk"
for triple in "${triples[@]}"; do
  [ -d "$(rustc --print target-libdir --target "$triple")" ] || missing "no target $triple: rustup target add $triple"
done

rm -rf "$symbols" "$jni"
mkdir -p "$symbols"
# The flags for the linker are in .cargo/config.toml.
cargo ndk "${abis[@]/#/--target=}" --platform "$platform" --output-dir "$symbols" \
  build --locked -p healthcode-ffi --profile phone

for abi in "${abis[@]}"; do
  mkdir -p "$jni/$abi"
  "$tools/llvm-strip" --strip-unneeded -o "$jni/$abi/$library" "$symbols/$abi/$library"
  aligned "$jni/$abi/$library"
  printf '%9d  %s\n' "$(wc -c <"$jni/$abi/$library")" "$jni/$abi/$library"
done
printf 'with symbols: %s\n' "$symbols"
