#!/bin/bash
# The primary's service ends between two probes, 15 s apart. Its observers hold a connection
# each: that these break is no evidence, but all look at once.
# lab: LAB_LAYOUT=pair-1 LAB_PROFILE=fast LAB_INTERVAL=15s LAB_WATCH=hold
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

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
