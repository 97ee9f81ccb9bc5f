#!/bin/bash
# Metrics of an exclusive route: who may serve and for how long, by its own and by others' word,
# before and after a switchover.
# lab: LAB_LAYOUT=vip LAB_WEB=1
# needs: namespaces
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

# The value of one series on a node's page; nothing when it is not there.
metric() { # NODE SERIES
    lab_on caller curl -sf "http://$(lab_address "$1"):9465/metrics" |
        awk -v series="$2" '{ value = $NF; sub(/ [^ ]*$/, "") } $0 == series { print value }'
}

is() { # NODE SERIES VALUE
    [[ $(metric "$1" "$2") == "$3" ]]
}

positive() { # NODE SERIES
    [[ $(metric "$1" "$2") =~ ^[0-9.]*[1-9] ]]
}

serves() { # HOLDER OTHER
    expect_soon 5000 "$1 may serve" positive "$1" 'kirikae_route_grant_seconds{route="line"}'
    expect_soon 5000 "$2 may not" is "$2" 'kirikae_route_grant_seconds{route="line"}' 0
    expect_soon 5000 "a third one heard of the promise" \
        positive backup-1 "kirikae_route_promise_seconds{route=\"line\",server=\"$1\"}"
    expect_soon 5000 "… and that it is kept" \
        is backup-1 "kirikae_route_serves{route=\"line\",server=\"$1\"}" 1
    expect_equal "who is not placed promises nothing" \
        "$(metric backup-1 "kirikae_route_promise_seconds{route=\"line\",server=\"$2\"}")" ''
    expect_soon 5000 "nobody has lapsed" is backup-1 'kirikae_route_members_lapsed{route="line"}' 0
}

serves voice-1 mirror-1
epoch=$(metric backup-1 'kirikae_route_epoch{route="line"}')
expect_exit 0 "a switchover" kirikae switchover line --to osaka --reason 'metrics'
serves mirror-1 voice-1
expect_equal "the epoch" "$(metric backup-1 'kirikae_route_epoch{route="line"}')" "$((epoch + 1))"
expect_equal "who is active" \
    "$(metric backup-1 'kirikae_route_active{route="line",candidate="osaka"}')" 1
leader=$(ask_leader)
expect "the operator was counted" \
    positive "$leader" 'kirikae_commands_total{command="switchover"}'
