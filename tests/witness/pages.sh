#!/usr/bin/env bash
# zbar reads printed pages: drawn at 300 and at 150 dpi, and through a PDF, every code on each is the text beside the
# page, byte for byte. Usage: pages.sh FOLDER
set -euo pipefail

# read_all PICTURE TEXT: the codes of a picture, and nothing else, are the text.
read_all() {
  zbarimg --quiet --raw --nodbus "$1" >"$folder/read" 2>/dev/null || { echo "$1: not read" && exit 1; }
  printf '\n' | cat "$2" - >"$folder/expected"
  # zbar tells the same text once or once a code, as it sees them.
  sort -u "$folder/read" | cmp - "$folder/expected" || { echo "$1: another text" && exit 1; }
}

folder=$1 count=0
for page in "$folder"/*.svg; do
  name=${page%.svg}
  rsvg-convert --format pdf --output "$name.pdf" "$page"
  [ "$(pdfinfo "$name.pdf" | grep -c '^Page size:.*(A4)$')" = 1 ] || { echo "$page: no page of A4" && exit 1; }
  for dpi in 300 150; do
    rsvg-convert --dpi-x "$dpi" --dpi-y "$dpi" --output "$name-$dpi.png" "$page"
    pdftoppm -r "$dpi" -gray -png -singlefile "$name.pdf" "$name-$dpi-pdf"
    for picture in "$name-$dpi.png" "$name-$dpi-pdf.png"; do
      read_all "$picture" "$name.txt"
      count=$((count + 1))
    done
    # Each code alone: the card, as it is once it is cut out, and the page without it.
    for part in card:15:229:856:540 rest:0:0:2100:2280; do
      IFS=: read -r part x y width height <<<"$part"
      pdftoppm -r "$dpi" -gray -png -singlefile -x $((dpi * x * 10 / 254)) -y $((dpi * y * 10 / 254)) \
        -W $((dpi * width / 254)) -H $((dpi * height / 254)) "$name.pdf" "$name-$dpi-$part"
      read_all "$name-$dpi-$part.png" "$name.txt"
      count=$((count + 1))
    done
  done
done
echo "$count pictures"
[ "$count" -ge 24 ]
