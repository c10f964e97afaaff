#!/usr/bin/env bash
# zbar reads the pictures of a kept story: each is the text beside it, byte for byte. Usage: codes.sh FOLDER
set -euo pipefail

count=0
for picture in "$1"/codes/*.png; do
  zbarimg --quiet --raw --nodbus "$picture" >"$1/read" 2>/dev/null || { echo "$picture: not read" && exit 1; }
  # zbarimg ends its line; the text has no end of line.
  printf '\n' | cat "${picture%.png}.txt" - | cmp - "$1/read" || { echo "$picture: another text" && exit 1; }
  count=$((count + 1))
done
echo "$count codes"
[ "$count" -ge 4 ]
