#!/usr/bin/env bash
# How large the phone's library is, with the core's own HTTP client and without, and what its dependencies alone would
# be: no more than 2 % from what bindings/size.json records. x86_64 Linux stands for the phones. With the word `record`
# it writes the record anew.
source "$(dirname "$0")/lib.sh"

what=${1:-check}
sets=("http,png" png)
stripped=$target/size

# Both in one build, so that both are made of the same dependencies.
build() {
  cargo build --locked -p healthcode-ffi -p healthcode-bare --no-default-features --features "$1" --profile phone
}

# The symbols stay in what was built, for reading crashes; no phone gets them.
measure() {
  local name=${1/,/-} crate
  mkdir -p "$stripped" || return 1
  for crate in ffi bare; do
    strip --strip-unneeded -o "$stripped/$name-$crate.so" "$target/phone/libhealthcode_$crate.so" || return 1
  done
  python3 bindings/size.py "$what" "$1" "$stripped/$name-ffi.so" "$stripped/$name-bare.so"
}

if [ "$(rustc --print host-tuple)" != x86_64-unknown-linux-gnu ]; then
  note "sizes are recorded for x86_64 Linux: nothing to compare with here"
  finish
fi
if need_system strip binutils && need_system python3 python3; then
  for set in "${sets[@]}"; do
    if step "build-$set" build "$set" && step "$set" measure "$set"; then note "$(cat "$logs/size-$set.log")"; fi
  done
fi
finish
