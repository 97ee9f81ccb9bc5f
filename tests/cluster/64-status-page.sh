#!/bin/bash
# The public status page: an outage and what operators say of it are on every node's, nothing
# internal is, it stays up and says so when the quorum is lost, and files elsewhere are the same.
# lab: LAB_LAYOUT=site LAB_WEB=1
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

files=(index.html history.html en/index.html en/history.html status.json feed.ja.atom feed.en.atom)

# served NODE PATH
served() {
    lab_on "$1" curl -fsS --max-time 3 "http://$(lab_address "$1"):8081/$2"
}
# tells NODE FILTER: a jq filter of the node's JSON.
tells() {
    served "$1" status.json 2>/dev/null | jq -e "$2" >/dev/null
}
# all_tell FILTER [NODE...]
all_tell() {
    local filter=$1 node
    shift
    for node in "$@"; do
        tells "$node" "$filter" || return 1
    done
}
# says NODE PATH TEXT
says() {
    served "$1" "$2" | grep -F "$3" >/dev/null
}
outage_of() {
    kirikae incident list --json |
        jq -e --argjson from "$1" '[.incidents[] | select(.outage >= $from and .function == "calling")]
            | last | .outage' >"$LAB_DIR/outage"
}

# ---- calm ----

expect_soon 15000 "every node serves it" all_tell '.state == "operational" and (.stale | not)' \
    "${LAB_SERVERS[@]}"
expect "in Japanese" says backup-1 "" 'すべての機能が正常に稼働しています'
expect "and in English" says backup-1 en/ 'All functions are operational'

# ---- an outage ----

from=$(ledger_size)
story_move kill:tokyo mirror-
expect_soon 5000 "calling has an outage" outage_of "$from"
id=$(cat "$LAB_DIR/outage")
expect_soon 10000 "every node that is left tells of it" all_tell \
    "any(.incidents[]; .id == $id and .function == \"calling\")" mirror-{1..4} backup-{1..4}
lab_reset || story_fail "not calm again"
expect_soon 20000 "those that were away, too, and that it is over" all_tell \
    "any(.incidents[]; .id == $id and .end != null) and .state == \"operational\"" \
    "${LAB_SERVERS[@]}"

# ---- what operators say of it ----

expect_exit 0 "a post" kirikae incident post "$id" --status resolved \
    --ja '復旧しました <b>&</b>' --en 'It works again.'
expect_soon 10000 "it is on every node's page" all_tell \
    ".incidents[] | select(.id == $id) | .posts[0].status == \"resolved\"" "${LAB_SERVERS[@]}"
expect "escaped" says voice-1 index.html '復旧しました &lt;b&gt;&amp;&lt;/b&gt;'
expect "in the feed" says voice-1 feed.en.atom 'It works again.'
# shellcheck disable=SC2016 # eval expands it, each time anew
expect_soon 10000 "the hook ran" eval \
    'jq -e ".incidents[] | select(.id == $id) | .posts[0]" "$LAB_DIR/status/backup-1.pushed.json" >/dev/null'
expect_equal "others may read the files" "$(stat -c %a "$LAB_DIR/status/backup-1/en/index.html")" 644

soon=$(date -u -d '+1 hour' +%FT%TZ) later=$(date -u -d '+2 hours' +%FT%TZ)
expect_exit 0 "maintenance" kirikae maintenance add --functions softphone --start "$soon" \
    --end "$later" --reason 'voice-3 gets a disk' --emergency
expect_soon 10000 "it is announced" all_tell \
    '.maintenance[0] | .state == "planned" and .functions == ["softphone"]' "${LAB_SERVERS[@]}"

# ---- the same as files elsewhere ----

# Of one moment: pages are made anew once a minute.
fetch() {
    local file node=$1 dir=$2
    rm -rf "$dir"
    mkdir -p "$dir/en"
    for file in "${files[@]}"; do
        served "$node" "$file" >"$dir/$file"
    done
    as_of=$(jq -r .as_of "$dir/status.json")
    [[ $(served "$node" status.json | jq -r .as_of) == "$as_of" ]]
}
fetch backup-1 "$LAB_DIR/fetched" || fetch backup-1 "$LAB_DIR/fetched" || story_fail "no moment stands"
expect_exit 0 "exported" kirikae status-page export "$LAB_DIR/exported" --as-of "$as_of"
expect "it is what is served" diff -r "$LAB_DIR/exported" "$LAB_DIR/fetched"
expect_exit 0 "the ledger" kirikae audit export --format jsonl -o "$LAB_DIR/status.jsonl"
expect_exit 0 "exported from it" kirikae status-page export "$LAB_DIR/exported-2" --as-of "$as_of" \
    --from "$LAB_DIR/status.jsonl" --cluster "$LAB_DIR/cluster.yaml"
expect "it is the same" diff -r "$LAB_DIR/exported" "$LAB_DIR/exported-2"

# ---- nothing internal ----

{
    printf '%s\n' "${LAB_SERVERS[@]}" "${LAB_SITES[@]}" suzuki tanaka lab-sla calls softphones provider \
        "${LAB_NET}" "$LAB_DIR" 'gets a disk' haproxy
    sed -n '/^ *#/d; s/.*- {\?name: \([a-z0-9-]*\).*/\1/p' "$LAB_DIR/cluster.yaml" |
        grep -vxE 'calling|softphone'
} | sort -u >"$LAB_DIR/internal"
expect "the list has names" test "$(wc -l <"$LAB_DIR/internal")" -gt 15
if grep -rnowF -f "$LAB_DIR/internal" "$LAB_DIR/fetched" "$LAB_DIR/status/backup-1"; then
    story_fail "a page has a name of the inside"
fi

# ---- without a quorum ----

for node in voice-{1..4} mirror-{1..4}; do
    fault_apply "kill-coordinator:$node"
done
expect_soon 15000 "what is left says that it may be old" all_tell '.stale and .stale_since != null' \
    backup-{1..4}
expect "the page too" says backup-1 index.html '最新でない可能性があります'
expect "in English" says backup-2 en/index.html 'may be out of date'
expect "with all that it knew" says backup-1 history.html "id=\"i$id\""
fault_apply kill-coordinator:backup-1
proc_wait_gone 5000 coordinator.backup-1
coordinator_start backup-1
expect_soon 20000 "one that starts without it is up and says so, too" tells backup-1 .stale
lab_reset || story_fail "not calm again"
expect_soon 20000 "all is certain again" all_tell '.stale | not' "${LAB_SERVERS[@]}"
