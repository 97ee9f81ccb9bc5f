#!/bin/bash
# The service answers every probe, and its own software says that its function fails; later it says
# nothing at all, which is no better. Each time the route moves, for a failure on a server that
# lives.
# lab: LAB_LAYOUT=pair-1 LAB_PROFILE=fast LAB_WATCH=reports
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

moved_by_25() {
    ledger_has "$1" '.type == "intent" and .kind == "move" and .rule == 25'
}

# down_because FROM CHECK REASON
down_because() {
    ledger_has "$1" ".type == \"down\" and .check == \"$2\" and
        all(.ballots[] | select(.opinion == \"down\"); .reason == \"$3\")"
}

is_up_again() {
    ledger_has "$1" ".type == \"up\" and .check == \"$2\""
}

from=$(ledger_size)
caller_mark reports-failing
began=$(now_ms)
echo failing >"$LAB_DIR/said.voice-1"
expect "the callers are served by mirror-*" callers_served mirror- 5000
printf '    said failing (it speaks every 200 ms): served by the other after %s ms\n' \
    "$(($(now_ms) - began))"
expect_soon 3000 "the route moved by rule 25" moved_by_25 "$from"
expect_soon 3000 "the ballots say why: reported" down_because "$from" calls@voice-1 reported
expect_at_most "outage in ms: the old one goes on serving" "$(caller_outage http)" 100
story_proved "$from"

# An admin may speak for the software too, others may not.
expect_exit 0 "an admin reports" kirikae report calls@voice-1 failing --text 'by hand'
expect_exit 1 "a viewer may not" env KIRIKAE_CONFIG="$LAB_DIR/viewer.yaml" "$LAB_DIR/kirikae" \
    report calls@voice-1 ok
expect_exit 2 "there is no such check" kirikae report trunks@voice-1 ok
expect_exit 2 "no such state" kirikae report calls@voice-1 fine

from=$(ledger_size)
rm "$LAB_DIR/said.voice-1"
expect_soon 5000 "voice-1 is fit again" is_up_again "$from" calls@voice-1
began=$(now_ms)
echo nothing >"$LAB_DIR/said.mirror-1"
expect "the callers are served by voice-*" callers_served voice- 5000
printf '    said nothing more (ttl 1 s): served by the other after %s ms\n' "$(($(now_ms) - began))"
expect_soon 3000 "the ballots say why: expired" down_because "$from" calls@mirror-1 expired
expect_soon 3000 "the route moved by rule 25" moved_by_25 "$from"
