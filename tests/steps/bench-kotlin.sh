#!/usr/bin/env bash
# What the border to Kotlin costs: calls as ratios to an empty one, and a cold start. It prints and asserts nothing
# about time; run by name, on a machine that does nothing else.
source "$(dirname "$0")/lib.sh"

home=bindings/kotlin
# Maven reads paths from its own folder.
target=$(realpath -m "$target")
out=$target/kotlin
# Copies: another part builds the same library with other features in the same place.
libraries=$out/phone

# The libraries as phones have them; the server beside them is not measured.
build() {
  cargo build --profile phone -p healthcode-ffi -p healthcode-crash && mkdir -p "$libraries" &&
    cp "$target"/phone/libhealthcode_{ffi,crash}.so "$libraries" && cargo build -p healthcode-cli &&
    crash_side kotlin &&
    mvn -q -B -f "$home/pom.xml" "-Dout=$out" "-Dcrash=$target/crash/kotlin" -DskipTests package
}

bench() {
  java "-Djna.library.path=$libraries" "-Dhealthcode.binary=$target/debug/healthcode" \
    -cp "$out/classes:$out/test-classes:$out/libraries/*" dev.healthcode.Bench
}

if need_system java default-jdk-headless && need_system mvn maven && step build build && step bench bench; then
  sed 's/^/  /' "$logs/$part-bench.log"
fi
finish
