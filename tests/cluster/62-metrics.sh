#!/bin/bash
# A Prometheus beside the cluster asks all coordinators, and shows a failover: who answers, where
# the route went, its epoch, the leader, and what alerts make of it.
# lab: LAB_LAYOUT=site LAB_WEB=1
# needs: namespaces
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"
dir=$LAB_DIR/prometheus

prometheus_start() {
    local server
    mkdir -p "$dir"
    cp "$LAB_TOP/deploy/prometheus/alerts.yml" "$dir"
    {
        printf 'global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [alerts.yml]\n'
        printf 'scrape_configs:\n  - job_name: kirikae\n    static_configs:\n'
        for server in "${LAB_SERVERS[@]}"; do
            printf '      - {targets: ["%s:9465"], labels: {instance: %s, cluster: lab}}\n' \
                "$(lab_address "$server")" "$server"
        done
    } >"$dir/prometheus.yml"
    proc_start prometheus caller prometheus --config.file="$dir/prometheus.yml" \
        --storage.tsdb.path="$dir/data" --web.listen-address=127.0.0.1:9090
}

# What a query gives: a line for each series, LABEL=VALUE... and its value.
ask() {
    lab_on caller curl -sfG --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query |
        jq -r '.data.result[] | (.metric | del(.__name__) | to_entries | map("\(.key)=\(.value)")
            | join(" ")) + " " + .value[1]' | sort
}

says() { # QUERY LINES
    local got
    got=$(ask "$1" 2>/dev/null) && [[ $got == "$2" ]]
}

# says, within a few scrapes.
expect_says() { # WHAT QUERY LINES
    wait_until 15000 200 says "$2" "$3" ||
        story_fail "$1: $(ask "$2" 2>&1) instead of $3"
}

page() {
    lab_on caller curl -sf "http://$(lab_address "$1"):9465/metrics"
}

# On the whole cluster, as Prometheus sees it: what route calls is, and by how many said so.
active='count by (candidate) (kirikae_route_active{route="calls"} == 1)'
epoch='max(kirikae_route_epoch{route="calls"})'
leaders='count by (instance) (kirikae_raft_is_leader == 1)'

prometheus_start
expect_says "all are asked" 'sum(up)' ' 12'
page backup-1 >"$dir/page"
expect "its own tools take a page" "$LAB_TOP/tests/metrics/page.sh" "$dir/page"
expect_equal "type of the page" \
    "$(lab_on caller curl -so /dev/null -w '%{content_type}' "http://$(lab_address backup-1):9465/metrics")" \
    'application/openmetrics-text; version=1.0.0; charset=utf-8'
expect_says "calls are in tokyo" "$active" 'candidate=tokyo 12'
leader=$(ask_leader)
expect_says "the leader is $leader" "$leaders" "instance=$leader 1"
expect_says "all go by one ledger" 'count(count_values("root", kirikae_ledger_root))' ' 1'
expect_says "no beats are lost in calm" 'max(rate(kirikae_peer_beats_lost_total[5s])) > 0.5' ''
expect_says "nothing is wrong" 'ALERTS{alertstate="firing",severity!="info"}' ''
before=$(ask "$epoch")

fault_apply kill:tokyo
expect "the callers are served by mirror" callers_served mirror- 15000
expect_says "four do not answer" 'count(up == 0)' ' 4'
expect_says "calls are in osaka" "$active" 'candidate=osaka 8'
expect_says "a new epoch" "$epoch" " $((before + 1))"
expect_says "the leader stays" "$leaders" "instance=$leader 1"
expect_says "the quorum is there" 'count(kirikae_raft_quorum == 1)' ' 8'
expect_says "checks of tokyo are down" 'count(min by (check) (kirikae_check_up) == 0)' ' 4'
expect_says "the leader counted ballots for it" \
    'count(kirikae_check_votes{opinion="down"} > 5)' ' 4'
expect_says "the move took less than 5 s" \
    'max(kirikae_route_move_duration_seconds{route="calls"}) < bool 5' ' 1'
expect_says "an alert tells of it" \
    'count(ALERTS{alertname="KirikaeRouteMoved",alertstate="firing",route="calls"})' ' 1'
expect_says "others wait for their time" \
    'count(ALERTS{alertname="KirikaeNodeDown",alertstate="pending"})' ' 4'
expect_says "no candidate but osaka is ready" \
    'max without (instance) (kirikae_candidate_ready{route="calls"}) and on (candidate) (kirikae_route_active{route="calls"} == 0)' \
    'candidate=tokyo cluster=lab job=kirikae route=calls 0'

fault_heal
expect_says "all answer again" 'sum(up)' ' 12'
expect_says "who came back knows where calls are" "$active" 'candidate=osaka 12'
expect_says "all go by one ledger again" \
    'count(count_values("root", kirikae_ledger_root and on (instance) (kirikae_ledger_root_lines == scalar(max(kirikae_ledger_root_lines)))))' ' 1'
printf '    a page: %s bytes, %s series, at most %s us on the loop\n' \
    "$(page "$leader" | wc -c)" "$(ask 'max(kirikae_metrics_page_series)' | tr -d ' ')" \
    "$(ask 'ceil(max(max_over_time(kirikae_metrics_page_duration_seconds[1m])) * 1e6)' | tr -d ' ')"
proc_stop prometheus
