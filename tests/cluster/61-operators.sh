#!/bin/bash
# Who comes to the operators' pages: with a person's certificate at the node's own port, or
# from the machine itself. A name that leads astray, a node's certificate and none are refused.
# needs: namespaces
# lab: LAB_LAYOUT=site LAB_WEB=1
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

address=$(lab_address mirror-1)

# by NAME CURL-ARGUMENTS...: status of a request with this certificate from another site.
by() {
    local name=$1
    shift
    lab_on backup-1 curl -s --max-time 5 -o /dev/null -w '%{http_code}' \
        --cacert "$LAB_DIR/certs/ca.pem" --cert "$LAB_DIR/certs/$name.pem" \
        --key "$LAB_DIR/certs/$name.key" "$@" || true
}
from_there() {
    lab_on mirror-1 curl -s --max-time 5 -o /dev/null -w '%{http_code}' "$@" || true
}
refusals() {
    kirikae status --json --node mirror-1 | jq .counters.refused
}
refused_more_than() {
    (($(refusals) > $1))
}

from=$(ledger_size)
expect_equal "a viewer" "$(by tanaka "https://$address:7400/ops")" 200
expect_equal "an admin" "$(by suzuki "https://$address:7400/metrics")" 200
expect_equal "what is not there" "$(by tanaka "https://$address:7400/secret")" 404
expect_equal "other methods" "$(by suzuki -X POST -d x "https://$address:7400/metrics")" 405

before=$(refusals)
expect_equal "a node" "$(by mirror-2 "https://$address:7400/metrics")" 000
expect_soon 5000 "it is counted" refused_more_than "$before"
before=$(refusals)
got=$(lab_on backup-1 curl -s --max-time 5 -o /dev/null -w '%{http_code}' \
    --cacert "$LAB_DIR/certs/ca.pem" "https://$address:7400/metrics" || true)
expect_equal "nobody" "$got" 000
expect_soon 5000 "it is counted" refused_more_than "$before"

local_address=$(node_loopback mirror-1)
expect_equal "the machine itself" "$(from_there "http://$local_address:7401/metrics")" 200
expect_equal "another name" \
    "$(from_there -H 'Host: evil.example' "http://$local_address:7401/metrics")" 421
expect_equal "operators' pages elsewhere" "$(by tanaka "http://$address:7401/metrics")" 000
expect_equal "metrics to the public" "$(from_there "http://$address:8081/metrics")" 404

# A node that is stopped does not wait for those who hang on.
proc_start listens backup-1 curl -sN --cacert "$LAB_DIR/certs/ca.pem" \
    --cert "$LAB_DIR/certs/tanaka.pem" --key "$LAB_DIR/certs/tanaka.key" \
    "https://$address:7400/ops/events"
proc_start rude-public backup-1 "$LAB_BUILD/tests/tools/rude" "$address" 8081 / 6
proc_start rude-metrics backup-2 "$LAB_BUILD/tests/tools/rude" "$address" 9465 /metrics 6
expect_soon 5000 "events come" grep -q '^data: ' "$LAB_DIR/log/listens.log"
sleep 1
began=$(now_ms)
proc_signal TERM coordinator.mirror-1
expect "it ends" proc_wait_gone 8000 coordinator.mirror-1
expect_at_most "ms until it has" "$(($(now_ms) - began))" 4500
expect "who listened is hung up on" proc_wait_gone 5000 listens
coordinator_start mirror-1
expect_soon 20000 "it is heard again" ask_ready
expect_soon 70000 "the ledger counts refusals" \
    ledger_has "$from" '.category == "security" and .server == "mirror-1"'
