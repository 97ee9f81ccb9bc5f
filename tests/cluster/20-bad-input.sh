#!/bin/bash
# Garbage on every port, foreign and expired certificates, frames that are too large.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

leader=$(ask_leader)
address=$(lab_address "$leader")
work=$(mktemp -d "$LAB_DIR/bad-input.XXXXXX")
refusals() {
    kirikae status --json --node "$leader" | jq .counters.refused
}
refused_more_than() {
    (($(refusals) > $1))
}
tls() {
    lab_on mirror-1 timeout 5 openssl s_client -connect "$address:7400" -quiet -no_ign_eof "$@" \
        >/dev/null 2>&1 || true
}
# Of a CA of the same name, and a certificate that is no longer valid.
foreign() {
    "$LAB_TOP/deploy/make-certs" --dir "$work/foreign" --cluster lab ca >/dev/null
    "$LAB_TOP/deploy/make-certs" --dir "$work/foreign" node mirror-1 >/dev/null
}
expired() {
    openssl req -new -key "$LAB_DIR/certs/mirror-1.key" -subj /O=lab/OU=node/CN=mirror-1 \
        -out "$work/request"
    : >"$work/index"
    printf '%s\n' '[ca]' 'default_ca=d' '[d]' "database=$work/index" "new_certs_dir=$work" \
        'default_md=sha256' 'rand_serial=yes' 'policy=p' '[p]' 'organizationName=supplied' \
        'organizationalUnitName=supplied' 'commonName=supplied' >"$work/config"
    openssl ca -batch -config "$work/config" \
        -cert "$LAB_DIR/certs/ca.pem" -keyfile "$LAB_DIR/certs/ca.key" -in "$work/request" \
        -startdate 20200101000000Z -enddate 20200201000000Z -out "$work/expired.pem" \
        -notext 2>"$work/openssl"
}

from=$(ledger_size)
pid=$(proc_pid "coordinator.$leader")
before=$(refusals)
# shellcheck disable=SC2016 # for the inner shell
lab_on mirror-1 bash -c 'head -c 100000 /dev/urandom >"/dev/tcp/$1/7400"' x "$address" 2>/dev/null || true
expect_soon 5000 "garbage is a counted refusal" refused_more_than "$before"
# shellcheck disable=SC2016
lab_on mirror-1 bash -c 'for n in {1..200}; do head -c $((n * 7)) /dev/urandom >"/dev/udp/$1/7400"; done' \
    x "$address" 2>/dev/null || true

before=$(refusals)
foreign
tls -alpn kirikae-raft/1 -cert "$work/foreign/mirror-1.pem" -key "$work/foreign/mirror-1.key" </dev/null
expect_soon 5000 "a foreign certificate is refused" refused_more_than "$before"

before=$(refusals)
expired
tls -alpn kirikae-raft/1 -cert "$work/expired.pem" -key "$LAB_DIR/certs/mirror-1.key" </dev/null
expect_soon 5000 "an expired certificate is refused" refused_more_than "$before"

before=$(refusals)
tls -alpn kirikae-raft/1 </dev/null
expect_soon 5000 "no certificate is refused" refused_more_than "$before"

before=$(refusals)
tls -alpn kirikae-raft/1 -cert "$LAB_DIR/certs/suzuki.pem" -key "$LAB_DIR/certs/suzuki.key" </dev/null
expect_soon 5000 "an operator is no node" refused_more_than "$before"

# A length of 4 GiB, from a peer that is a real one.
before=$(refusals)
{ printf '\377\377\377\377'; head -c 4096 /dev/urandom; } |
    tls -alpn kirikae-admin/1 -cert "$LAB_DIR/certs/suzuki.pem" -key "$LAB_DIR/certs/suzuki.key" || true
expect_soon 5000 "an oversized frame ends the connection" refused_more_than "$before"
{ printf '\0\0\0\100'; head -c 64 /dev/urandom; } |
    tls -alpn kirikae-admin/1 -cert "$LAB_DIR/certs/suzuki.pem" -key "$LAB_DIR/certs/suzuki.key" || true

expect_equal "the daemon goes on" "$(proc_pid "coordinator.$leader")" "$pid"
expect "the cluster goes on" ask_ready
expect_soon 70000 "the ledger counts refusals" \
    ledger_has "$from" ".category == \"security\" and .server == \"$leader\""
