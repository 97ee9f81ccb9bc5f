#!/bin/sh
# What `kirikae explain` tells of a golden story:
#
#   explain.sh [--write] GOLDEN KIRIKAE FILE
#
# FILE begins with "# STORY: arguments of explain"; behind that line stands what it prints.
set -eu

write=
if [ "$1" = --write ]; then
    write=1
    shift
fi
golden=$1 kirikae=$2 file=$3
head=$(head -n 1 "$file")
story=${head#\# }
arguments=${story#*: }
story=${story%%: *}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$golden" --export "$work/ledger" "$(dirname "$file")/../$story.txt"
{
    echo "$head"
    # shellcheck disable=SC2086 # words of the file
    "$kirikae" explain $arguments --from "$work/ledger" 2>&1 || echo "exit $?"
} >"$work/told"
if [ -n "$write" ]; then
    cp "$work/told" "$file"
else
    diff -u "$file" "$work/told"
fi
