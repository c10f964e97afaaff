#!/usr/bin/env bash
# The committed bindings are what the generator writes now.
source "$(dirname "$0")/lib.sh"

same() {
  diff -r "bindings/$1/generated" "target/drift/$1" ||
    { echo "bindings/$1/generated is not what the library describes: cargo run -p healthcode-bindgen" && return 1; }
}

step generator cargo test -q -p healthcode-bindgen || true
rm -rf target/drift
if step generate cargo run -p healthcode-bindgen -- --out target/drift; then
  step kotlin same kotlin || true
  step swift same swift || true
fi
finish
