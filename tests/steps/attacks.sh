#!/usr/bin/env bash
# Attacks, each a test with its exact verdict, and witnesses from outside. The closing line counts them.
source "$(dirname "$0")/lib.sh"

# OpenSSL is the hardware of a phone, zbar the camera of a gate.
need_system openssl openssl || finish
need_system zbarimg zbar-tools || finish

step build cargo test -p healthcode-attacks --no-run || finish
step test cargo test -p healthcode-attacks --no-fail-fast -- --nocapture || true
if need_python tests/witness/requirements.txt && step tool cargo build -p healthcode-attacks; then
  step interop "$python" tests/attacks/interop.py "$target/debug/attacks" || true
fi
# How many of each kind, on a line of its own; the same kind may come in several places. And all tests there are.
log=$logs/$part-test.log
note "$(grep -oE '^(\.|test [a-z_0-9]+ \.\.\. )?[a-z-]+: [0-9]+$' "$log" | sed -E 's/^(\.|test .* )//' |
  awk '{ count[$1] += $2 } END { for (kind in count) print kind, count[kind] }' | sort | paste -sd, - | sed 's/,/, /g')"
note "$(sed -nE 's/^test result: .* ([0-9]+) passed; ([0-9]+) failed.*/\1 \2/p' "$log" |
  awk '{ passed += $1; failed += $2 } END { print passed " tests passed, " failed " failed" }'), $(
  sed -nE 's/^Ran ([0-9]+) tests.*/\1/p' "$logs/$part-interop.log" 2>/dev/null) with Python"
finish
