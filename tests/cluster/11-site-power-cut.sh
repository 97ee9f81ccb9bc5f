#!/bin/bash
# All four servers of the primary site are killed at once.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

from=$(ledger_size)
story_move kill:tokyo mirror-
story_proved "$from"
expect_moves "$from" 2
