#!/bin/bash
# There is no mail server, and then every coordinator is killed. When all are back, what was not
# told is told.
# lab: LAB_LAYOUT=site LAB_NOTICES=1
# needs: namespaces
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

post_forget
from=$(ledger_size)
proc_kill exim
fault_apply kill:tokyo
expect_soon 20000 'the mail comes to nothing' post_line "$from" failed duty
intent=$(post_lines "$from" intent duty | head -n 1)
notice=$(jq .notice <<<"$intent")
proc_kill "${LAB_SERVERS[@]/#/coordinator.}"
fault_heal
post_mail_start
expect_soon 30000 'all are back' ask_ready
expect_soon 60000 'the mail is accepted' post_line "$from" accepted duty "$notice"
expect_equal 'once' 1 "$(post_lines "$from" accepted duty "$notice" | wc -l)"
expect_soon 5000 'one mail came' post_mail_is_one duty@lab.example "$(jq -r .key <<<"$intent")"
