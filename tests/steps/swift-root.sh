# shellcheck shell=bash
# shellcheck disable=SC2154 # `cache` and `logs` are of lib.sh, `home` and `scratch` of the part
# Swift on Linux, for the parts that build Swift packages: a root of its own with Debian's toolchain, and how to work in it.
# A part sets `home`, the folder of its package, and `surroundings`, the variables that its programs see besides.

# Debian's own, in a root of its own: no package of an older release replaces it, and nothing is left on the host.
version=6.0.3-2
root=$cache/swift-$version
packages=swiftlang=$version,libc6-dev,libstdc++-14-dev
target=$(realpath -m "$target")
# Where the library lies that programs load.
libraries=$target/debug
surroundings=()

# need_swift: that root, made once. Debian 13 has it; on macOS the package builds with Xcode's own Swift.
need_swift() {
  { need_system bwrap bubblewrap && need_system python3 python3; } || return 1
  if ! bwrap --ro-bind / / --unshare-net --unshare-pid true 2>/dev/null; then
    lacks "user namespaces" "bubblewrap may not make any here: allow them, or run as root" || return 1
  fi
  if [ -f "$root/complete" ]; then return 0; fi
  need_system mmdebstrap mmdebstrap || return 1
  note "making a root with Swift $version: this takes a minute and 2.6 GB, once"
  # Who comes while another part makes it waits for that one.
  if (flock 9 && { [ -f "$root/complete" ] || make_root; }) 9>"$root.lock"; then return 0; fi
  lacks "swift $version" "mmdebstrap could not make its root: $logs/install-swift.log says why"
}

make_root() {
  # What is cut off may have left folders of the system mounted there.
  rm --one-file-system -rf "$root" "$root.part"
  mmdebstrap --variant=minbase --include="$packages" --aptopt='APT::Install-Recommends "false"' \
    --keyring=/usr/share/keyrings trixie "$root.part" http://deb.debian.org/debian >"$logs/install-swift.log" 2>&1 &&
    mv "$root.part" "$root" && touch "$root/complete"
}

# within CMD…: runs it in that root, with the same paths, no network but loopback, and nothing left when it ends.
within() {
  bwrap --tmpfs / --ro-bind "$root/usr" /usr --ro-bind "$root/etc" /etc --symlink usr/bin /bin --symlink usr/lib /lib \
    --symlink usr/lib64 /lib64 --dev /dev --proc /proc --tmpfs /tmp --tmpfs /run --tmpfs /var/tmp \
    --bind "$PWD" "$PWD" --bind "$target" "$target" --unshare-net --unshare-pid --die-with-parent --clearenv \
    --setenv PATH /usr/bin:/bin --setenv HOME /tmp --setenv LANG C.UTF-8 \
    --setenv HEALTHCODE_BINARY "$target/debug/healthcode" --setenv HEALTHCODE_OWN_VECTORS "$PWD/tests/vectors" \
    --chdir "$PWD/$home" env ${surroundings[@]+"${surroundings[@]}"} "$@"
}

# package VERB…: SwiftPM over the package in `home`, its products in `scratch`. Debian's libswiftObservation asks for a
# function that no library of it has, for a fault that does not happen; the linker is told not to mind.
package() {
  local verb=$1
  shift
  within swift "$verb" --disable-sandbox --scratch-path "$scratch" -Xlinker "-L$libraries" \
    -Xlinker "-rpath=$libraries" -Xlinker --allow-shlib-undefined "$@"
}

# A class that is not found any more runs nothing and fails nothing.
counted() {
  awk -v least="$1" '{ print } /Executed [0-9]+ tests/ { sub(/.*Executed /, ""); ran = $1 + 0 }
    END { if (ran < least) { print "only " ran + 0 " tests ran"; exit 1 } }'
}
