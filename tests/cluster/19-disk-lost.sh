#!/bin/bash
# A node that lost its disk rejoins and fetches the ledger.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

has_all() {
    local mine theirs
    mine=$(kirikae status --json --node mirror-3 |
        jq -c 'select(.node == "mirror-3") | [.ledger.size, .ledger.root, .ledger.stored]') &&
        theirs=$(kirikae status --json --node backup-2 |
            jq -c '[.ledger.size, .ledger.root, .ledger.size]') && [[ $mine == "$theirs" ]]
}

from=$(ledger_size)
proc_kill coordinator.mirror-3
node_lose_disk mirror-3
coordinator_start mirror-3
expect_soon 30000 "mirror-3 is heard again" ask_ready
expect_soon 15000 "it has the whole ledger" has_all
expect_soon 5000 "it came back under a new id, which the ledger says" \
    ledger_has "$from" '.type == "member" and .server == "mirror-3"'
