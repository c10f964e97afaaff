#!/usr/bin/env bash
# What can be said without running anything: formatting, clippy, shell scripts, arrows, sizes, words.
source "$(dirname "$0")/lib.sh"

# The arrows between the core's rooms, `room: what it may use`. An arrow that is not here is a decision to take, not
# a line to add: rules know nothing, tokens know rules, the wire knows tokens, the phone knows them all. The edges
# (border, error, platform, random) are of the phone: no room that the server shares uses them.
arrows='
rules:
token: rules
qr: rules
time: rules token
wire: rules token time
border: rules error
error: rules token qr platform store
platform: rules
random: store
store: rules token wire time error platform random
sync: rules token wire time store error platform random
paper: rules token qr
resident: rules token wire time qr paper store sync error platform random
checkpoint: rules token time qr sync error platform random
'

# Comments and test modules may name what they like. `super` must not lead out of a room either.
check_arrows() {
  # shellcheck disable=SC2046 # no path of ours has a space
  awk -v arrows="$arrows" '
    BEGIN {
      for (i = split(arrows, line, "\n"); i > 0; i--) {
        n = split(line[i], word, /[: ]+/)
        rooms[word[1]] = 1
        for (j = 2; j <= n; j++) may[word[1], word[j]] = 1
      }
    }
    function no(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; bad = 1 }
    FNR == 1 {
      path = FILENAME
      sub(/^core\/src\//, "", path); sub(/\.rs$/, "", path); sub(/\/mod$/, "", path)
      depth = split(path, parts, "/")
      room = parts[1]
      in_tests = marked = 0
      if (!(room in rooms)) no("the room " room " has no line in the table of arrows")
    }
    in_tests { if (/^}/) in_tests = 0; next }
    /^#\[cfg\((all\()?test[,)]/ { marked = 1; next }
    marked && !/^#/ { marked = 0; if (/mod [a-z_]+ \{/) { in_tests = 1; next } }
    {
      sub(/\/\/.*/, "")
      rest = $0
      while (match(rest, /crate::[A-Za-z_{*]+/)) {
        to = substr(rest, RSTART + 7, RLENGTH - 7)
        rest = substr(rest, RSTART + RLENGTH)
        if (!(to in rooms)) no("crate::" to ": name the room, one `use` for each")
        else if (to != room && !((room, to) in may)) no(room " -> " to)
      }
      rest = $0
      while (match(rest, /(super::)+/)) {
        if (RLENGTH / 7 >= depth) no("super:: leads out of the room: write crate::")
        rest = substr(rest, RSTART + RLENGTH)
      }
    }
    END { exit bad }
  ' $(find core/src -name '*.rs' ! -path core/src/lib.rs ! -name tests.rs ! -name 'properties*' ! -path '*/properties/*' | sort)
}

# What is committed or about to be, and not generated.
files() {
  git ls-files --cached --others --exclude-standard -- "$@" ':!bindings/*/generated/*' | while read -r file; do
    if [ -f "$file" ]; then printf '%s\n' "$file"; fi
  done
}

scripts() { files '*.sh' tests/run .ci/run; }

# SC2317: a function that `step` calls is no dead code.
check_scripts() { scripts | xargs shellcheck --external-sources --source-path=SCRIPTDIR --exclude=SC2317; }

# Nobody reads a file of more than 400 lines; tests are tables and may be longer.
check_lengths() {
  { files '*.rs' '*.py' '*.kt' '*.swift' ':!core/tests' ':!tests/*/tests' ':!*/tests.rs' ':!*properties*' ':!bindings/kotlin/src/test' ':!bindings/swift/Tests' && scripts; } |
    xargs awk 'FNR == 401 { print FILENAME " has more than 400 lines"; bad = 1 } END { exit bad }'
}

check_weights() {
  files ':!Cargo.lock' | xargs wc -c | awk '$2 != "total" && $1 > 300000 { print; bad = 1 } END { exit bad }'
}

# Nothing unfinished, and no path of somebody's machine; an example in the help may name a folder to keep.
check_words() {
  local words='\b(todo|unimplemented|dbg)!|\b(FIXME|XXX)\b' paths='(^|[^A-Za-z0-9_.~}/-])/(work|root|home|tmp)/' found
  found=$(
    files ':!tests/steps/lint.sh' ':!Cargo.lock' | xargs grep -nIE "$words"
    files ':!*.sh' ':!tests/run' ':!.ci/run' ':!Cargo.lock' | xargs grep -nIE "$paths" | grep -v -e '--keep /tmp/'
  )
  [ -z "$found" ] || { printf '%s\n' "$found" && return 1; }
}

# The examples of the packages' README are those that their tests run.
check_examples() {
  local language file
  while read -r language file; do
    diff <(sed -n '/region readme/,/endregion/{/region/d;p}' "$file" | unindent) \
      <(sed -n "/^\`\`\`$language\$/,/^\`\`\`\$/{/^\`\`\`/d;p}" bindings/README.md) ||
      { echo "the examples in $language are not those of $file" && return 1; }
  done <<'FILES'
kotlin bindings/kotlin/src/test/kotlin/dev/healthcode/ReadmeTest.kt
swift bindings/swift/Tests/HealthcodeTests/ReadmeTests.swift
FILES
}

# An app's file also imports SwiftUI or Compose, whose short names would then stand for two things.
check_names() {
  local taken='Button|Clock|Color|Duration|Form|Group|Image|Instant|Label|List|Menu|Method|Picker|Port|Progress|Result|Section|State|Task|Text|View'
  ! grep -nE "^(public|open)? ?(final )?(struct|enum|class|protocol|data class|enum class|sealed class|interface) ($taken)\b" \
    bindings/swift/generated/HealthcodeNative/*.swift bindings/kotlin/generated/dev/healthcode/*.kt
}

# Takes from each line what the first one begins with.
unindent() { awk 'NR == 1 { match($0, /^ */) } { print substr($0, RLENGTH + 1) }'; }

step lock cargo metadata --locked --format-version 1 || true
if need_component fmt; then step format cargo fmt --all --check || true; fi
if need_component clippy; then
  step clippy cargo clippy --workspace --all-targets --all-features -- -D warnings || true
  step clippy-core cargo clippy -p healthcode --no-default-features --all-targets -- -D warnings || true
  step clippy-core-png cargo clippy -p healthcode --no-default-features --features png --all-targets -- -D warnings || true
fi
if need_system shellcheck shellcheck; then step scripts check_scripts || true; fi
step arrows check_arrows || true
step lengths check_lengths || true
step weights check_weights || true
step examples check_examples || true
step names check_names || true
step words check_words || true
finish
