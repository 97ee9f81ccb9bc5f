#!/bin/bash
# The whole primary site is cut off, and later heals: traffic moves once and stays.
# needs: namespaces
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

from=$(ledger_size)
story_move cut:tokyo mirror-
expect_soon 5000 "HAProxy's map says mirror" map_is mirror
expect_moves "$from" 2
story_proved "$from"

fault_heal
expect_soon 30000 "all are heard again" ask_ready
expect "nothing moves back by itself" callers_served mirror- 2000
expect_moves "$from" 2
