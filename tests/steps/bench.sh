#!/usr/bin/env bash
# What the phone's file, its exchange, a gate and calls across the border cost. It fails when a bench does not run, never
# because it is slow.
source "$(dirname "$0")/lib.sh"

printf -- '-- core\n'
if step core cargo bench -q -p healthcode-faults --bench phone; then
  grep -v '^ *Running' "$logs/$part-core.log" | sed 's/^/  /'
fi
printf -- '-- gate\n'
if step gate cargo bench -q -p healthcode-attacks --features aws-lc --bench gate; then
  grep -v '^ *Running' "$logs/$part-gate.log" | sed 's/^/  /'
fi
for language in kotlin swift; do
  printf -- '-- %s\n' "$language"
  "tests/steps/bench-$language.sh" || failed=$((failed + 1))
done
finish
