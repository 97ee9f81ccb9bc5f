#!/bin/bash
# The ledger's export proves itself, and the month's report comes from it.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

work=$(mktemp -d "$LAB_DIR/ledger.XXXXXX")
export_good() {
    expect_exit 0 "export" kirikae audit export --format jsonl
    printf '%s\n' "$story_output" >"$work/good"
}
# tampered WHAT: the copy in $work/bad must be found out.
tampered() {
    expect_exit 1 "audit verify must find: $1" kirikae audit verify "$work/bad"
}

kirikae switchover calls --to osaka --reason 'a line more' >/dev/null
export_good
expect_exit 0 "verify" kirikae audit verify "$work/good"
lines=$(wc -l <"$work/good")
expect "there is a ledger" [ "$lines" -ge 5 ]

sed '3s/"term":[0-9]*/"term":77/' "$work/good" >"$work/bad"
tampered "an altered line"
sed 3d "$work/good" >"$work/bad"
tampered "a missing line"
awk 'NR == 3 { held = $0; next } { print } NR == 4 { print held }' "$work/good" >"$work/bad"
tampered "two lines in another order"
sed "$((lines - 1))d" "$work/good" >"$work/bad"
tampered "a missing last line"
head -n "$((lines / 2))" "$work/good" >"$work/bad"
tampered "half of it"

expect_exit 0 "export as CSV" kirikae audit export --format csv
expect_exit 0 "the month's report" kirikae sla report --month "$(TZ=Asia/Tokyo date +%Y-%m)" --json
expect "availability of calling and softphone" jq -e \
    '[.functions[] | select(.availability != null) | .name] == ["calling", "softphone"]' \
    <<<"$story_output" >/dev/null
expect_exit 2 "no such month" kirikae sla report --month 2026-13
