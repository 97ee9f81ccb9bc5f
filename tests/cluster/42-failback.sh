#!/bin/bash
# A preferred candidate that is well again takes the route back, after its hold-down.
# lab: LAB_LAYOUT=site LAB_PROFILE=fast LAB_FAILBACK=4s
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

back() {
    [[ $(ask_active calls) == tokyo && $(ask_active softphones) == tokyo ]]
}

from=$(ledger_size)
story_move hang:tokyo mirror-
expect_equal "active" "$(ask_active calls)" osaka
caller_mark back
healed=$(now_ms)
fault_heal
expect_soon 20000 "the routes go back by themselves" back
expect "not before the hold-down is over" test "$(($(now_ms) - healed))" -ge 4000
expect "the callers are served by voice-*" callers_served voice- 10000
expect_at_most "outage in ms through HAProxy" "$(caller_outage http)" 1000
expect "by the row for failback, and planned" ledger_has "$from" \
    '.type == "intent" and .route == "calls" and .to == "tokyo" and .rule == 42 and .planned'
expect_moves "$from" 4
