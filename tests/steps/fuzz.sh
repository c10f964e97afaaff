#!/usr/bin/env bash
# libFuzzer on every format, one after the other. A finding fails the step and stays in target/fuzz/findings; its bytes
# belong into tests/fuzz/findings, from where `tests/run attacks` replays them.
source "$(dirname "$0")/lib.sh"

seconds=${HEALTHCODE_FUZZ_SECONDS:-600}
read -ra targets <<<"${HEALTHCODE_FUZZ_TARGETS:-$(sed -n 's/^name = "\([a-z_]*\)"$/\1/p' tests/fuzz/Cargo.toml | paste -sd' ')}"
folder=$target/fuzz

# Coverage is an unstable flag of a stable compiler. Without sanitizers: neither the core nor its decoders have `unsafe`.
build() {
  RUSTC_BOOTSTRAP=1 "$tool" build --fuzz-dir tests/fuzz --target-dir "$folder/build" -s none
}

# At most so much time, memory and length for one input; cargo-fuzz would build again for each target.
run_target() {
  mkdir -p "$folder/findings/$1"
  nice "$(find "$folder/build" -path "*/release/$1" -type f)" "$folder/corpus/$1" \
    -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -malloc_limit_mb=64 -max_len=4096 \
    -print_final_stats=1 -artifact_prefix="$folder/findings/$1/"
}

need_system c++ g++ || finish
need_crate cargo-fuzz 0.13.2 || finish
step seeds cargo run -q -p healthcode-attacks -- seeds "$folder/corpus" || finish
step build build || finish
for name in "${targets[@]}"; do
  step "$name" run_target "$name" || true
  note "$(sed -nE 's/^stat::number_of_executed_units: +//p' "$logs/$part-$name.log") executions"
done
finish
