#!/usr/bin/env bash
# Tests, documentation, and the core as the server shares it: without SQLite, HTTP and the border. Needs only Rust.
source "$(dirname "$0")/lib.sh"

# The rooms that the server shares bring nothing of the phone with them.
pure() {
  local tree
  tree=$(cargo tree -p healthcode --no-default-features -e normal --prefix none) || return 1
  if grep -E '^(rusqlite|uniffi|reqwest|rustls|tokio|png) ' <<<"$tree"; then
    echo "the core without features depends on the above" && return 1
  fi
}

if [ ! -d "${HEALTHCODE_VECTORS:-}/certlogic" ]; then
  note "HEALTHCODE_VECTORS names no folder with the published suites: they are left out (in CI their test fails)"
fi

# Also the documentation's examples.
step test cargo test --no-fail-fast || true
step doc env RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --workspace || true
step core-pure pure || true
step core-alone cargo build -p healthcode --no-default-features || true
step core-alone-test cargo test -p healthcode --no-default-features --features png || true
finish
