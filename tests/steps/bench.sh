#!/usr/bin/env bash
# What the phone's file, its exchange and calls across the border cost. It fails when a bench does not run, never
# because it is slow.
source "$(dirname "$0")/lib.sh"

printf -- '-- core\n'
if step core cargo bench -q -p healthcode-faults --bench phone; then
  grep -v '^ *Running' "$logs/$part-core.log" | sed 's/^/  /'
fi
for language in kotlin swift; do
  printf -- '-- %s\n' "$language"
  "tests/steps/bench-$language.sh" || failed=$((failed + 1))
done
finish
