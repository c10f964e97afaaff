#!/usr/bin/env bash
# Faults put in on purpose: lost answers, full disks, killed processes, moved clocks. The closing line counts them.
source "$(dirname "$0")/lib.sh"

step build cargo test -p healthcode-faults --no-run || finish
step test cargo test -p healthcode-faults --no-fail-fast -- --nocapture || true
finish
