#!/bin/bash
# A site is cut: many events, and one notice that each receiver gets once, by mail (STARTTLS and
# authentication), chats and a signed webhook. The ledger has who accepted it and when.
# lab: LAB_LAYOUT=site LAB_NOTICES=1
# needs: namespaces
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

says() { # WHAT PART TEXT
    [[ $3 == *"$2"* ]] || story_fail "$1: no \"$2\" in: $3"
}

post_forget
from=$(ledger_size)
story_move cut:tokyo mirror-
for receiver in duty customers chat room line desk; do
    expect_soon 30000 "$receiver has accepted it" post_line "$from" accepted "$receiver"
    expect_equal "$receiver: one attempt" 1 "$(post_lines "$from" intent "$receiver" | wc -l)"
done
for mail in duty status; do
    expect_soon 5000 "$mail has one mail" post_mails_are "$mail@lab.example" 1
done
for path in chat chatwork line desk; do
    expect "/$path has one request" post_requests_are "$path" 1
done
intent=$(post_lines "$from" intent duty)
events=$(jq '.events | length' <<<"$intent")
printf '    one notice of %s events\n' "$events"
((events >= 4)) || story_fail "two functions and four servers, and $events events: $intent"

# The mails.
mail=$(post_mails duty@lab.example)
printf '    %s\n' "$(post_subject "$mail")"
says 'the subject' 障害 "$(post_subject "$mail")"
says 'the text' 発信・着信 "$(post_body "$mail")"
expect_equal 'the Message-ID' "<$(jq -r .key <<<"$intent")@lab.example>" \
    "$(post_header Message-ID "$mail")"
expect_equal 'it is no repetition' '' "$(post_header X-Kirikae-Repeat "$mail")"
body=$(post_body "$(post_mails status@lab.example)")
says 'the text for customers' 発信・着信 "$body"
[[ $body != *voice-* && $body != *mirror* ]] || story_fail "customers are told of servers: $body"

# The webhook: JSON under the notice's key, with a signature that another's tool makes too.
request=$(post_requests desk)
body=$(jq -r .body <<<"$request")
signature=$(printf '%s.%s' "$(jq -r '.headers["X-Kirikae-Timestamp"]' <<<"$request")" "$body" |
    openssl dgst -sha256 -hmac "$(<"$LAB_DIR/post/key")" -r | cut -d ' ' -f 1)
expect_equal 'the signature' "v1=$signature" \
    "$(jq -r '.headers["X-Kirikae-Signature"]' <<<"$request")"
expect_equal 'the key' "$(post_lines "$from" intent desk | jq -r .key)" \
    "$(jq -r '.headers["Idempotency-Key"]' <<<"$request")"
expect_equal 'the events' "$events" "$(jq '.events | length' <<<"$body")"

# A test of a channel, which its receivers accept before it answers.
post_forget
expect_exit 0 'a test by mail' kirikae notice test mail
for mail in duty status; do
    expect_soon 5000 "$mail has the test" post_mails_are "$mail@lab.example" 1
done
printf '    %s\n' "$(post_subject "$(post_mails duty@lab.example)")"
expect_exit 0 'the notice is shown' kirikae notice show "$(jq .notice <<<"$intent")"
says 'the notice' 'duty' "$story_output"

# No secret is in a log or in the ledger.
secrets=("$LAB_DIR"/post/{password,token,key,slack.url})
for secret in "${secrets[@]}"; do
    ! grep -qF -f "$secret" "$LAB_DIR"/log/coordinator.*.log || story_fail "$secret is in a log"
    ! ledger_from 0 | grep -qF -f "$secret" || story_fail "$secret is in the ledger"
done
