#!/bin/bash
# The servers' observers see the primary down, the callers are served by it: a route that asks
# the callers' own check stays where it is, one that does not ask moves. What really fails moves.
# needs: namespaces
# lab: LAB_LAYOUT=pair-1 LAB_PROFILE=fast LAB_WATCH=callers
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

moves_of() {
    ledger_count "$1" ".type == \"intent\" and .kind == \"move\" and .route == \"$2\""
}
active_is() {
    [[ $(ask_active "$1") == "$2" ]]
}

from=$(ledger_size)
caller_mark blind
net_blind voice-1
expect_soon 5000 "the observers believe it down" ledger_has "$from" \
    '.type == "down" and .check == "voice@voice-1"'
expect_soon 5000 "the ledger says that the callers are served" ledger_has "$from" \
    '.type == "callers-served" and .route == "calls"'
expect_soon 5000 "the route that does not ask them has moved" active_is softphones osaka
expect_equal "moves of the route that asks" "$(moves_of "$from" calls)" 0
expect_exit 0 "explain" kirikae explain --why-not calls
[[ $story_output == *64* ]] || story_fail "row 64 explains it: $story_output"
expect_at_most "outage in ms" "$(caller_outage http)" 100

caller_mark fails
fault_apply kill-service:voice-1
expect "the callers are served by mirror-*" caller_wait_served http mirror- 15000
printf '    failed while in dispute: outage %s ms\n' "$(caller_outage http)"
expect_at_most "outage in ms" "$(caller_outage http)" 2000

lab_reset || story_fail "not calm again"
from=$(ledger_size)
for fault in kill-service:voice-1 silence:voice-1; do
    story_move "$fault" mirror-1
    story_proved "$from"
    lab_reset || story_fail "not calm again after $fault"
    from=$(ledger_size)
done
