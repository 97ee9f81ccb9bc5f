#!/bin/bash
# What a file of alerts or a dashboard names is on the page of metrics.
#
#   names.sh PAGE FILE
set -euo pipefail
# shellcheck source=tests/metrics/lib.sh
. "$(dirname "$0")/lib.sh"
page=${1:?usage: names.sh PAGE FILE} file=${2:?}

[[ -n $(named "$file") ]] || die "$file names no metric at all"
unknown=$(comm -23 <(named "$file") <(names "$page" | sort -u))
[[ -z $unknown ]] || die "$file: not on the page: ${unknown//$'\n'/ }"
