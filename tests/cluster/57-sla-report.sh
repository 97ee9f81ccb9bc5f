#!/bin/bash
# A month's report out of a real outage: the cluster's and an export's are the same byte for byte;
# what an operator says later makes the next edition, and the first can still be made; an altered
# export makes none. The month is over early because the contract ends in it.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

month=$(TZ=Asia/Tokyo date +%Y-%m)
work=$(mktemp -d "$LAB_DIR/sla.XXXXXX")
closed() {
    [[ $(kirikae incident show "$1" --json | jq -r .state) == closed ]]
}
outage_of() {
    kirikae incident list --json |
        jq -e --argjson from "$1" --arg function "$2" \
            '[.incidents[] | select(.outage >= $from and .function == $function)] | last | .outage' \
            >"$LAB_DIR/outage"
}
# report FILE ARGUMENT...
report() {
    local file=$1
    shift
    kirikae sla report --month "$month" --format json "$@" >"$file"
}
export_to() {
    kirikae audit export --format jsonl -o "$1" >/dev/null
}
down_ms() {
    jq '.functions[] | select(.name == "calling") | .downtime_ms' "$1"
}
edition_is() {
    report "$work/newest" --contract "$work/contract.json"
    [[ $(jq -r '"\(.edition) \(.provisional)"' "$work/newest") == "$1 $2" ]]
}

# ---- an outage, and the contract that the ledger has ----

from=$(ledger_size)
begun=$(date -u +%Y-%m-%dT%H:%M:%SZ)
story_move kill:tokyo mirror-
expect_soon 5000 "calling has an outage" outage_of "$from" calling
id=$(cat "$LAB_DIR/outage")
expect_soon 10000 "which is over" closed "$id"
lab_reset || story_fail "not calm again"
as_of=$(date -u +%Y-%m-%dT%H:%M:%SZ)
report "$work/asked" --as-of "$as_of"
export_to "$work/export"
report "$work/read" --as-of "$as_of" --from "$work/export"
expect "an export alone gives the same report" cmp "$work/asked" "$work/read"
expect "which says whose contract" jq -e '.contract_from | test("^entry [0-9]+ of the ledger$")' \
    "$work/read" >/dev/null
expect "there is downtime" [ "$(down_ms "$work/read")" -gt 0 ]
expect_exit 0 "how the month stands" kirikae sla status --json
expect "an hour is worse" jq -e '.budgets[0] | .after_an_hour.availability != .as_it_is.availability' \
    <<<"$story_output" >/dev/null

# ---- the month is over: edition 1 ----

past() {
    [[ $(date -u +%s) -gt $(date -u -d "$1" +%s) ]]
}

differ() {
    ! cmp -s "$1" "$2"
}

until=$(date -u -d '2 seconds' +%Y-%m-%dT%H:%M:%SZ)
cat >"$work/contract.json" <<END
{"contract": {"name": "short", "target": "99.9", "functions": ["calling", "softphone"],
  "services": [{"name": "centre", "critical": ["calling"]}], "excluded_causes": ["attack"],
  "valid_from": "$begun", "valid_until": "$until"}}
END
expect "not yet" edition_is 1 true
wait_until 5000 100 past "$until"
expect_exit 0 "a line behind the month" kirikae incident annotate "$id" --note 'looked into'
expect_soon 5000 "the first edition is final" edition_is 1 false
cp "$work/newest" "$work/first"
expect "its downtime" [ "$(down_ms "$work/first")" -gt 0 ]

# ---- amended: edition 2, and the first once more ----

expect_exit 0 "amended" kirikae incident amend "$id" --cause attack --reason 'a flood from outside'
expect_soon 5000 "the second edition" edition_is 2 false
expect_equal "downtime of the second" "$(down_ms "$work/newest")" 0
report "$work/again" --contract "$work/contract.json" --edition 1
expect "the first is made again" cmp "$work/first" "$work/again"
export_to "$work/export"
for edition in 1 2; do
    report "$work/asked" --contract "$work/contract.json" --edition "$edition"
    report "$work/read" --contract "$work/contract.json" --edition "$edition" --from "$work/export"
    expect "edition $edition out of the export" cmp "$work/asked" "$work/read"
done
expect_exit 2 "there is no third" kirikae sla report --month "$month" --edition 3 \
    --contract "$work/contract.json" --from "$work/export"
expect_exit 0 "what changed" kirikae sla diff --month "$month" --edition 1 2 \
    --contract "$work/contract.json" --from "$work/export"
expect "the line and who" grep -q "outage $id: cause provider -> attack (suzuki: a flood" \
    <<<"$story_output"
expect "the figure" grep -q 'function calling: downtime .* -> 0:00:00.000' <<<"$story_output"

# ---- an altered export ----

# The name of the function that the outage is of: its end makes no sense then, far behind.
sed "/\"type\":\"open\",\"outage\":$id,/s/\"function\":\"calling\"/\"function\":\"colling\"/" \
    "$work/export" >"$work/bad"
expect "it is altered" differ "$work/export" "$work/bad"
expect_exit 1 "no report" kirikae sla report --month "$month" --contract "$work/contract.json" \
    --from "$work/bad"
expect "but its name" grep -q "entry $id was altered" <<<"$story_output"
