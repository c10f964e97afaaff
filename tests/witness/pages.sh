#!/usr/bin/env bash
# zbar reads printed pages: drawn at 300 and at 150 dpi, and through a PDF, every code on each is the text beside the
# page, byte for byte. Usage: pages.sh FOLDER
set -euo pipefail

# read_all PICTURE TEXT: both codes of a page, and nothing else, are the text.
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
    # The card alone, as it is once it is cut out.
    cut=$((dpi * 15 * 10 / 254)),$((dpi * 229 * 10 / 254)),$((dpi * 856 / 254)),$((dpi * 540 / 254))
    IFS=, read -r x y width height <<<"$cut"
    pdftoppm -r "$dpi" -gray -png -singlefile -x "$x" -y "$y" -W "$width" -H "$height" "$name.pdf" "$name-$dpi-card"
    read_all "$name-$dpi-card.png" "$name.txt"
    count=$((count + 1))
  done
done
echo "$count pictures"
[ "$count" -ge 18 ]
