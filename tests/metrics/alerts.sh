#!/bin/bash
# The alerts: well formed, each tried by alerts_test.yml, each names a command that there is.
#
#   alerts.sh DIR KIRIKAE      DIR has scrape.yml, alerts.yml and alerts_test.yml
set -euo pipefail
# shellcheck source=tests/metrics/lib.sh
. "$(dirname "$0")/lib.sh"
dir=${1:?usage: alerts.sh DIR KIRIKAE} kirikae=${2:?}

check() {
    local out
    out=$(promtool "$@" 2>&1) || die "promtool $*: $out"
}

check check config "$dir/scrape.yml"
check check rules "$dir/alerts.yml"
check test rules "$dir/alerts_test.yml"

alerts=$(sed -n 's/^ *- alert: //p' "$dir/alerts.yml" | sort)
[[ -n $alerts ]] || die "$dir/alerts.yml has no alert"
untried=$(comm -23 <(printf '%s\n' "$alerts") \
    <(grep -oE 'Kirikae[A-Za-z]+' "$dir/alerts_test.yml" | sort -u))
[[ -z $untried ]] || die "no test fires ${untried//$'\n'/ }"
for part in severity summary summary_ja command; do
    (($(grep -cE "^ *(labels: \{)?$part: " "$dir/alerts.yml") == $(wc -l <<<"$alerts"))) ||
        die "$dir/alerts.yml: not every alert has one $part"
done
known=$("$kirikae" help)
sed -n "s/^ *command: '*//p" "$dir/alerts.yml" | tr -d "'" | sed 's/; /\n/g' | sort -u |
    while read -r program verb _; do
        [[ $program == kirikae ]] || die "$program is no command to run"
        grep -qE "^  $verb( |\$)" <<<"$known" || die "there is no kirikae $verb"
    done
