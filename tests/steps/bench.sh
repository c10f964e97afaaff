#!/usr/bin/env bash
# What calls across the border cost. It fails when a bench does not run, never because it is slow.
source "$(dirname "$0")/lib.sh"

for language in kotlin swift; do
  printf -- '-- %s\n' "$language"
  "tests/steps/bench-$language.sh" || failed=$((failed + 1))
done
finish
