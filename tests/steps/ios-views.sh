# shellcheck shell=bash
# shellcheck disable=SC2154 # `scratch` is of ios.sh, `python` of lib.sh
# What can be said of the iOS demo's views, platform ports, project and texts without a Mac. ios.sh sources this after its
# root is there, and calls `views` once DemoKit is compiled in `scratch`.

demo=$PWD/ios-demo
package_sources=$PWD/bindings/swift/Sources/Healthcode
# Modules that stand in for Apple's, in the order in which they are made.
stand_ins=(SwiftUI Platform/UniformTypeIdentifiers Platform/UIKit Platform/WebKit Platform/AVFoundation Platform/UserNotifications
  Platform/CoreTransferable Platform/Security Platform/CryptoKit Platform/os Platform/BackgroundTasks Platform/Darwin)

views_style() {
  within swift format lint --strict --recursive --configuration "$demo/.swift-format" "$demo/HealthCode" "$demo/Tools"
}

# swift_module NAME FILE…: one module of these files, against what was made before.
swift_module() {
  within swiftc -emit-module -parse-as-library -swift-version 6 -warnings-as-errors -module-name "$1" -I "$modules" \
    -I "$PWD/bindings/swift/generated/HealthcodeFFI" -o "$modules/$1.swiftmodule" "${@:2}"
}

# It is a lint and no second SwiftUI: it stays short.
views_stand_in() {
  local name lines
  lines=$(wc -l <"$demo/Tools/StandIn/SwiftUI.swift")
  [ "$lines" -le 200 ] || { echo "the stand-in has $lines lines, more than 200" && return 1; }
  rm -rf "$modules" && mkdir -p "$modules" || return 1
  for name in "${stand_ins[@]}"; do
    swift_module "$(basename "$name")" "$demo/Tools/StandIn/$name.swift" || return 1
  done
}

# The package's ports for Apple's platforms are seen only here: elsewhere on Linux `canImport` leaves them out.
views_ports() {
  cp "$scratch"/debug/Modules/HealthcodeNative.swift{module,doc} "$modules/" &&
    swift_module Healthcode "$package_sources"/*.swift "$package_sources"/Ports/*.swift || return 1
  # What is not there fails this: a vault that was left out would go unnoticed.
  printf '%s\n' 'import Healthcode' 'let all: [Any.Type] = [KeychainVault.self, LoggerSink.self, BackgroundRefresh.self]' \
    >"$modules/ports.swift"
  within swiftc -typecheck -swift-version 6 -I "$modules" -I "$PWD/bindings/swift/generated/HealthcodeFFI" "$modules/ports.swift"
}

# compile_views FOLDER: every file of an app's folder, as one module, to the end of what the compiler has to say.
compile_views() {
  local files
  mapfile -t files < <(find "$1" -name '*.swift' | sort)
  [ "${#files[@]}" -gt 20 ] || { echo "only ${#files[@]} files" && return 1; }
  within swiftc -c -wmo -parse-as-library -swift-version 6 -warnings-as-errors -module-name HealthCodeDemo -I "$modules" \
    -I "$PWD/bindings/swift/generated/HealthcodeFFI" -o "$modules/HealthCodeDemo.o" "${files[@]}"
}

views_types() {
  local files
  mapfile -t files < <(find "$demo/DemoKit/Sources/DemoKit" -name '*.swift')
  swift_module DemoKit "${files[@]}" && compile_views "$demo/HealthCode"
}

# A lint that lets everything pass is none: a model's member that is not there must be found, and named.
views_fault() {
  local copy=$modules/fault
  rm -rf "$copy" && cp -r "$demo/HealthCode" "$copy" || return 1
  sed -i 's/model\.explain()/model.explane()/' "$copy/Screens/CodeScreen.swift"
  if compile_views "$copy" >"$copy.log" 2>&1; then echo "a member that does not exist was not found" && return 1; fi
  grep "member 'explane'" "$copy.log"
}

# documented CATALOGUE MODULE…: the documentation of the first module, each link in it resolved, each public symbol with a
# word. Unlike that of tests/run swift it has the ports for Apple's platforms.
documented() {
  local catalogue=$1 graph=$modules/graph-$2 name
  rm -rf "$graph" && mkdir -p "$graph" || return 1
  for name in "${@:2}"; do
    within /usr/libexec/swift/bin/swift-symbolgraph-extract -module-name "$name" -I "$modules" \
      -I "$PWD/bindings/swift/generated/HealthcodeFFI" -target x86_64-pc-linux-gnu -minimum-access-level public \
      -skip-synthesized-members -output-dir "$graph" || return 1
  done
  within /usr/libexec/swift/bin/docc convert ${catalogue:+"$catalogue"} --additional-symbol-graph-dir "$graph" \
    --fallback-display-name "$2" --fallback-bundle-identifier "dev.healthcode.$2" --output-path "$graph/out" \
    --warnings-as-errors || return 1
  python3 - "$graph/$2.symbols.json" <<'PYTHON'
import json, sys
symbols = json.load(open(sys.argv[1], encoding="utf-8"))["symbols"]
silent = [".".join(symbol["pathComponents"]) for symbol in symbols if "docComment" not in symbol]
print(len(symbols), "public symbols; without a word:", silent)
sys.exit(bool(silent) or len(symbols) < 50)
PYTHON
}

views_documentation() {
  documented "$package_sources/Healthcode.docc" Healthcode HealthcodeNative && documented "" DemoKit Healthcode HealthcodeNative
}

views_texts() { python3 "$demo/Tools/check_texts.py" "$demo"; }

views_project() { "$python" "$demo/Tools/check_project.py" "$demo"; }

views() {
  local modules=$scratch/views
  step views-style views_style || true
  step texts views_texts || true
  if need_python ios-demo/Tools/requirements.txt --no-deps; then step project views_project || true; fi
  if step stand-in views_stand_in && step ports views_ports && step views views_types; then
    step views-fault views_fault || true
    step documentation views_documentation || true
  fi
}
