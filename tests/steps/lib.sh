# shellcheck shell=bash
# What every part is made of: `step` runs one check, `need_…` brings a tool, `finish` sums up.
# A part exits 0 when all of it passed, 1 when a check failed, 3 when a tool is missing and nothing failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

part=$(basename "$0" .sh)
# shellcheck disable=SC2034 # for the parts
target=${CARGO_TARGET_DIR:-target}
logs=target/logs
# Outside the repository, so that a clean clone finds the tools of the one before.
cache=${HEALTHCODE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/healthcode}
failed=0 missing=0
mkdir -p "$logs" "$cache"

in_ci() { [ "${CI:-}" = true ]; }

note() { printf '  %s\n' "$*"; }

# step NAME CMD…: one line with its seconds; the output goes to a log, of which a failure shows the end.
# CMD may be a function; in it the first command that fails does not end it, so chain with &&.
step() {
  local name=$1 from=$SECONDS
  local log=$logs/$part-$name.log
  shift
  if "$@" >"$log" 2>&1; then
    printf '  ok      %-22s %4d s\n' "$name" $((SECONDS - from))
    return 0
  fi
  failed=$((failed + 1))
  printf '  FAILED  %-22s %4d s   the whole of it: %s\n' "$name" $((SECONDS - from)) "$log"
  tail -n 40 "$log" | sed 's/^/  | /'
  return 1
}

# lacks TOOL HOW: a tool is missing: a failure in CI, elsewhere one line.
lacks() {
  if in_ci; then failed=$((failed + 1)); else missing=$((missing + 1)); fi
  printf '  MISSING %s: %s\n' "$1" "$2"
  return 1
}

finish() {
  if [ "$failed" -gt 0 ]; then exit 1; fi
  if [ "$missing" -gt 0 ]; then exit 3; fi
  exit 0
}

# need_system COMMAND PACKAGE: a command of a Debian package, installed where we may: as root, or in CI.
need_system() {
  if command -v "$1" >/dev/null; then return 0; fi
  if system_install "$2" && command -v "$1" >/dev/null; then return 0; fi
  lacks "$1" "install the package $2 (Debian: apt-get install $2)"
}

system_install() {
  if ! command -v apt-get >/dev/null; then return 1; fi
  if [ "$(id -u)" -ne 0 ] && ! { in_ci && command -v sudo >/dev/null; }; then return 1; fi
  note "installing $1"
  {
    as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$1"
  } >"$logs/install-$1.log" 2>&1
}

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi; }

# need_component NAME: a component of the Rust toolchain.
need_component() {
  if cargo "$1" --version >/dev/null 2>&1; then return 0; fi
  if rustup component add "$1" >"$logs/install-$1.log" 2>&1; then return 0; fi
  lacks "$1" "rustup component add $1"
}

# need_crate TOOL VERSION: a tool from crates.io, in exactly this version; its path is in $tool then.
need_crate() {
  local home=$cache/$1-$2
  for tool in "$home/bin/$1" "$(command -v "$1" || true)"; do
    if [ -x "$tool" ] && [[ "$("$tool" --version)" == *" $2" ]]; then return 0; fi
  done
  note "installing $1 $2: this takes some minutes, once"
  rm -rf "$home" "$home.part"
  if cargo install --locked --root "$home.part" --version "=$2" "$1" >"$logs/install-$1.log" 2>&1; then
    mv "$home.part" "$home"
    tool=$home/bin/$1
    return 0
  fi
  lacks "$1" "cargo install --locked --version =$2 $1"
}

# need_python REQUIREMENTS [OPTION…]: an environment with exactly these packages, installed with these options of pip; its
# interpreter is in $python then.
need_python() {
  need_system python3 python3 || return 1
  if ! python3 -c 'import venv, ensurepip' 2>/dev/null && ! system_install python3-venv; then
    lacks python3-venv "install the package python3-venv (Debian: apt-get install python3-venv)" || return 1
  fi
  local key home
  key=$({ python3 -VV && command -v python3 && cat "$1" && printf '%s' "${@:2}"; } | git hash-object --stdin | cut -c 1-16)
  home=$cache/python-$key
  python=$home/bin/python
  if [ -f "$home/complete" ]; then return 0; fi
  note "installing the packages of $1"
  rm -rf "$home"
  if python3 -m venv "$home" >"$logs/install-python.log" 2>&1 &&
    "$python" -m pip install --disable-pip-version-check --require-hashes --only-binary :all: "${@:2}" -r "$1" \
      >>"$logs/install-python.log" 2>&1; then
    touch "$home/complete"
    return 0
  fi
  lacks "$1" "python3 -m pip install -r $1 did not work: $logs/install-python.log says why"
}

# What the packages' tests load: the library, the one that panics on purpose, and the server's binary.
build_border() { cargo build -p healthcode-ffi -p healthcode-crash -p healthcode-cli; }

# crash_side LANGUAGE: that language's side of the library that panics on purpose.
crash_side() {
  rm -rf "$target/crash/$1" && cargo run -q -p healthcode-bindgen -- --crash "$1" --out "$target/crash"
}
