# shellcheck shell=bash
# HAProxy's own checks: one proxy probes both servers, the second is its backup.
# Settings: the interval, such as 100ms, with fall 2; 2s, with fall 3, is its default.

peer_config() {
    local fall=2
    [[ $1 != 2s ]] || fall=3
    cat <<CONFIG
global
    stats socket ipv4@$(lab_address lb-1):9999 level admin
    maxconn 1000
    nbthread 1
defaults
    mode http
    timeout connect 100ms
    timeout client 5s
    timeout server 2s
    retries 2
    option redispatch 1
frontend calls
    bind $(lab_address lb-1):8080
    default_backend calls
backend calls
    option httpchk GET /health
    default-server check inter $1 fall $fall rise 2
    server voice-1 $(lab_address voice-1):8080
    server mirror-1 $(lab_address mirror-1):8080 backup
CONFIG
}

peer_up() {
    peer_config "$1" >"$LAB_DIR/traffic/haproxy.cfg"
    haproxy_start
    peer_endpoints
    peer_caller "$(lab_address lb-1):8080"
}

# A column of what HAProxy says of voice-1.
peer_column() {
    haproxy_ask 'show stat' | awk -F , -v name="$1" '
        NR == 1 { sub(/^# /, ""); for (i = 1; i <= NF; i++) if ($i == name) at = i }
        $2 == "voice-1" { print $at }'
}

peer_active() {
    if [[ $(peer_column status) == UP* ]]; then
        echo voice-1
    else
        echo mirror-1
    fi
}

peer_calm() {
    [[ $(peer_column status) == UP && $(haproxy_ask 'show stat' | grep -c ',UP,') -ge 2 ]]
}

peer_mend() {
    peer_endpoints
}

peer_decisions() {
    peer_column chkdown
}

peer_two_active() {
    echo no
}
