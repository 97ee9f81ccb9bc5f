#!/bin/bash
# The dashboard: JSON that Grafana takes, panels that do not overlap, and queries that Prometheus
# can parse, once Grafana has put its variables in.
#
#   dashboard.sh FILE
set -euo pipefail
# shellcheck source=tests/metrics/lib.sh
. "$(dirname "$0")/lib.sh"
file=${1:?usage: dashboard.sh FILE}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

jq -e '.title and .uid and (.panels | length > 0) and ([.panels[].id] | length == (unique | length))' \
    "$file" >/dev/null || die "$file is no dashboard"
jq -e '[.panels[].gridPos | . as $p | range($p.x; $p.x + $p.w) as $x | range($p.y; $p.y + $p.h) as $y
    | [$x, $y]] | (length == (unique | length)) and (map(.[0]) | max < 24)' "$file" >/dev/null ||
    die "$file: panels lie on one another"
jq '[.panels[].targets[]?.expr, .annotations.list[].expr?]
    | map(select(. != null) | gsub("\\$__rate_interval"; "5m") | gsub("\\$(job|cluster)"; "x"))
    | {groups: [{name: "g", rules: [to_entries[] | {record: "r\(.key)", expr: .value}]}]}' \
    "$file" >"$work/rules.yml"
promtool check rules "$work/rules.yml" >"$work/out" 2>&1 || die "$file: $(<"$work/out")"
