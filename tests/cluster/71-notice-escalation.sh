#!/bin/bash
# An outage goes on: an Alertmanager has it as long as it lasts, and who is next is told, unless
# somebody acknowledges it. A receiver that refuses everything has another told in its place.
# lab: LAB_LAYOUT=site LAB_NOTICES=1
# needs: namespaces
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

outage() {
    local server
    for server in "${LAB_TOKYO[@]}" "${LAB_OSAKA[@]}"; do
        fault_apply "kill-service:$server"
    done
}
alerts_are() { # N
    [[ $(post_alerts | wc -l) == "$1" ]]
}
# It is told later than the manager would be.
lasts() {
    post_lines "$from" accepted lasting | jq -se 'any(.[].events[]; .event == "lasting")' >/dev/null
}
outage_of() { # FUNCTION
    id=$(kirikae incident list --json | jq --argjson from "$from" --arg function "$1" \
        '[.incidents[] | select(.outage >= $from and .function == $function)] | last.outage')
    [[ $id =~ ^[0-9]+$ ]]
}

post_forget
post_say desk 503
from=$(ledger_size) first=$from

# Nobody acknowledges.
outage
expect_soon 15000 'an Alertmanager has both functions' alerts_are 2
printf '    alert: %s\n' "$(post_alerts | head -n 1)"
expect_soon 20000 'the manager is told' post_told manager
expect_soon 15000 'it lasts' lasts
expect 'the manager once' post_requests_are manager 1
lab_reset || story_fail 'not calm again'
expect_soon 15000 'the alerts are resolved' alerts_are 0

# Somebody does.
from=$(ledger_size)
outage
expect_soon 10000 'calling has an outage' outage_of calling
expect_exit 0 'acknowledged' kirikae incident ack "$id" --reason 'on my way'
expect_soon 20000 'it lasts' lasts
expect 'the manager is not told again' post_requests_are manager 1
fault_heal

# One that refuses.
expect_soon 90000 'another is told in its place' post_told deputy
expect 'the ledger says so' post_line "$first" otherwise desk
post_say desk
