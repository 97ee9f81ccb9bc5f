#!/bin/bash
# One of four services ends: the pool shrinks, nothing moves.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

pool_is() {
    [[ $(haproxy_pool voice | tr '\n' ' ') == "$1" ]]
}
names_are() {
    [[ $(dns_ask sip.call.example A | sed "s/^$LAB_NET.1./voice-/" | sort | tr '\n' ' ') == "$1" ]]
}

from=$(ledger_size)
fault_apply kill-service:voice-2
expect_soon 5000 "voice-2 leaves HAProxy's pool" pool_is 'voice-1 voice-3 voice-4 '
expect_soon 5000 "voice-2 leaves the name" names_are 'voice-1 voice-3 voice-4 '
caller_mark shrunk
expect "the callers are still served in tokyo" callers_served voice- 2000
expect_moves "$from" 0

endpoint_start voice-2
expect_soon 10000 "voice-2 is back in the pool" pool_is 'voice-1 voice-2 voice-3 voice-4 '
