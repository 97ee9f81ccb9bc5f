#!/bin/bash
# kill -9 of the holder's daemon, of its helper, and of both: the address is never in two places,
# and never left where nobody renews it.
# lab: LAB_LAYOUT=vip LAB_PROFILE=fast
# needs: namespaces
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"
# shellcheck source=tests/cluster/lib/vip.sh
. "$(dirname "$0")/lib/vip.sh"

back() {
    expect 'all is back in tokyo' lab_reset
    expect 'callers are served by voice-1' caller_wait_served vip voice-1 5000
}

# The daemon is killed: its helper keeps the deadline.
caller_mark daemon
proc_kill coordinator.voice-1
expect 'callers are served by mirror-1' caller_wait_served vip mirror-1 15000
printf '    daemon killed: outage %s ms\n' "$(caller_outage vip)"
expect_at_most 'outage in ms' "$(caller_outage vip)" 2500
expect 'voice-1 has lost the address' vip_gone voice-1
expect 'it was never in two places' vip_never_twice
coordinator_start voice-1
expect_soon 20000 'all are heard again' ask_ready
expect 'voice-1 does not take it back' vip_gone voice-1
back

# The helper is killed, and started again as systemd would: it fences, and serves again.
caller_mark helper
proc_kill helper.voice-1
helper_start voice-1
expect_soon 10000 'somebody has the address' vip_anywhere >/dev/null
expect_soon 5000 'the route is served' ask_ready
# It may be nowhere for a moment while the new helper fences and takes it again.
served_again() {
    local where
    where=$(vip_anywhere) && caller_wait_served vip "$where" 1000
}
expect_soon 5000 'callers are served again' served_again
printf '    helper started anew: outage %s ms\n' "$(caller_outage vip)"
expect_at_most 'outage in ms' "$(caller_outage vip)" 3000
expect 'it was never in two places' vip_never_twice
[[ $(ask_active line) == tokyo ]] || back

# The helper is killed and stays away: the kernel takes the address, then the route moves.
caller_mark gone
proc_kill helper.voice-1
expect 'callers are served by mirror-1' caller_wait_served vip mirror-1 15000
printf '    helper gone: outage %s ms\n' "$(caller_outage vip)"
expect 'voice-1 has lost the address' vip_gone voice-1
expect 'it was never in two places' vip_never_twice
helper_start voice-1
expect_soon 20000 'all are heard again' ask_ready
