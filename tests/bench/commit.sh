#!/bin/bash
# How long one entry takes to be committed, one after the other over one connection: kirikae
# with its twelve coordinators and TLS, and etcd with eleven members and none, on the same
# hosts, in turn. Both leaders are asked from their own host. "ask" is what a question without
# a commit takes; "cpu" is the processor time that a commit and a question cost all nodes
# together, beyond what they use when idle: it depends less than the rest on what else runs. A
# JSON line for each round, and one of the medians with the ratios.
#
#   commit.sh [--rounds N] [--commits N]
#
# Default: 5 rounds of 100 commits. Installs etcd when it is missing.
set -euo pipefail
here=$(dirname "$0")
# shellcheck source=tests/bench/lib.sh
. "$here/lib.sh"
# shellcheck source=deploy/lib/install.sh
. "$here/../../deploy/lib/install.sh"
# shellcheck source=tests/bench/peers/etcd.sh
. "$here/peers/etcd.sh"

rounds=5 commits=100

load() {
    cut -d ' ' -f 1 /proc/loadavg
}

kirikae_round() {
    local leader
    leader=$(ask_leader)
    lab_on "$leader" timeout 120 "$LAB_BUILD/tests/bench/commit_bench" "$LAB_DIR/cluster.yaml" \
        "$LAB_DIR/certs/"{ca.pem,suzuki.pem,suzuki.key} "$leader" "$commits"
}

etcd_leads() {
    [[ $(lab_on "$1" curl -s -m 2 -d '{}' "http://$(lab_address "$1"):2379/v3/maintenance/status" |
        jq -r '.leader == .header.member_id') == true ]]
}

etcd_leader() {
    local host
    for host in "${PEER_MEMBERS[@]}"; do
        ! etcd_leads "$host" || printf '%s\n' "$host"
    done | head -n 1
}

# etcd_asks HOST PATH JSON: microseconds of each, sorted.
etcd_asks() {
    local url n
    url=http://$(lab_address "$1"):2379/v3/kv/$2
    for ((n = 0; n < commits + 20; n++)); do
        ((n == 0)) || echo next
        printf 'url = "%s"\ndata = "%s"\noutput = /dev/null\n' "$url" "${3//\"/\\\"}"
        printf 'write-out = "%%{time_total}\\n"\n'
    done | lab_on "$1" timeout 120 curl -s -K - | tail -n "+21" | sort -g
}

# 200 bytes, about what an entry has.
etcd_round() {
    local host value
    host=$(etcd_leader)
    value=$(head -c 150 /dev/zero | base64 -w 0)
    jq -cn --argjson n "$commits" \
        --argjson put "$(etcd_asks "$host" put "{\"key\":\"YQ==\",\"value\":\"$value\"}" | jq -s .)" \
        --argjson ask "$(etcd_asks "$host" range '{"key":"YQ==","serializable":true}' | jq -s .)" '
        def us: . * 1000000 | round;
        {n: $n, p50_us: $put[$n / 2 | floor] | us, p99_us: $put[$n * 99 / 100 | floor] | us,
         ask_p50_us: $ask[$n / 2 | floor] | us}'
}

etcd_up() {
    local host
    PEER_HEARTBEAT=100 PEER_ELECTION=1000
    peer_members 11
    for host in "${PEER_MEMBERS[@]}"; do
        peer_etcd "$host"
    done
    wait_until 30000 200 peer_healthy || lab_fail 'etcd is not healthy within 30 s'
}

# Microseconds of processor time that all processes named $1.* have used.
cpu_us() {
    local name pid sum=0
    while read -r name; do
        [[ $name == "$1."* ]] || continue
        pid=$(proc_pid "$name") || continue
        sum=$((sum + $(cat "/proc/$pid/task/"*/schedstat 2>/dev/null |
            awk '{ ns += $1 } END { printf "%d", ns / 1000 }')))
    done < <(proc_names)
    printf '%s\n' "$sum"
}

# round_of SYSTEM PROCESSES
round_of() {
    local us_per_s cpu began took result
    cpu=$(cpu_us "$2")
    sleep 1
    us_per_s=$(($(cpu_us "$2") - cpu))
    cpu=$(cpu_us "$2") began=$(now_ms)
    result=$("$1_round")
    took=$(($(now_ms) - began))
    cpu=$(($(cpu_us "$2") - cpu - us_per_s * took / 1000))
    jq -c --arg system "$1" --argjson cpu "$((cpu / (commits + 20)))" --arg load "$(load)" \
        '{system: $system} + . + {cpu_us: $cpu, load: ($load | tonumber)}' <<<"$result" |
        tee -a "$LAB_DIR/results"
}

main() {
    local n
    while (($#)); do
        case $1 in
        --rounds | --commits) printf -v "${1#--}" '%s' "$2" ;;
        *) sed -n 's/^#   //p' "$0" >&2 && exit 2 ;;
        esac
        shift 2
    done
    install_packages run peers >&2
    bench_traps
    bench_lab PROFILE=normal
    etcd_up
    for ((n = 0; n < rounds; n++)); do
        round_of kirikae coordinator
        round_of etcd etcd
    done
    jq -cs '
        def of(s; f): map(select(.system == s) | f) | sort | .[length / 2 | floor];
        {summary: "commit", kirikae_p50_us: of("kirikae"; .p50_us), etcd_p50_us: of("etcd"; .p50_us),
         kirikae_ask_us: of("kirikae"; .ask_p50_us), etcd_ask_us: of("etcd"; .ask_p50_us),
         kirikae_cpu_us: of("kirikae"; .cpu_us), etcd_cpu_us: of("etcd"; .cpu_us)}
        | .ratio = (.kirikae_p50_us / .etcd_p50_us * 100 | round / 100)
        | .cpu_ratio = (.kirikae_cpu_us / .etcd_cpu_us * 100 | round / 100)' "$LAB_DIR/results"
}

main "$@"
