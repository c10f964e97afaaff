#!/usr/bin/env bash
# The Android demo's screens and states without a phone: compiled against Compose for desktop, driven over the real
# library and the server's process, drawn into pictures, whose codes zbar reads. What only Android has is in android-full.
source "$(dirname "$0")/lib.sh"

home=android-demo
# Maven reads paths from its own folder.
target=$(realpath -m "$target")
out=$target/android

maven() { mvn -q -B -f "$home/desktop/pom.xml" "-Dout=$out" "-Drust=$target/debug" "$@"; }

need_java() {
  need_system java default-jdk-headless || return 1
  local version
  version=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p')
  case $version in
    1.* | 9 | 1[0-6]) lacks "java 17" "this is Java $version: install the package default-jdk-headless" ;;
    *) return 0 ;;
  esac
}

# All of the list is read: the one who writes it would fail otherwise.
has_library() { ldconfig -p | grep -F "$1" >/dev/null; }

# need_library NAME PACKAGE: a shared library, which has no command to look for.
need_library() {
  if has_library "$1"; then return 0; fi
  if system_install "$2" && has_library "$1"; then return 0; fi
  lacks "$1" "install the package $2 (Debian: apt-get install $2)"
}

# Chinese letters in the pictures.
need_font() {
  need_system fc-list fontconfig || return 1
  if [ -n "$(fc-list :lang=zh-cn)" ]; then return 0; fi
  if system_install fonts-wqy-microhei && [ -n "$(fc-list :lang=zh-cn)" ]; then return 0; fi
  lacks "a Chinese font" "install the package fonts-wqy-microhei (Debian: apt-get install fonts-wqy-microhei)"
}

build() { cargo build -p healthcode-ffi -p healthcode-cli; }

# The Kotlin package as an app has it; it takes minutes and seldom changes.
binding() {
  local jar=$out/binding/healthcode-0.1.0.jar
  if [ -e "$jar" ] && [ -z "$(find bindings/kotlin/pom.xml bindings/kotlin/generated bindings/kotlin/src/main -newer "$jar")" ]; then
    echo "as it was built before" && return 0
  fi
  mvn -q -B -f bindings/kotlin/pom.xml "-Dout=$out/binding" -Dmaven.test.skip=true package
}

# What the tests measured is printed: it is part of the log.
tests() {
  # A compiler that was killed leaves classes that do not fit together.
  rm -rf "$out/classes" "$out/test-classes" "$out/kotlin-ic" "$out/surefire-reports" "$out/pictures" && maven test || return 1
  local ran
  ran=$(cat "$out"/surefire-reports/TEST-*.xml | grep -c '<testcase ')
  printf '\n%s tests\n' "$ran"
  if grep -l '<skipped' "$out"/surefire-reports/TEST-*.xml; then echo "a test was skipped" && return 1; fi
  # A class that is not found any more runs nothing and fails nothing.
  [ "$ran" -ge "$1" ] || { echo "these are too few" && return 1; }
}

style() {
  java -jar "$out/plugins/ktlint-cli.jar" --relative "$home/**/*.kt" "$home/**/*.kts" || return 1
  if grep -rn '!!' --include='*.kt' "$home"; then echo "an exclamation that can crash" && return 1; fi
}

# The README's pictures are there, and small enough for a page that people load.
readme() {
  local picture
  for picture in "$home"/pictures/*.png; do
    grep -F "pictures/$(basename "$picture")" "$home/README.md" || return 1
    [ "$(wc -c <"$picture")" -lt 100000 ] || { echo "$picture is too large" && return 1; }
  done
  grep -o 'pictures/[a-z]*\.png' "$home/README.md" | while read -r picture; do
    [ -s "$home/$picture" ] || { echo "$picture is not there" && return 1; }
  done
}

if need_java && need_system mvn maven && need_system zbarimg zbar-tools && need_font &&
  need_library libGL.so.1 libgl1 && need_library libX11.so.6 libx11-6 && need_library libfontconfig.so.1 libfontconfig1; then
  if step build build && step binding binding && step tests tests 68; then
    note "$(find "$out/pictures" -name '*.png' | wc -l) pictures in $out/pictures"
    step style style || true
  fi
fi
step readme readme || true
finish
