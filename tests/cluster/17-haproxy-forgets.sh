#!/bin/bash
# HAProxy restarts and forgets: it is told again, nobody calls it a failover.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

expect_exit 0 "a planned switchover" kirikae switchover calls --to osaka --reason drill
expect_soon 5000 "the map says mirror" map_is mirror
from=$(ledger_size)
proc_kill haproxy
haproxy_start
expect_soon 15000 "it is told again" map_is mirror
expect_soon 5000 "which the ledger says" ledger_has "$from" '.type == "reasserted"'
expect_moves "$from" 0
