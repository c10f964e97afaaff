#!/usr/bin/env bash
# Witnesses from outside: zbar reads the codes, on screens and on paper, other COSE libraries verify the tokens, Python plays across the border.
source "$(dirname "$0")/lib.sh"

story=$target/witness/story
pages=$target/witness/pages

tell_story() {
  rm -rf "$story" && mkdir -p "$(dirname "$story")" && "$target/debug/healthcode" story --keep "$story"
}

# A test draws the pages of all colours, each with the text that its codes are to be read as.
draw_pages() {
  rm -rf "$pages" && mkdir -p "$pages" &&
    HEALTHCODE_PAGES=$(realpath "$pages") cargo test -p healthcode --lib resident::papers
}

built=yes
step build cargo build -p healthcode-cli || built=
if [ -n "$built" ] && step story tell_story && need_system zbarimg zbar-tools; then
  step zbar tests/witness/codes.sh "$story" || true
fi
if step pages draw_pages && need_system zbarimg zbar-tools && need_system rsvg-convert librsvg2-bin &&
  need_system pdftoppm poppler-utils; then
  step printed tests/witness/pages.sh "$pages" || true
fi
if need_python tests/witness/requirements.txt; then
  step cose "$python" tests/witness/cose.py || true
  if [ -n "$built" ] && step bindings cargo run -p healthcode-bindgen -- python --out "$target/bindings"; then
    step border "$python" tests/witness/border.py "$target/bindings/python" "$target/debug/healthcode" || true
  fi
fi
finish
