#!/usr/bin/env bash
# Faults put in on purpose: lost answers, full disks, killed processes, moved clocks. The closing line counts them.
source "$(dirname "$0")/lib.sh"

story=$target/faults/story

tell_story() {
  rm -rf "$story" && mkdir -p "$(dirname "$story")" && cargo build -q -p healthcode-cli &&
    "$target/debug/healthcode" story --keep "$story"
}

# What failed, wherever in the log it stands: the last lines are of the tests that ran last. A broken promise comes with
# the least history that breaks it and its seed, which no other machine would find again.
tell_failures() {
  {
    awk '/^a promise is broken: / { told = 1 } told; /^end of the history$/ { told = 0 }' "$1"
    grep -A 3 -E "^thread '.+ panicked at " "$1" | head -n 80 || true
  } | cut -c 1-1000 | sed 's/^/  ! /'
}

# Stock SQLite looks at the phone's file; disks are made small and read-only in a namespace.
need_system sqlite3 sqlite3 || finish
need_system bwrap bubblewrap || finish

step build cargo test -p healthcode-faults --no-run || finish
if need_python tests/witness/requirements.txt && step story tell_story; then
  step proof "$python" tests/witness/proof.py "$story" || true
fi
# The server's process, for those that kill it.
step server cargo build -p healthcode-cli || finish
# Several people on one phone: for a minute where a whole run is asked for, for a second where somebody waits.
! in_ci || export HEALTHCODE_SECONDS="${HEALTHCODE_SECONDS:-60}"
step test cargo test -p healthcode-faults --no-fail-fast -- --nocapture || tell_failures "$logs/$part-test.log"
# Each kind of fault says how often it was put in, on a line of its own; the same kind may come in several places.
note "$(grep -oE '^(\.|test [a-z_]+ \.\.\. )?[a-z-]+: [0-9]+$' "$logs/$part-test.log" | sed -E 's/^(\.|test .* )//' |
  awk '{ count[$1] += $2 } END { for (kind in count) print kind, count[kind] }' | sort | paste -sd, - | sed 's/,/, /g')"
finish
