# shellcheck shell=bash
# Who is told (LAB_NOTICES): on the host "post" a real mail server (Exim, STARTTLS and AUTH
# required), a real Alertmanager, and tests/tools/receiver for chats and webhooks. Who is told what
# is in lib/notices.yaml.in.
#
#   $LAB_DIR/post/mail/new     a file per mail that was accepted
#   $LAB_DIR/log/receiver.log  a line of JSON per request
#   $LAB_DIR/post/say/PATH     how the receiver answers under /PATH

post_exim_config() {
    cat <<CONFIG
primary_hostname = post.lab
spool_directory = $LAB_DIR/post/spool
log_file_path = $LAB_DIR/post/spool/%slog
local_interfaces = $(lab_address post)
daemon_smtp_ports = 587
tls_advertise_hosts = *
tls_certificate = $LAB_DIR/post/post.pem
tls_privatekey = $LAB_DIR/post/post.key
auth_advertise_hosts = \${if eq {\$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = rcpt
host_lookup =
begin acl
rcpt:
  require authenticated = *
  accept
begin routers
all:
  driver = accept
  transport = keep
begin transports
keep:
  driver = appendfile
  maildir_format
  directory = $LAB_DIR/post/mail
  envelope_to_add
  user = Debian-exim
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and {{eq {\$auth2}{kirikae}}{eq {\$auth3}{$(<"$LAB_DIR/post/password")}}}}
  server_set_id = \$auth2
CONFIG
}

post_alertmanager_config() {
    printf 'route: {receiver: nobody, group_wait: 1s}\nreceivers: [{name: nobody}]\n'
}

post_secret() { # FILE
    head -c 24 /dev/urandom | base64 -w 0 | tr '+/' '-_' >"$LAB_DIR/post/$1"
    chmod 0600 "$LAB_DIR/post/$1"
}

post_prepare() {
    local secret
    mkdir -p "$LAB_DIR/post"/{spool,mail,say,alerts}
    chmod 0711 "$LAB_DIR" "$LAB_DIR/post"
    for secret in password token key; do
        post_secret "$secret"
    done
    (umask 077 && printf 'http://%s:8088/chat/T0/B0\n' "$(lab_address post)" >"$LAB_DIR/post/slack.url")
    "$LAB_TOP/deploy/make-certs" --dir "$LAB_DIR/certs" node "post=$(lab_address post)" >/dev/null
    cp "$LAB_DIR"/certs/post.{pem,key} "$LAB_DIR/post"
    post_exim_config >"$LAB_DIR/post/exim.conf"
    post_alertmanager_config >"$LAB_DIR/post/alertmanager.yml"
    chown -R Debian-exim: "$LAB_DIR/post"/{spool,mail,post.key}
}

post_mail_start() {
    proc_start exim post exim4 -C "$LAB_DIR/post/exim.conf" -bdf -oP "$LAB_DIR/post/exim.pid"
    wait_until 5000 50 post_listens 587 || lab_fail "Exim does not answer"
}

post_listens() {
    lab_on post bash -c "exec 3<>/dev/tcp/$(lab_address post)/$1" 2>/dev/null
}

post_up() {
    post_prepare
    post_mail_start
    proc_start alertmanager post prometheus-alertmanager \
        --config.file="$LAB_DIR/post/alertmanager.yml" --storage.path="$LAB_DIR/post/alerts" \
        --web.listen-address="$(lab_address post):9093" --cluster.listen-address=
    proc_start receiver post "$LAB_BUILD/tests/tools/receiver" "$(lab_address post):8088" \
        "$LAB_DIR/post/say"
    wait_until 15000 100 post_listens 9093 || lab_fail "Alertmanager does not answer"
    wait_until 5000 50 post_listens 8088 || lab_fail "the receiver does not answer"
}

post_config() {
    ((LAB_NOTICES)) || return 0
    sed -e "s|@POST@|$(lab_address post)|g" -e "s|@DIR@|$LAB_DIR|g" \
        "$LAB_TOP/tests/cluster/lib/notices.yaml.in"
}

# post_say PATH WORD: how the receiver answers from now on; without WORD as ever.
post_say() {
    if (($# > 1)); then
        printf '%s\n' "$2" >"$LAB_DIR/post/say/.$1"
        mv "$LAB_DIR/post/say/.$1" "$LAB_DIR/post/say/$1"
    else
        rm -f "$LAB_DIR/post/say/$1"
    fi
}

# ---- what came ----

# Everything so far is forgotten.
post_forget() {
    rm -f "$LAB_DIR/post"/mail/new/*
    : >"$LAB_DIR/log/receiver.log"
}

# A header of a mail in one line: post_header NAME FILE.
post_header() {
    awk -v name="$1:" '
        /^\r?$/ { exit }
        /^[ \t]/ { if (on) { sub(/\r$/, ""); sub(/^[ \t]+/, " "); value = value $0 } next }
        { on = tolower(substr($0, 1, length(name))) == tolower(name) }
        on { sub(/\r$/, ""); value = substr($0, length(name) + 2) }
        END { print value }' "$2"
}

# The subject as people see it: RFC 2047, base64 of UTF-8.
post_subject() {
    local word
    for word in $(post_header Subject "$1"); do
        case $word in
        '=?UTF-8?B?'*'?=')
            word=${word#'=?UTF-8?B?'}
            base64 -d <<<"${word%'?='}"
            ;;
        *) printf '%s ' "$word" ;;
        esac
    done
}

post_body() {
    sed '1,/^\r\?$/d' "$1" | base64 -d
}

# Mails to somebody, one file a line: post_mails TO.
post_mails() {
    local mail
    for mail in "$LAB_DIR/post"/mail/new/*; do
        [[ ! -f $mail || $(post_header Envelope-to "$mail") != "$1" ]] || printf '%s\n' "$mail"
    done
}

post_mails_are() { # TO N
    [[ $(post_mails "$1" | wc -l) == "$2" ]]
}

# Requests under a path, a line of JSON each: post_requests PATH [FILTER].
post_requests() {
    jq -c --arg path "/$1" "select(.path | . == \$path or startswith(\$path + \"/\")) | ${2:-.}" "$LAB_DIR/log/receiver.log"
}

post_requests_are() { # PATH N
    [[ $(post_requests "$1" | wc -l) == "$2" ]]
}

post_told() { # PATH
    (($(post_requests "$1" | wc -l) > 0))
}

# Alerts that Alertmanager holds as firing: their labels, a line each.
post_alerts() {
    lab_on post curl -s "http://$(lab_address post):9093/api/v2/alerts?active=true" |
        jq -c '.[] | .labels'
}

# ---- what the ledger says of it ----

# Lines on notices to a receiver, from line FROM on: post_lines FROM TYPE RECEIVER [NOTICE].
post_lines() {
    ledger_from "$1" | jq -c "select(.category == \"notice\" and .type == \"$2\" and
        .receiver == \"$3\" and (${4:-.notice} == .notice))"
}

post_line() { # likewise: is there one?
    [[ -n $(post_lines "$@") ]]
}

# Mails under a key: post_mails_of TO KEY.
post_mails_of() {
    local mail
    for mail in $(post_mails "$1"); do
        [[ $(post_header Message-ID "$mail") != "<$2@lab.example>" ]] || printf '%s\n' "$mail"
    done
}

post_mail_is_one() { # TO KEY
    [[ $(post_mails_of "$1" "$2" | wc -l) == 1 ]]
}
