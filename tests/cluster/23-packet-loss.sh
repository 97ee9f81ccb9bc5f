#!/bin/bash
# A minute of 20 % packet loss between all servers: no failover.
# needs: namespaces
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

from=$(ledger_size)
caller_mark loss
fault_apply loss:20
sleep 60
fault_heal
expect_moves "$from" 0
expect "the callers are served by voice" callers_served voice- 5000
expect_at_most "outage in ms" "$(caller_outage http)" 1000
