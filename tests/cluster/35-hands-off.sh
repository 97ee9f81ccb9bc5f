#!/bin/bash
# A route that moves too often is left alone until an operator acts.
# lab: LAB_LAYOUT=pair-1 LAB_PROFILE=fast LAB_HOLD=1/1h
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

from=$(ledger_size)
story_move kill-service:voice-1 mirror-1
endpoint_start voice-1
expect_soon 20000 "voice-1 is well again" ask_ready
fault_apply kill-service:mirror-1
expect_soon 10000 "the second move is withheld, which the ledger says" \
    ledger_has "$from" '.type == "held" and .route == "calls"'
expect_equal "active" "$(ask_active calls)" osaka
expect_exit 0 "an operator may move it" kirikae failover calls --to tokyo --reason 'by hand'
expect "the caller is served by voice-1" caller_wait_served http voice-1 5000
