#!/bin/bash
# The operators' page of an exclusive route: who holds it, and how long its promise lasts.
# lab: LAB_LAYOUT=vip LAB_WEB=1
# needs: namespaces
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

# held_by SERVER NODE: that node's page says that the server serves, and for how much longer.
held_by() {
    local html
    html=$(lab_on "$2" curl -sS --max-time 5 "http://$(node_loopback "$2"):7401/ops/en" 2>/dev/null) &&
        grep -qE "<bdi>$1</bdi> <span class=\"good\">serves</span> [0-9]+ ms left" <<<"$html"
}

for node in voice-1 mirror-1 backup-3; do
    expect_soon 3000 "$node's page names the holder and what is left of its promise" \
        held_by voice-1 "$node"
done
fault_apply silence:voice-1
expect_soon 5000 "the next holder is named" held_by mirror-1 backup-3
expect "nobody else says that voice-1 serves" [ "$(held_by voice-1 backup-3 && echo yes)" = "" ]
