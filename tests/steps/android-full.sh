#!/usr/bin/env bash
# The demo's real activity under Robolectric, with the Rust library underneath, and what belongs to Android alone: the
# ports of the Kotlin package, the manifest, the resources. Some 450 MB of Android come with it, once; what Gradle and a
# phone would add is not run here.
source "$(dirname "$0")/lib.sh"

demo="android-demo"
home=$demo/robolectric
package=bindings/kotlin
# Java reads paths from its own folder.
target=$(realpath -m "$target")
out=$target/android-full
kotlin_out=$target/kotlin
android_version=14-robolectric-10818077
android=$out/android/android-all-$android_version.jar
pictures=$target/android/pictures-activity

# Maven's own repository keeps what was fetched, as in the part kotlin: every version is pinned.
maven() { mvn -q -B "$@"; }

# classpath FILE…: joined by colons.
classpath() { printf '%s\n' "$@" | paste -sd : -; }

build() { cargo build -p healthcode-ffi -p healthcode-cli; }

fetch() { maven -f "$home/pom.xml" "-Dout=$out" generate-resources && unpack; }

# An archive of Android's is a zip with classes, resources and a manifest.
unpack() {
  local archive into
  rm -rf "$out/unpacked" && mkdir -p "$out/unpacked" || return 1
  for archive in "$out"/archives/*.aar "$out"/robolectric/*.aar; do
    into=$out/unpacked/$(basename "$archive" .aar)
    unzip -q "$archive" -d "$into" || return 1
  done
}

# The Gradle build of Android's developers has the versions that are compiled and run here.
versions() {
  local name here there failed=
  for name in activity compose core coroutines jna kotlin lifecycle material3 work zxing; do
    here=$(sed -n "s:.*<$name.version>\(.*\)</$name.version>.*:\1:p" "$home/pom.xml")
    there=$(sed -n "s/^$name = \"\(.*\)\"/\1/p" "$demo/gradle/libs.versions.toml")
    echo "$name: $here in pom.xml, $there in libs.versions.toml"
    if [ -z "$here" ] || [ "$here" != "$there" ]; then failed=yes; fi
  done
  for name in android coroutines desugar jna kotlin work; do
    here=$(sed -n "s/^$name = \"\(.*\)\"/\1/p" "$package/gradle/libs.versions.toml")
    there=$(sed -n "s/^$name = \"\(.*\)\"/\1/p" "$demo/gradle/libs.versions.toml")
    echo "$name: $here in the package, $there in the demo"
    if [ -z "$here" ] || [ "$here" != "$there" ]; then failed=yes; fi
  done
  [ -z "$failed" ]
}

number() { sed -n "s/^ *$1 = \([0-9]*\)$/\1/p" "$demo/app/build.gradle.kts"; }

# What the libraries ask of a build, as they say themselves.
demands() {
  local sdk plugin wants bad=
  sdk=$(number compileSdk)
  plugin=$(sed -n 's/^android = "\(.*\)"/\1/p' "$demo/gradle/libs.versions.toml")
  for wants in "$out"/unpacked/*/META-INF/com/android/build/gradle/aar-metadata.properties; do
    if [ "$(sed -n 's/^minCompileSdk=//p' "$wants")" -gt "$sdk" ]; then echo "$wants: not by compileSdk $sdk" && bad=yes; fi
    if [ "$(printf '%s\n' "$(sed -n 's/^minAndroidGradlePluginVersion=//p' "$wants")" "$plugin" | sort -V | tail -n 1)" != "$plugin" ]; then
      echo "$wants: not by plugin $plugin" && bad=yes
    fi
  done
  [ -z "$bad" ]
}

# Android's own merger, which the Gradle plugin runs too, over the manifests of the demo, the package and all libraries.
merge() {
  local libraries
  # Gradle adds what stands in the package's build; without it the merger takes the package for one of Android 1.
  sed 's:<manifest \(.*\)>:<manifest package="dev.healthcode" \1><uses-sdk android\:minSdkVersion="23" />:' \
    "$package/src/main/AndroidManifest.xml" >"$out/package.xml" || return 1
  libraries=$(classpath "$out/package.xml" "$out"/unpacked/*/AndroidManifest.xml)
  java -cp "$(classpath "$out"/merger/*.jar)" com.android.manifmerger.Merger \
    --main "$demo/app/src/main/AndroidManifest.xml" --libs "$libraries" --log WARNING \
    --property "PACKAGE=dev.healthcode.demo" --property "MIN_SDK_VERSION=$(number minSdk)" \
    --property "TARGET_SDK_VERSION=$(number targetSdk)" \
    --remove-tools-declarations --out "$out/manifest.xml"
}

manifest() { merge && python3 "$home/manifest.py" "$out/manifest.xml" "$demo/app/src"; }

# Compiled and linked by Debian's aapt2 against the Android of Robolectric; the classes R come out of it.
resources() {
  local from flat=$out/flat extra
  rm -rf "$flat" "$out/java" && mkdir -p "$flat" "$out/java" "$out/told/values" || return 1
  # What Gradle writes into the resources.
  cat >"$out/told/values/told.xml" <<'XML'
<resources>
  <string name="healthcode_server">http://127.0.0.1:8080</string>
  <string name="healthcode_issuer">hangzhou</string>
  <string name="healthcode_root_key"></string>
  <string name="healthcode_built_at">2020-02-01T00:00:00Z</string>
</resources>
XML
  for from in "$out"/unpacked/*/res; do
    if [ -n "$(ls -A "$from")" ]; then aapt2 compile --dir "$from" -o "$flat/$(basename "$(dirname "$from")").zip" || return 1; fi
  done
  aapt2 compile --dir "$out/told" -o "$flat/zz-told.zip" && aapt2 compile --dir "$demo/app/src/main/res" -o "$flat/zz-main.zip" &&
    aapt2 compile --dir "$demo/app/src/debug/res" -o "$out/debug.zip" || return 1
  extra=$(sed -n 's/.*package="\([^"]*\)".*/\1/p' "$out"/unpacked/*/AndroidManifest.xml | sort -u | paste -sd : -)
  link release && link debug -R "$out/debug.zip" --java "$out/java" --extra-packages "$extra"
}

# link KIND OPTION…
link() {
  local kind=$1 inputs=() file
  shift
  for file in "$out"/flat/*.zip; do inputs+=(-R "$file"); done
  aapt2 link -I "$android" --auto-add-overlay --manifest "$out/manifest.xml" -o "$out/$kind.apk" "${inputs[@]}" "$@"
}

# kotlinc JAVA OUT CLASSPATH OPTION-OR-SOURCE…
kotlinc() {
  local java=$1 to=$2 with=$3
  shift 3
  rm -rf "$to"
  java -Xmx1500m -cp "$(classpath "$out"/compiler/*.jar)" org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -no-stdlib -no-reflect \
    "-Xjdk-release=${java#1.}" -jvm-target "$java" -cp "$with" -d "$to" "$@"
}

# What all that is compiled here stands on: Android first, whose classes are not the JVM's.
ground() { classpath "$android" "$kotlin_out/classes" "$out"/libraries/*.jar "$out"/unpacked/*/classes.jar; }

# Warnings are errors: what Android has abandoned is named where it is used all the same.
ports() {
  maven -f "$package/pom.xml" "-Dout=$kotlin_out" "-Drust=$target/debug" compile &&
    kotlinc 1.8 "$out/ports" "$(ground)" -Werror -module-name healthcode "$package/src/android/kotlin"
}

application() {
  rm -rf "$out/r" && mkdir -p "$out/r" &&
    find "$out/java" -name 'R.java' -print0 | xargs -0 javac -nowarn --release 11 -d "$out/r" &&
    kotlinc 11 "$out/app" "$(ground):$out/ports:$out/r" -module-name app \
      "-Xplugin=$(ls "$out"/compiler/*compose-compiler*.jar)" "$demo/app/src/main/kotlin"
}

# The server's process, its virtual time and its phones are those of the Kotlin package's tests.
witness_classes() {
  local name stage=()
  for name in Ports ServerProcess Stage World; do stage+=("$package/src/test/kotlin/dev/healthcode/$name.kt"); done
  kotlinc 17 "$out/witness" "$(ground):$out/ports:$out/r:$out/app:$(classpath "$out"/robolectric/*.jar)" \
    -module-name witness "-Xfriend-paths=$out/ports,$out/app" "$home/src" "${stage[@]}"
}

# What Robolectric asks of a build about its resources.
robolectric_config() {
  mkdir -p "$out/config/com/android/tools" && cat >"$out/config/com/android/tools/test_config.properties" <<PROPERTIES
android_resource_apk=$out/debug.apk
android_merged_manifest=$out/manifest.xml
android_merged_assets=$out/assets
android_custom_package=dev.healthcode.demo
PROPERTIES
  mkdir -p "$out/assets"
}

tests() {
  local classes ran
  robolectric_config && mkdir -p "$pictures" || return 1
  classes=$(find "$out/witness" -name '*Test.class' | sed "s:$out/witness/::; s:/:.:g; s:\.class$::" | sort)
  # shellcheck disable=SC2086 # a list of names
  LANG=C.UTF-8 java -Xmx2g -Djava.awt.headless=true -Drobolectric.offline=true "-Drobolectric.dependency.dir=$out/android" \
    "-Djna.library.path=$target/debug" "-Dhealthcode.binary=$target/debug/healthcode" "-Dhealthcode.pictures=$pictures" \
    --add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.util=ALL-UNNAMED \
    --add-opens=java.base/java.lang.reflect=ALL-UNNAMED --add-opens=java.base/java.io=ALL-UNNAMED \
    --add-opens=java.base/java.net=ALL-UNNAMED --add-opens=java.base/java.security=ALL-UNNAMED \
    -cp "$out/config:$out/witness:$out/app:$out/r:$out/ports:$kotlin_out/classes:$(classpath "$out"/libraries/*.jar \
      "$out"/unpacked/*/classes.jar "$out"/unpacked/*/libs/*.jar "$out"/robolectric/*.jar):$android" \
    org.junit.runner.JUnitCore $classes | tee "$out/tests.txt" || return 1
  ran=$(sed -n 's/^OK (\([0-9]*\) tests*)$/\1/p' "$out/tests.txt")
  # A class that is not found any more runs nothing and fails nothing.
  [ "${ran:-0}" -ge 45 ] || { echo "these are too few: ${ran:-none}" && return 1; }
}

# The code in the activity's own picture is read by somebody else.
read_code() { zbarimg -q --raw "$pictures/code.png" | grep -q '^H4:\|^H[0-9]*:'; }

need_java() {
  { need_system java default-jdk-headless && need_system javac default-jdk-headless; } || return 1
  local version
  version=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p')
  case $version in
    1.* | 9 | 1[0-6]) lacks "java 17" "this is Java $version: install the package default-jdk-headless" ;;
    *) return 0 ;;
  esac
}

step versions versions || true
if need_java && need_system mvn maven && need_system unzip unzip && need_system python3 python3 && need_system aapt2 aapt &&
  step build build && step fetch fetch; then
  step demands demands || true
  if step ports ports && step manifest manifest && step resources resources && step application application &&
    step witness witness_classes && step tests tests && need_system zbarimg zbar-tools; then
    step code read_code || true
  fi
fi
finish
