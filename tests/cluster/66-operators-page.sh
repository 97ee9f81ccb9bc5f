#!/bin/bash
# The operators' page: who may see it, what it shows of a fault, and that it stays up.
# lab: LAB_LAYOUT=site LAB_WEB=1
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

# page NODE PATH: as somebody on that server sees it.
page() {
    lab_on "$1" curl -sS --max-time 5 "http://$(node_loopback "$1"):7401$2"
}

# by OPERATOR NODE PATH: from elsewhere, by the node's own port; none: without a certificate.
by() {
    local cert=()
    [[ $1 == none ]] || cert=(--cert "$LAB_DIR/certs/$1.pem" --key "$LAB_DIR/certs/$1.key")
    lab_on caller curl -sS --fail --max-time 5 --cacert "$LAB_DIR/certs/ca.pem" "${cert[@]}" \
        "https://$(lab_address "$2"):7400$3"
}

# has TEXT COMMAND...: what it prints has that in it.
has() {
    local text=$1 printed
    shift
    printed=$("$@" 2>/dev/null) && grep -qE -- "$text" <<<"$printed"
}

has_not() {
    local text=$1 printed
    shift
    printed=$("$@" 2>/dev/null) && ! grep -qE -- "$text" <<<"$printed"
}

# ---- who may see it ----

for operator in suzuki tanaka; do
    expect "$operator sees the page" has 'id="routes"' by "$operator" mirror-2 /ops
done
expect_exit 56 "without a certificate there is nothing" by none mirror-2 /ops
expect "every node has it, on loopback" has 'id="coverage"' page voice-4 /ops
if [[ $LAB_MODE == netns ]]; then
    expect_exit 7 "only there" lab_on caller curl -sS --max-time 5 \
        "http://$(lab_address voice-4):7401/ops"
fi
expect "it is read-only" [ "$(lab_on voice-4 curl -s -o /dev/null -w '%{http_code}' -X POST \
    "http://$(node_loopback voice-4):7401/ops")" = 405 ]
expect_equal "servers in the JSON" "$(page backup-2 /ops.json | jq '.nodes.nodes | length')" 12
expect_soon 10000 "the budget is there" has 'class="budget"' page backup-2 /ops/en
expect_equal "the budget is what sla status says" \
    "$(page backup-2 /ops.json | jq -c '[.sla.budgets[] | [.name, .allowed_ms, .used_ms]]')" \
    "$(kirikae sla status --json | jq -c '[.budgets[] | [.name, .allowed_ms, .used_ms]]')"

# ---- a fault ----

: >"$LAB_DIR/stream"
lab_on backup-3 curl -sSN --max-time 60 "http://$(node_loopback backup-3):7401/ops/en/events" \
    >"$LAB_DIR/stream" 2>/dev/null &
stream=$!
trap 'kill $stream 2>/dev/null || true' EXIT
streamed() {
    grep -qF "$1" "$LAB_DIR/stream"
}
expect_soon 5000 "the stream brings all parts" streamed '"coverage":"<table'
expect "nothing is down" has_not 'class="cell bad">down' page backup-3 /ops/en
fault_apply kill:voice-2
expect_soon 2000 "another server's page shows it" has 'not heard here|silent since' \
    page mirror-1 /ops/en
expect_soon 2000 "the stream, too" streamed 'cell bad\">down'
expect_soon 3000 "with the ballots of the verdict" has 'voice[a-z-]*@voice-2' \
    page mirror-1 /ops/en

# ---- no quorum ----

for server in voice-{1,3,4} mirror-{1..4}; do
    proc_signal KILL "coordinator.$server"
done
expect_soon 5000 "the page is up and says that there is no quorum" \
    has '<strong>No quorum</strong> – since <time' page backup-3 /ops/en
expect "in Japanese, too" has '過半数の合意が取れません' page backup-3 /ops
expect_soon 2000 "the stream says so" streamed '<strong>No quorum</strong>'
expect "an operator's browser still comes in" has 'No quorum' by tanaka backup-1 /ops/en
fault_heal
expect_soon 30000 "and that it is over" has_not 'No quorum' page backup-3 /ops/en
