#!/bin/bash
# Prometheus's own tools read a page of metrics: its parser of OpenMetrics, with a time to each
# sample as that reader wants it, and its lint. No series is there twice.
#
#   page.sh PAGE       0: both are content
set -euo pipefail
# shellcheck source=tests/metrics/lib.sh
. "$(dirname "$0")/lib.sh"
page=${1:?usage: page.sh PAGE}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[[ $(tail -n 1 "$page") == '# EOF' ]] || die "$page does not end as OpenMetrics ends"
awk '!/^#/ { $0 = $0 " 1700000000" } { print }' "$page" >"$work/page"
promtool tsdb create-blocks-from openmetrics "$work/page" "$work/tsdb" >"$work/out" 2>&1 ||
    die "promtool cannot read $page: $(<"$work/out")"
twice=$(sed '/^#/d; s/ [^ ]*$//' "$page" | sort | uniq -d)
[[ -z $twice ]] || die "$page has a series twice: $twice"
classic "$page" | promtool check metrics >"$work/out" 2>&1 ||
    die "promtool complains of $page: $(<"$work/out")"
