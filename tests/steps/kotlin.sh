#!/usr/bin/env bash
# The Kotlin package on a JVM: its tests against the server's process, its style, its documentation, and an app that
# is shrunk with it. What Gradle and a phone would add is not run here.
source "$(dirname "$0")/lib.sh"

home=bindings/kotlin
# Maven reads paths from its own folder.
target=$(realpath -m "$target")
out=$target/kotlin
# Maven's own repository: every version is pinned, and what a version is never changes, so nothing is gained by
# another copy of it.
maven() {
  mvn -q -B -f "$home/pom.xml" "-Dout=$out" "-Drust=$target/debug" "-Dcrash=$target/crash/kotlin" "$@"
}

# Java 17 reads Unix sockets; a package of an older one may come first in the path.
need_java() {
  { need_system java default-jdk-headless && need_system jar default-jdk-headless; } || return 1
  local version
  version=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p')
  case $version in
    1.* | 9 | 1[0-6]) lacks "java 17" "this is Java $version: install the package default-jdk-headless" ;;
    *) return 0 ;;
  esac
}

# What the tests measured is printed: it is part of the log.
tests() {
  rm -rf "$out/surefire-reports" && maven package || return 1
  local ran
  ran=$(cat "$out"/surefire-reports/TEST-*.xml | grep -c '<testcase ')
  printf '\n%s tests\n' "$ran"
  if grep -l '<skipped' "$out"/surefire-reports/TEST-*.xml; then echo "a test was skipped" && return 1; fi
  # A class that is not found any more runs nothing and fails nothing.
  [ "$ran" -ge 50 ] || { echo "these are too few" && return 1; }
}

style() {
  java -jar "$out/tools/ktlint-cli.jar" --relative "$home/src/**/*.kt" "$home/*.kts"
}

# r8 OUT RULES…: shrinks app, package and JNA. The JDK stands in the place of Android's library; Kotlin's own libraries,
# which bring rules of their own, are left as they are.
r8() {
  local to=$1 jar
  local lib=(--lib "$(java_home)")
  shift
  rm -rf "$to" && mkdir -p "$to/app" && cp -r "$out/classes/dev" "$out/test-classes/dev" "$to/app" || return 1
  # The names of tests are sentences, which R8 does not take.
  find "$to/app" -name '*Test*' -delete && jar cf "$to/app.jar" -C "$to/app" dev && cat "$@" >"$to/rules.pro" || return 1
  for jar in "$out"/libraries/*.jar; do
    if [ "$(basename "$jar")" != jna.jar ]; then lib+=(--lib "$jar"); fi
  done
  java -cp "$out/tools/r8.jar" com.android.tools.r8.R8 --release --classfile --output "$to/shrunk.jar" \
    "${lib[@]}" --pg-conf "$to/rules.pro" "$to/app.jar" "$out/libraries/jna.jar"
}

java_home() { java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.home = //p'; }

run_shrunk() {
  local kotlin
  kotlin=$(printf ':%s' "$out"/libraries/kotlin*.jar)
  java "-Djna.library.path=$target/debug" "-Dhealthcode.binary=$target/debug/healthcode" -cp "$1/shrunk.jar$kotlin" \
    dev.healthcode.ShrunkApp
}

documentation() {
  rm -rf "$out/documentation" "$out/documentation-layer" "$out/documented"
  mkdir -p "$out/documented" &&
    sed -E -f "$home/documented.sed" "$home/generated/dev/healthcode/healthcode.kt" >"$out/documented/healthcode.kt" &&
    maven "-Ddocumented=$out/documented" dokka:dokka@layer dokka:dokka@whole
}

# By the rules that the package brings the app works; without them it must not, or nothing is shown by this.
shrink() {
  local app=$out/app.pro
  echo '-keep class dev.healthcode.ShrunkApp { public static void main(java.lang.String[]); }' >"$app"
  r8 "$out/shrunk" "$app" "$home/consumer-rules.pro" && run_shrunk "$out/shrunk" || return 1
  echo '-dontoptimize' >>"$app"
  r8 "$out/shrunk-without" "$app" || return 1
  if run_shrunk "$out/shrunk-without"; then
    echo "it works without the package's rules too: the app reaches nothing that they keep" && return 1
  fi
}

# The Gradle build of Android's developers has the versions that are tested here.
versions() {
  local name here there failed=
  for name in kotlin coroutines jna; do
    here=$(sed -n "s:.*<$name.version>\(.*\)</$name.version>.*:\1:p" "$home/pom.xml")
    there=$(sed -n "s/^$name = \"\(.*\)\"/\1/p" "$home/gradle/libs.versions.toml")
    echo "$name: $here in pom.xml, $there in libs.versions.toml"
    if [ -z "$here" ] || [ "$here" != "$there" ]; then failed=yes; fi
  done
  here=$(sed -n 's:^  <version>\(.*\)</version>:\1:p' "$home/pom.xml")
  there=$(sed -n 's/^version = "\(.*\)"/\1/p' "$home/build.gradle.kts")
  echo "the package: $here in pom.xml, $there in build.gradle.kts"
  [ -z "$failed" ] && [ -n "$here" ] && [ "$here" = "$there" ]
}

step versions versions || true
if need_java && need_system mvn maven && step build build_border && step crash-side crash_side kotlin && step tests tests; then
  step style style || true
  step documentation documentation || true
  step shrink shrink || true
fi
finish
