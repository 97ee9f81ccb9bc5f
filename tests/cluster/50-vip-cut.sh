#!/bin/bash
# The primary's site is cut off from the other sites, not from its callers: both could serve.
# The address leaves the old server, by its own helper, before the new one has it.
# lab: LAB_LAYOUT=vip LAB_PROFILE=fast
# needs: namespaces
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"
# shellcheck source=tests/cluster/lib/vip.sh
. "$(dirname "$0")/lib/vip.sh"

from=$(ledger_size)
expect 'voice-1 has the address' vip_at voice-1
caller_mark cut
vip_cut 1
expect 'callers are served by mirror-1' caller_wait_served vip mirror-1 15000
expect_at_most 'outage in ms at the address' "$(caller_outage vip)" 2500
printf '    outage: %s ms, of them without the address anywhere: %s ms\n' "$(caller_outage vip)" \
    "$(vip_gap voice-1 mirror-1)"
expect 'voice-1 has lost it' vip_gone voice-1
expect 'it was never in two places' vip_never_twice
expect_soon 5000 'the move is verified' ledger_has "$from" \
    '.type == "verified" and .route == "line" and .to == "osaka"'
net_heal
expect_soon 20000 'all are heard again' ask_ready
expect 'voice-1 does not take it back' vip_gone voice-1
expect 'it was never in two places' vip_never_twice
