#!/bin/bash
# Windows of maintenance.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

# The node that is asked may be a little behind the leader.
listed() {
    id=$(kirikae maintenance list --json |
        jq -re '[.windows[] | select(.state == "planned")] | last | .window // empty')
}

soon=$(date -u -d '+1 hour' +%FT%TZ)
later=$(date -u -d '+2 hours' +%FT%TZ)
window=(kirikae maintenance add --functions calling --start "$soon" --end "$later" --reason patches)
expect_exit 1 "less than 14 days' notice is refused" "${window[@]}"
expect_exit 0 "unless overridden" "${window[@]}" --override-notice
expect_soon 5000 "it is in the list" listed
expect_exit 0 "an early end" kirikae maintenance end "$id" --reason 'not needed'
expect_exit 1 "a second end" kirikae maintenance end "$id" --reason 'again'
