#!/bin/bash
# What operators say of an outage afterwards: who may, of what, and that it stays when the leader
# that took it dies. An export alone shows the same.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

# What a command says when it is refused.
expect_says() {
    local what=$1 part=$2 said
    shift 2
    said=$("$@" 2>&1 >/dev/null) && story_fail "$what: done, not refused"
    [[ $said == *"$part"* ]] || story_fail "$what: \"$said\""
    printf '  %s: %s\n' "$what" "$said"
}
closed() {
    [[ $(kirikae incident show "$1" --json | jq -r .state) == closed ]]
}
# The newest outage of a function since a line; whoever answers may be a little behind.
outage_of() {
    kirikae incident list --json |
        jq -e --argjson from "$1" --arg function "$2" \
            '[.incidents[] | select(.outage >= $from and .function == $function)] | last | .outage' \
            >"$LAB_DIR/outage"
}
shown() {
    kirikae incident show "$id" --json | jq -e "$1" >/dev/null
}

# ---- an outage, with the move that ended it ----

from=$(ledger_size)
story_move kill:tokyo mirror-
expect_soon 5000 "calling has an outage" outage_of "$from" calling
id=$(cat "$LAB_DIR/outage")
expect_soon 10000 "which is over" closed "$id"
lab_reset || story_fail "not calm again"

# ---- amended, by who may, and only an outage ----

expect_exit 0 "rehearsed" kirikae incident amend "$id" --cause attack --reason r --dry-run
expect_exit 0 "amended" kirikae incident amend "$id" --cause force-majeure --severity severe \
    --reason 'the site had no power'
expect_exit 0 "a note" kirikae incident annotate "$id" --note 'see the utility'"'"'s notice'
expect_says "a viewer may not" 'which may not incident-amend' \
    env KIRIKAE_CONFIG="$LAB_DIR/viewer.yaml" "$LAB_DIR/kirikae" incident amend "$id" --cause attack --reason r
expect_says "the entry before is none" 'is no outage: it is ' \
    kirikae incident amend "$((id - 1))" --cause attack --reason r
for node in voice-1 mirror-1 backup-1; do # whoever is asked
    expect_says "likewise at $node" 'is no outage: it is ' \
        kirikae incident annotate "$((id - 1))" --note n --node "$node"
done

# ---- it stays ----

old=$(ask_leader)
fault_apply "kill-coordinator:$old"
# shellcheck disable=SC2016 # eval expands it, each time anew
expect_soon 10000 "another leads" eval 'new=$(ask_leader); [[ -n $new && $new != "$old" ]]'
expect_soon 10000 "the amendment stands" shown \
    '.severity == "severe" and .cause == "force-majeure" and .first.cause == "provider"'
expect "with who and why" shown '.said[0] | .who == "suzuki" and .reason == "the site had no power"'
expect "and the note" shown '.said[1].text == "see the utility'"'"'s notice"'
expect "its evidence" shown '.grounds.type == "down" and (.grounds.ballots | length) > 0'
expect "and the move" shown '.moves[0] | .to == "osaka" and .verified != null'
expect_exit 0 "amended again, at the new leader" kirikae incident amend "$id" --cause provider \
    --reason 'our own switch'
expect_soon 5000 "the newest word holds" shown '.severity == "severe" and .cause == "provider"'
kirikae incident list --month "$(TZ=Asia/Tokyo date +%Y-%m)" --json |
    jq -e --argjson id "$id" '.incidents[] | select(.outage == $id)' >/dev/null ||
    story_fail "it is not in this month's list"

# ---- an export alone ----

expect_exit 0 "exported" kirikae audit export --format jsonl -o "$LAB_DIR/incident.jsonl"
kirikae incident show "$id" --json >"$LAB_DIR/asked.json"
kirikae incident show "$id" --json --from "$LAB_DIR/incident.jsonl" >"$LAB_DIR/read.json"
expect "it shows the same" cmp "$LAB_DIR/asked.json" "$LAB_DIR/read.json"
