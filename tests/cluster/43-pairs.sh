#!/bin/bash
# A site-wide route and the pairs voice-N, mirror-N that follow it, each with a map of its own.
# lab: LAB_LAYOUT=site LAB_PROFILE=fast LAB_PAIRS=1
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

# pairs_say N WORD...: what the maps of the pairs say, as HAProxy has them.
pairs_say() {
    local n=0 word
    for word in "$@"; do
        n=$((n + 1))
        [[ $(haproxy_map active "pair-$n") == "pair-$n-$word" ]] || return 1
    done
}

from=$(ledger_size)
fault_apply kill-service:voice-1
expect_soon 5000 "the pair of voice-1 moves" pairs_say mirror voice voice voice
expect "and it alone" map_is voice
endpoint_start voice-1
expect_soon 20000 "voice-1 is well again" ask_ready
story_move kill:tokyo mirror-
expect_soon 5000 "the other pairs go with their site" pairs_say mirror mirror mirror mirror
expect "one at least without a verdict of its own" \
    test "$(ledger_count "$from" '.type == "intent" and .rule == 28')" -ge 1
fault_heal
expect_soon 30000 "all is well again" ask_ready
expect_exit 0 "an operator leads the site back" \
    kirikae switchover calls --to tokyo --reason 'all is well'
expect_soon 5000 "and the pairs with it" pairs_say voice voice voice voice
