#!/bin/bash
# Hostile clients of HTTP at the leader while a site is cut off: its pages answer, its traffic
# moves as fast as ever, nobody is thought dead.
# needs: namespaces
# lab: LAB_LAYOUT=site LAB_WEB=1
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

in_ishikari() {
    [[ $(lab_site "$(ask_leader)") == ishikari ]]
}
expect_soon 20000 "the leader is not in the site that will be cut off" in_ishikari
leader=$(ask_leader)
address=$(lab_address "$leader")
pid=$(proc_pid "coordinator.$leader")
attackers=(caller backup-3 backup-4)

# A page from a host that is none of them; fails on anything but 200 within 4 s: a connection that
# found the kernel's queue full is tried again by TCP after 1 s and 3 s.
page() {
    lab_on mirror-3 curl -sf --max-time 4 -o /dev/null "http://$address:9465/metrics"
}
resident_kib() {
    sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status"
}
files() {
    find "/proc/$pid/fd" -type l | wc -l
}
files_are_few() {
    (($(files) <= before_files + 4))
}
http_lines() {
    grep -c ' http: ' "$LAB_DIR/log/coordinator.$leader.log" || true
}

expect_soon 10000 "the page is there" page
before_files=$(files)
before_kib=$(resident_kib)
before_lines=$(http_lines)
from=$(ledger_size)
for host in "${attackers[@]}"; do
    proc_start "rude-metrics.$host" "$host" "$LAB_BUILD/tests/tools/rude" "$address" 9465 /metrics 25
    proc_start "rude-public.$host" "$host" "$LAB_BUILD/tests/tools/rude" "$address" 8081 / 25
done
sleep 5
missed=0
for _ in {1..20}; do
    page || missed=$((missed + 1))
done
printf '    of 20 requests beside the attack %s were not answered; %s KiB and %s files instead of %s and %s\n' \
    "$missed" "$(resident_kib)" "$(files)" "$before_kib" "$before_files"
expect_at_most "requests not answered" "$missed" 1
expect_equal "moves without a fault" "$(ledger_moves "$from")" 0

story_move cut:tokyo mirror-
expect_moves "$from" 2
story_proved "$from"
expect_equal "it is the same process" "$(proc_pid "coordinator.$leader")" "$pid"
expect_equal "nobody but tokyo is missed" \
    "$(ledger_count "$from" '.type == "silent" and (.server | startswith("voice-") | not)')" 0

for host in "${attackers[@]}"; do
    proc_wait_gone 40000 "rude-metrics.$host" "rude-public.$host" || story_fail "rude ends"
done
cat "$LAB_DIR"/log/rude-*.log
expect_soon 15000 "the descriptors are given back" files_are_few
expect_at_most "KiB more than before" "$(($(resident_kib) - before_kib))" 8192
expect_at_most "lines about it in the log" "$(($(http_lines) - before_lines))" 2
expect "the page is there" page
