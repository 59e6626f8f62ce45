#!/bin/sh
# Fetches the files that SUMS names (lines of sha256sum) from $WEIGHTS_URL into FOLDER. A file has its name only when its
# checksum is right, so that it may be ended and started again at any time.
#
#   download.sh SUMS FOLDER
set -eu
sums=$1
folder=$2

matches() { printf '%s  %s\n' "$1" "$2" | sha256sum -c - >/dev/null 2>&1; }

grep -v '^#' "$sums" | while read -r sum name; do
  file=$folder/$name
  if matches "$sum" "$file"; then
    continue
  fi
  mkdir -p "$(dirname "$file")"
  echo "fetching $name"
  curl --fail --location --silent --show-error --retry 5 --continue-at - --output "$file.part" "$WEIGHTS_URL/$name"
  if ! matches "$sum" "$file.part"; then
    rm -f "$file.part"
    echo "$name from $WEIGHTS_URL has another checksum than $sum" >&2
    exit 1
  fi
  mv "$file.part" "$file"
done
