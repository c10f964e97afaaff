#!/usr/bin/env bash
# What the phone's file, its exchange, a gate, a match and calls across the border cost. It fails when a bench does not
# run, never because it is slow. Arguments name some of them.
source "$(dirname "$0")/lib.sh"

benches=(core gate match kotlin swift)
for name in "$@"; do
  if [[ " ${benches[*]} " != *" $name "* ]]; then
    printf 'no such bench: %s; there are %s\n' "$name" "${benches[*]}" >&2
    exit 2
  fi
done
[ $# -eq 0 ] || benches=("$@")

bench() {
  if step "$@"; then grep -v '^ *Running' "$logs/$part-$1.log" | sed 's/^/  /'; fi
}

for name in "${benches[@]}"; do
  printf -- '-- %s\n' "$name"
  case $name in
    core) bench core cargo bench -q -p healthcode-faults --bench phone ;;
    gate) bench gate cargo bench -q -p healthcode-attacks --features aws-lc --bench gate ;;
    match) bench match cargo bench -q -p healthcode-faults --bench matching ;;
    *) "tests/steps/bench-$name.sh" || failed=$((failed + 1)) ;;
  esac
done
finish
