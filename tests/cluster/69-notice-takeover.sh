#!/bin/bash
# Who sends is killed before any receiver has answered. Another goes on, under the same Message-ID
# and Idempotency-Key, and says that it repeats.
# lab: LAB_LAYOUT=site LAB_NOTICES=1
# needs: namespaces
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

requests() { # FILTER: of those under the notice's key
    post_requests desk "select(.headers[\"Idempotency-Key\"] == \"$key\") | $1" | jq -sc .
}

post_forget
from=$(ledger_size)
proc_signal STOP exim
post_say desk hold
fault_apply kill:tokyo
expect_soon 20000 'the webhook is called' post_told desk
expect_soon 5000 'a mail is on its way' post_line "$from" intent duty
# That a node is killed is another notice.
intent=$(post_lines "$from" intent desk)
notice=$(jq .notice <<<"$intent") sender=$(jq -r .node <<<"$intent")
fault_apply "kill-coordinator:$sender"
proc_signal CONT exim
post_say desk
printf '    %s is killed while it sends\n' "$sender"

for receiver in desk duty; do
    expect_soon 40000 "$receiver has accepted it" post_line "$from" accepted "$receiver" "$notice"
    line=$(post_lines "$from" accepted "$receiver" "$notice")
    expect_equal "$receiver: once" 1 "$(wc -l <<<"$line")"
    [[ $(jq -r .node <<<"$line") != "$sender" ]] || story_fail "$sender sent it after all"
    line=$(post_lines "$from" intent "$receiver" "$notice")
    expect_equal "$receiver: one key" 1 "$(jq -r .key <<<"$line" | sort -u | wc -l)"
    expect_equal "$receiver: the second attempt repeats" '[false,true]' \
        "$(jq -sc 'map(.repeat)' <<<"$line")"
done

key=$(jq -r .key <<<"$intent")
expect_equal 'the second request says so' '[null,"yes"]' "$(requests '.headers["X-Kirikae-Repeat"]')"
printf '    told again by %s after %s ms\n' \
    "$(post_lines "$from" accepted desk "$notice" | jq -r .node)" \
    "$(requests .at_ms | jq '.[1] - .[0]')"
key=$(post_lines "$from" intent duty "$notice" | jq -rs '.[0].key')
expect_soon 5000 'one mail came' post_mail_is_one duty@lab.example "$key"
expect_equal 'it says so' yes \
    "$(post_header X-Kirikae-Repeat "$(post_mails_of duty@lab.example "$key")")"
