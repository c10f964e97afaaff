#!/usr/bin/env bash
# Faults put in on purpose: lost answers, full disks, killed processes, moved clocks. The closing line counts them.
source "$(dirname "$0")/lib.sh"

story=$target/faults/story

tell_story() {
  rm -rf "$story" && mkdir -p "$(dirname "$story")" && cargo build -q -p healthcode-cli &&
    "$target/debug/healthcode" story --keep "$story"
}

# Stock SQLite looks at the phone's file; disks are made small and read-only in a namespace.
need_system sqlite3 sqlite3 || finish
need_system bwrap bubblewrap || finish

step build cargo test -p healthcode-faults --no-run || finish
if need_python tests/witness/requirements.txt && step story tell_story; then
  step proof "$python" tests/witness/proof.py "$story" || true
fi
step test cargo test -p healthcode-faults --no-fail-fast -- --nocapture || true
finish
