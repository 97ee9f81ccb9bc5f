#!/bin/sh
# What the month's report counts of golden stories' ledgers:
#
#   figures.sh [--write] GOLDEN KIRIKAE FILE
#
# FILE has for each story a line "STORY: function downtime low high failures, ...", and what it
# must be so for above it.
set -eu

write=
if [ "$1" = --write ]; then
    write=1
    shift
fi
golden=$1 kirikae=$2 file=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Of each function "name downtime low high failures", out of the report as CSV.
figures() {
    "$kirikae" sla report --month 2027-01 --from "$work/ledger" --format csv >"$work/csv" ||
        [ $? = 1 ]
    tr -d '"\r' <"$work/csv" | awk -F, '
        NR == 1 { sub(/^\357\273\277/, ""); for (i = 1; i <= NF; i++) at[$i] = i; next }
        $at["kind"] == "function" {
            printf "%s%s %s %s %s %s", n++ ? ", " : "", $at["name"], $at["downtime_ms"],
                $at["downtime_low_ms"], $at["downtime_high_ms"] - $at["unmonitored_ms"],
                $at["failures"]
        }'
}

while IFS= read -r line; do
    case $line in
    \#* | "")
        printf '%s\n' "$line"
        ;;
    *)
        story=${line%%:*}
        "$golden" --export "$work/ledger" "$(dirname "$file")/$story.txt"
        printf '%s: %s\n' "$story" "$(figures)"
        ;;
    esac
done <"$file" >"$work/told"
if [ -n "$write" ]; then
    cp "$work/told" "$file"
else
    diff -u "$file" "$work/told"
fi
