#!/bin/bash
# The same, seen by the server's own coordinator, which watches the process. So do those of the
# other servers here: nothing has happened to theirs, and what they hint moves nothing.
# lab: LAB_LAYOUT=pair-1 LAB_PROFILE=fast LAB_INTERVAL=15s LAB_WATCH=process
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

believed_down() {
    ledger_from "$1" |
        jq -rs '[.[] | select(.type == "down") | .check] | unique | join(" ")'
}

seen_up() {
    ledger_has 0 ".type == \"up\" and .check == \"voice@$1\""
}

expect_soon 40000 "voice-1 has been probed" seen_up voice-1
expect_soon 40000 "mirror-1 has been probed" seen_up mirror-1
from=$(ledger_size)
story_bound=200
story_move kill-service:voice-1 mirror-1
story_proved "$from"
expect_moves "$from" 2
expect_equal "believed down" "$(believed_down "$from")" voice@voice-1
