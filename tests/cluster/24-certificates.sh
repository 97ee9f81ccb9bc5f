#!/bin/bash
# deploy/make-certs: what it makes is good, and it overwrites nothing.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

dir=$(mktemp -d "$LAB_DIR/certs.XXXXXX")
make=("$LAB_TOP/deploy/make-certs" --dir "$dir")
expect_exit 1 "no CA yet" "${make[@]}" node voice-1
expect_exit 0 "a CA" "${make[@]}" --cluster lab ca
expect_exit 1 "a second CA" "${make[@]}" --cluster lab ca
expect_exit 0 "a node" "${make[@]}" node voice-1=10.20.1.1
expect_exit 1 "the same node" "${make[@]}" node voice-1
expect_exit 1 "a node of another cluster" "${make[@]}" --cluster other node voice-2
expect_exit 2 "a role that is none" "${make[@]}" operator suzuki king
expect_exit 2 "a name that is none" "${make[@]}" operator ../suzuki admin
expect_exit 0 "an operator" "${make[@]}" operator suzuki viewer

openssl verify -CAfile "$dir/ca.pem" -purpose sslserver "$dir/voice-1.pem" >/dev/null
openssl verify -CAfile "$dir/ca.pem" -purpose sslclient "$dir/suzuki.pem" >/dev/null
subject=$(openssl x509 -in "$dir/suzuki.pem" -noout -subject -nameopt RFC2253)
expect_equal "subject" "$subject" "subject=CN=suzuki,OU=viewer,O=lab"
expect_equal "mode of the key" "$(stat -c %a "$dir/suzuki.key")" 600
expect_equal "what is left over" "$(find "$dir" -name '.make-certs*' | wc -l)" 0
