/* One delivery by each kind of channel, on real sockets: what goes out, and what each way of
 * answering, or not, comes to. */
#include "act/notify.h"
#include "act/notify_text.h"
#include "base/check.h"
#include "peer.h"

#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET "s3cret-of-the-fixture"
#define KEY "acme.7.ops"

struct world {
    uv_loop_t loop;
    struct notify *notify;
    struct peer peer;
    char dir[64], secret_file[96], ca_file[96];
    struct channel channel;
    struct notify_message message;
    struct notify_result result;
    int done;
    struct buf input;
};

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    signal(SIGPIPE, SIG_IGN);
    snprintf(w->dir, sizeof w->dir, "/tmp/kirikae-notify.XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->secret_file, sizeof w->secret_file, "%s/secret", w->dir);
    snprintf(w->ca_file, sizeof w->ca_file, "%s/ca.pem", w->dir);
    write_file(w->secret_file, SECRET "\n", 0600);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    w->notify = notify_open(&w->loop);
    snprintf(w->channel.name, sizeof w->channel.name, "channel");
    snprintf(w->channel.secret_file, sizeof w->channel.secret_file, "%s", w->secret_file);
    snprintf(w->channel.from, sizeof w->channel.from, "kirikae@example.org");
    w->channel.plain = true;
    w->channel.timeout_ms = 5000;
    w->message = (struct notify_message){.channel = &w->channel,
                                         .to = "ops@example.com",
                                         .key = KEY,
                                         .thread = "",
                                         .now_ms = 1790000000123,
                                         .subject = "subject",
                                         .body = "body\n"};
    *state = w;
    return 0;
}

static void on_closed(void *context)
{
    *(bool *)context = true;
}

static int teardown(void **state)
{
    struct world *w = *state;
    bool closed = false;

    notify_close(w->notify, on_closed, &closed);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    unlink(w->secret_file);
    unlink(w->ca_file);
    rmdir(w->dir);
    buf_free(&w->peer.input);
    free(w);
    return 0;
}

static void on_done(void *context, const struct notify_result *result)
{
    struct world *w = context;

    w->result = *result;
    w->done++;
}

static void deliver(struct world *w)
{
    int before = w->done;

    notify_send(w->notify, &w->message, on_done, w);
    assert_int_equal(w->done, before);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->done, before + 1);
    assert_null(strstr(w->result.text, SECRET));
}

/* Sends to a peer that goes by the script. */
static void exchange(struct world *w, const char *scheme, const struct peer_step *script)
{
    buf_free(&w->peer.input);
    peer_start(&w->peer, script, w->ca_file);
    snprintf(w->channel.url, sizeof w->channel.url, "%s://127.0.0.1:%d", scheme, w->peer.port);
    if (w->channel.kind == CHANNEL_SLACK) {
        char url[LIMIT_TEXT];

        snprintf(url, sizeof url, "%s://127.0.0.1:%d/services/T0/B0/" SECRET "\n", scheme,
                 w->peer.port);
        write_file(w->secret_file, url, 0600);
    }
    deliver(w);
    peer_join(&w->peer);
}

static void expect(const struct world *w, int code, bool unsure, const char *text)
{
    if (w->result.code != code || w->result.unsure != unsure ||
        strstr(w->result.text, text) == NULL)
        fail_msg("code %d, unsure %d: %s; expected %d, %d: %s", w->result.code, w->result.unsure,
                 w->result.text, code, unsure, text);
}

static const char *input(struct world *w)
{
    return buf_cstr(&w->peer.input);
}

static void expect_input(struct world *w, const char *text)
{
    if (strstr(input(w), text) == NULL)
        fail_msg("no %s in:\n%s", text, input(w));
}

#define TO_DATA                                                                                    \
    {PEER_SAY, "220 test ESMTP\r\n"}, {PEER_LINE, "EHLO"}, {PEER_SAY, "250 test\r\n"},             \
        {PEER_LINE, "MAIL FROM:<kirikae@example.org>"}, {PEER_SAY, "250 ok\r\n"},                  \
        {PEER_LINE, "RCPT TO:<ops@example.com>"}, {PEER_SAY, "250 ok\r\n"}, {PEER_LINE, "DATA"},   \
    {                                                                                              \
        PEER_SAY, "354 go on\r\n"                                                                  \
    }

static void test_mail(void **state)
{
    static const struct peer_step script[] = {TO_DATA,
                                              {PEER_DATA},
                                              {PEER_SAY, "250 2.0.0 Ok: queued as 4F1\r\n"},
                                              {PEER_LINE, "QUIT"},
                                              {PEER_SAY, "221 bye\r\n"},
                                              {0}};
    struct world *w = *state;

    exchange(w, "smtp", script);
    expect(w, 0, false, "250 2.0.0 Ok: queued as 4F1");
    expect_input(w, "\r\nMessage-ID: <" KEY "@example.org>\r\n");
    expect_input(w, "\r\nAuto-Submitted: auto-generated\r\n");
    expect_input(w, "\r\nX-Kirikae-Key: " KEY "\r\n");
    expect_input(w, "\r\nDate: Mon, 21 Sep 2026 14:13:20 +0000\r\n");
    assert_null(strstr(input(w), "X-Kirikae-Repeat"));
    assert_null(strstr(input(w), "In-Reply-To"));
    w->message.repeat = true;
    w->message.thread = "acme.outage-12";
    exchange(w, "smtp", script);
    expect(w, 0, false, "250 2.0.0");
    expect_input(w, "\r\nX-Kirikae-Repeat: yes\r\n");
    expect_input(w, "\r\nMessage-ID: <" KEY "@example.org>\r\n");
    expect_input(w, "\r\nReferences: <acme.outage-12@example.org>\r\n");
}

/* The message is accepted, whatever becomes of the farewell. */
static void test_mail_farewell(void **state)
{
    static const struct peer_step hangs[] = {
        TO_DATA, {PEER_DATA}, {PEER_SAY, "250 2.0.0 mine\r\n"}, {PEER_HANG}, {0}};
    static const struct peer_step resets[] = {
        TO_DATA, {PEER_DATA}, {PEER_SAY, "250 2.0.0 mine\r\n"}, {PEER_RESET}, {0}};
    struct world *w = *state;

    w->channel.timeout_ms = 300;
    exchange(w, "smtp", hangs);
    expect(w, 0, false, "250 2.0.0 mine");
    assert_true(w->result.took_ms < 3000);
    exchange(w, "smtp", resets);
    expect(w, 0, false, "250 2.0.0 mine");
}

static void test_mail_faults(void **state)
{
    static const struct {
        struct peer_step script[14];
        int code;
        bool unsure;
        const char *text;
    } cases[] = {
        {{{PEER_SAY, "554 go away\r\n"}, {0}}, ERR_REFUSED, false, "554 go away"},
        {{{PEER_RESET}, {0}}, ERR_IO, false, ""},
        {{{PEER_SAY, "220 x\r\n"},
          {PEER_LINE, "EHLO"},
          {PEER_SAY, "250 x\r\n"},
          {PEER_LINE, "MAIL"},
          {PEER_SAY, "450 4.2.0 greylisted\r\n"},
          {PEER_LINE, "QUIT"},
          {0}},
         ERR_REFUSED,
         false,
         "450 4.2.0 greylisted"},
        {{TO_DATA, {PEER_DATA}, {PEER_SAY, "451 4.3.0 later\r\n"}, {0}},
         ERR_REFUSED,
         false,
         "451 4.3.0 later"},
        {{TO_DATA, {PEER_DATA}, {PEER_SAY, "554 5.7.1 spam\r\n"}, {0}},
         ERR_REFUSED,
         false,
         "554 5.7.1 spam"},
        {{TO_DATA, {PEER_DATA}, {0}}, ERR_IO, true, "after all was sent"},
        {{TO_DATA, {PEER_DATA}, {PEER_RESET}}, ERR_IO, true, "after all was sent"},
        {{TO_DATA, {PEER_DATA}, {PEER_HANG}}, ERR_TIMEOUT, true, "after all was sent"},
        {{{PEER_SAY, "220 x\r\n"}, {PEER_HANG}}, ERR_TIMEOUT, false, ""},
    };
    struct world *w = *state;

    w->channel.timeout_ms = 400;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        exchange(w, "smtp", cases[i].script);
        expect(w, cases[i].code, cases[i].unsure, cases[i].text);
        assert_true(w->result.took_ms < 4000);
    }
}

/* Without TLS nothing is said that matters, unless the configuration has it so. */
static void test_mail_tls(void **state)
{
    static const struct peer_step none[] = {{PEER_SAY, "220 x\r\n"},
                                            {PEER_LINE, "EHLO"},
                                            {PEER_SAY, "250-x\r\n250 AUTH PLAIN\r\n"},
                                            {PEER_HANG}};
    static const struct peer_step good[] = {
        {PEER_SAY, "220 x\r\n"},
        {PEER_LINE, "EHLO"},
        {PEER_SAY, "250-x\r\n250 STARTTLS\r\n"},
        {PEER_LINE, "STARTTLS"},
        {PEER_SAY, "220 go\r\n"},
        {PEER_TLS},
        {PEER_LINE, "EHLO"},
        {PEER_SAY, "250-x\r\n250 AUTH PLAIN LOGIN GSSAPI NTLM\r\n"},
        {PEER_LINE, "AUTH PLAIN"},
        {PEER_SAY, "334 \r\n"},
        {PEER_LINE, "AG9wcwBzM2NyZXQtb2YtdGhlLWZpeHR1cmU="},
        {PEER_SAY, "235 ok\r\n"},
        {PEER_LINE, "MAIL"},
        {PEER_SAY, "250 ok\r\n"},
        {PEER_LINE, "RCPT"},
        {PEER_SAY, "250 ok\r\n"},
        {PEER_LINE, "DATA"},
        {PEER_SAY, "354 go\r\n"},
        {PEER_DATA},
        {PEER_SAY, "250 done\r\n"},
        {0}};
    static const struct peer_step denied[] = {{PEER_TLS},
                                              {PEER_SAY, "220 x\r\n"},
                                              {PEER_LINE, "EHLO"},
                                              {PEER_SAY, "250-x\r\n250 AUTH PLAIN\r\n"},
                                              {PEER_LINE, "AUTH PLAIN"},
                                              {PEER_SAY, "334 \r\n"},
                                              {PEER_LINE, ""},
                                              {PEER_SAY, "535 no, not with " SECRET "\r\n"},
                                              {0}};
    struct world *w = *state;

    w->channel.plain = false;
    snprintf(w->channel.ca_file, sizeof w->channel.ca_file, "%s", w->ca_file);
    snprintf(w->channel.user, sizeof w->channel.user, "ops");
    exchange(w, "smtp", none);
    expect(w, ERR_DENIED, false, "STARTTLS");
    assert_null(strstr(input(w), "AUTH"));
    exchange(w, "smtp", good);
    expect(w, 0, false, "250 done");
    exchange(w, "smtps", denied);
    expect(w, ERR_DENIED, false, "authentication refused (535)");
    /* The certificate is nobody's whom the system trusts. */
    w->channel.ca_file[0] = '\0';
    exchange(w, "smtps", denied);
    expect(w, ERR_DENIED, false, "certificate");
    assert_int_equal(w->peer.input.len, 0);
}

static void test_injection(void **state)
{
    struct world *w = *state;
    const struct notify_message good = w->message;
    const struct {
        size_t at;
        const char *text, *expected;
    } cases[] = {
        {offsetof(struct notify_message, to), "a@example.com\r\nBcc: b@example.com", "to: "},
        {offsetof(struct notify_message, to), "a@example.com> SIZE=1", "to: "},
        {offsetof(struct notify_message, to), "a@b@c", "to: "},
        {offsetof(struct notify_message, to), "", "to: "},
        {offsetof(struct notify_message, subject), "x\nBcc: b@example.com", "subject: "},
        {offsetof(struct notify_message, subject), "x\rBcc: b@example.com", "subject: "},
        {offsetof(struct notify_message, subject), "x\xc2\x85", "subject: "},
        {offsetof(struct notify_message, key), "a\r\nX: y", "key: "},
        {offsetof(struct notify_message, key), "a b", "key: "},
        {offsetof(struct notify_message, key), "", "key: "},
        {offsetof(struct notify_message, thread), "a\r\nX: y", "thread: "},
    };

    snprintf(w->channel.url, sizeof w->channel.url, "smtp://127.0.0.1:1");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        w->message = good;
        memcpy((char *)&w->message + cases[i].at, &cases[i].text, sizeof cases[i].text);
        deliver(w);
        expect(w, ERR_INVALID, false, cases[i].expected);
    }
    w->message = good;
    snprintf(w->channel.from, sizeof w->channel.from, "a@example.org\r\nX: y");
    deliver(w);
    expect(w, ERR_INVALID, false, "from: ");
}

static void test_secret_files(void **state)
{
    struct world *w = *state;

    w->channel.kind = CHANNEL_LINE;
    write_file(w->secret_file, SECRET "\n", 0644);
    deliver(w);
    expect(w, ERR_INVALID, false, "want mode 0600");
    write_file(w->secret_file, "\n", 0600);
    deliver(w);
    expect(w, ERR_INVALID, false, "it is empty");
    write_file(w->secret_file, SECRET "\r\nX: y\n", 0600);
    deliver(w);
    expect(w, ERR_INVALID, false, "want one line");
    unlink(w->secret_file);
    deliver(w);
    expect(w, ERR_IO, false, "No such file");
    w->channel.secret_file[0] = '\0';
    deliver(w);
    expect(w, ERR_INVALID, false, "no secret_file");
}

static const struct peer_step http_ok[] = {
    {PEER_REQUEST}, {PEER_SAY, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}, {0}};

static json_t *json_of(struct world *w)
{
    const char *body = strstr(input(w), "\r\n\r\n");
    json_error_t error;
    json_t *json;

    assert_non_null(body);
    json = json_loads(body + 4, 0, &error);
    if (json == NULL)
        fail_msg("%s: %s", error.text, body);
    return json;
}

static void test_slack(void **state)
{
    struct world *w = *state;
    json_t *json;

    w->channel.kind = CHANNEL_SLACK;
    w->message.to = "";
    w->message.body = "発信 <!here> a&b \"q\"\n";
    exchange(w, "http", http_ok);
    expect(w, 0, false, "HTTP 200: ok");
    expect_input(w, "POST /services/T0/B0/" SECRET " HTTP/1.1\r\n");
    json = json_of(w);
    assert_string_equal(json_string_value(json_object_get(json, "text")),
                        "発信 &lt;!here&gt; a&amp;b \"q\"\n");
    json_decref(json);
}

static void test_chatwork(void **state)
{
    struct world *w = *state;

    w->channel.kind = CHANNEL_CHATWORK;
    w->message.to = "123456";
    w->message.subject = "[toall]題";
    w->message.body = "a&b=c [To:1]+";
    exchange(w, "http", http_ok);
    expect(w, 0, false, "HTTP 200");
    expect_input(w, "POST /rooms/123456/messages HTTP/1.1\r\n");
    expect_input(w, "X-ChatWorkToken: " SECRET "\r\n");
    expect_input(w, "\r\n\r\nself_unread=1&body=%5Binfo%5D%5Btitle%5D%EF%BC%BBtoall%EF%BC%BD%E9%A1"
                    "%8C%5B%2Ftitle%5Da%26b%3Dc%20%EF%BC%BBTo%3A1%EF%BC%BD%2B%5B%2Finfo%5D");
    w->message.to = "1/../../me";
    deliver(w);
    expect(w, ERR_INVALID, false, "number of a room");
}

static void test_line(void **state)
{
    static const struct peer_step conflict[] = {
        {PEER_REQUEST}, {PEER_SAY, "HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n"}, {0}};
    struct world *w = *state;
    char uuid[NOTIFY_UUID_MAX], header[80];
    json_t *json;

    w->channel.kind = CHANNEL_LINE;
    w->message.to = "C1234";
    exchange(w, "http", http_ok);
    expect(w, 0, false, "HTTP 200");
    expect_input(w, "POST /v2/bot/message/push HTTP/1.1\r\n");
    expect_input(w, "Authorization: Bearer " SECRET "\r\n");
    notify_uuid(KEY, uuid);
    snprintf(header, sizeof header, "\r\nX-Line-Retry-Key: %s\r\n", uuid);
    expect_input(w, header);
    json = json_of(w);
    assert_string_equal(json_string_value(json_object_get(json, "to")), "C1234");
    json_decref(json);
    exchange(w, "http", conflict);
    expect(w, 0, false, "HTTP 409");
    w->channel.kind = CHANNEL_WEBHOOK;
    exchange(w, "http", conflict);
    expect(w, ERR_REFUSED, false, "HTTP 409");
}

/* The signature is computed outside: printf '1790000000.{"a":"発信"}' | openssl dgst -sha256
 * -hmac s3cret-of-the-fixture */
static void test_webhook(void **state)
{
    struct world *w = *state;

    w->channel.kind = CHANNEL_WEBHOOK;
    w->message.body = "{\"a\":\"発信\"}";
    w->message.repeat = true;
    exchange(w, "http", http_ok);
    expect(w, 0, false, "HTTP 200");
    expect_input(w, "POST / HTTP/1.1\r\n");
    expect_input(w, "\r\nIdempotency-Key: " KEY "\r\n");
    expect_input(w, "\r\nX-Kirikae-Timestamp: 1790000000\r\n");
    expect_input(w, "\r\nX-Kirikae-Repeat: yes\r\n");
    expect_input(w, "\r\nX-Kirikae-Signature: "
                    "v1=08929cf8692a3f193904025ae8444325c12a1a9bd59508279f7bec292952a741\r\n");
    expect_input(w, "\r\n\r\n{\"a\":\"発信\"}");
    w->channel.secret_file[0] = '\0';
    exchange(w, "http", http_ok);
    assert_null(strstr(input(w), "X-Kirikae-Signature"));
}

static void test_alertmanager(void **state)
{
    struct world *w = *state;

    w->channel.kind = CHANNEL_ALERTMANAGER;
    snprintf(w->channel.user, sizeof w->channel.user, "ops");
    w->message.body = "[]";
    exchange(w, "http", http_ok);
    expect(w, 0, false, "HTTP 200");
    expect_input(w, "POST /api/v2/alerts HTTP/1.1\r\n");
    expect_input(w, "\r\nAuthorization: Basic b3BzOnMzY3JldC1vZi10aGUtZml4dHVyZQ==\r\n");
}

static void test_http_faults(void **state)
{
    static const struct {
        struct peer_step script[4];
        int code;
        bool unsure;
        const char *text;
    } cases[] = {
        {{{PEER_REQUEST}, {PEER_SAY, "HTTP/1.1 500 no\r\nContent-Length: 3\r\n\r\nbad"}, {0}},
         ERR_REFUSED,
         false,
         "HTTP 500: bad"},
        {{{PEER_REQUEST},
          {PEER_SAY, "HTTP/1.1 400 no\r\nContent-Length: 28\r\n\r\nbad: " SECRET "\r\n"},
          {0}},
         ERR_REFUSED,
         false,
         "HTTP 400: bad: ****"},
        {{{PEER_REQUEST}, {PEER_SAY, "HTTP/1.1 401 no\r\nContent-Length: 0\r\n\r\n"}, {0}},
         ERR_DENIED,
         false,
         "HTTP 401"},
        {{{PEER_REQUEST},
          {PEER_SAY,
           "HTTP/1.1 302 f\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"},
          {0}},
         ERR_REFUSED,
         false,
         "redirects are not followed"},
        {{{PEER_REQUEST}, {PEER_SAY, "HTTP/1.1 504 x\r\nContent-Length: 0\r\n\r\n"}, {0}},
         ERR_REFUSED,
         true,
         "HTTP 504"},
        {{{PEER_REQUEST},
          {PEER_SAY, "HTTP/1.1 202 x\r\nContent-Length: 9\r\n\r\nhalf"},
          {PEER_HANG}},
         0,
         false,
         "HTTP 202: half"},
        {{{PEER_REQUEST}, {PEER_RESET}}, ERR_IO, true, "after all was sent"},
        {{{PEER_REQUEST}, {0}}, ERR_IO, true, "after all was sent"},
        {{{PEER_REQUEST}, {PEER_HANG}}, ERR_TIMEOUT, true, "after all was sent"},
        {{{PEER_REQUEST}, {PEER_SAY, "SSH-2.0-x\r\n"}, {0}}, ERR_IO, true, ""},
        {{{PEER_REQUEST},
          {PEER_SAY, "HTTP/1.1 400 x\r\nContent-Length: 9\r\n\r\n\x1b[2J\xe2\x80\xaexyz"},
          {0}},
         ERR_REFUSED,
         false,
         "HTTP 400: ?[2J???x"},
    };
    struct world *w = *state;

    w->channel.kind = CHANNEL_WEBHOOK;
    w->channel.timeout_ms = 400;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        exchange(w, "http", cases[i].script);
        expect(w, cases[i].code, cases[i].unsure, cases[i].text);
    }
    /* Nobody listens there any more. */
    deliver(w);
    expect(w, ERR_IO, false, "");
}

/* A body that does not fit into the sockets' buffers: broken off before its end, it is sure. */
static void test_before_the_last_byte(void **state)
{
    static const struct peer_step script[] = {{PEER_LINE, "POST"}, {PEER_SOME}, {PEER_RESET}};
    struct world *w = *state;
    size_t len = 16 << 20;
    char *body = malloc(len + 1);

    memset(body, 'x', len);
    body[len] = '\0';
    w->channel.kind = CHANNEL_WEBHOOK;
    w->message.body = body;
    exchange(w, "http", script);
    expect(w, ERR_IO, false, "");
    free(body);
}

static void test_http_tls(void **state)
{
    static const struct peer_step good[] = {
        {PEER_TLS}, {PEER_REQUEST}, {PEER_SAY, "HTTP/1.1 204 x\r\n\r\n"}, {0}};
    struct world *w = *state;
    char other[sizeof w->ca_file + 8];
    struct peer stranger;

    w->channel.kind = CHANNEL_WEBHOOK;
    w->channel.plain = false;
    snprintf(w->channel.ca_file, sizeof w->channel.ca_file, "%s", w->ca_file);
    exchange(w, "https", good);
    expect(w, 0, false, "HTTP 204");
    w->channel.ca_file[0] = '\0';
    exchange(w, "https", good);
    expect(w, ERR_DENIED, false, "certificate");
    assert_int_equal(w->peer.input.len, 0);
    /* Another one's certificate is no better than none. */
    snprintf(other, sizeof other, "%s.other", w->ca_file);
    peer_start(&stranger, good, other);
    peer_join(&stranger);
    buf_free(&stranger.input);
    snprintf(w->channel.ca_file, sizeof w->channel.ca_file, "%s", other);
    exchange(w, "https", good);
    expect(w, ERR_DENIED, false, "certificate");
    assert_int_equal(w->peer.input.len, 0);
    unlink(other);
    exchange(w, "http", good + 1);
    expect(w, ERR_INVALID, false, "want https://");
}

static void test_many_and_closing(void **state)
{
    static const struct peer_step hang[] = {{PEER_REQUEST}, {PEER_HANG}};
    struct world *w = *state;
    bool closed = false;

    w->channel.kind = CHANNEL_WEBHOOK;
    w->channel.timeout_ms = 60000;
    peer_start(&w->peer, hang, NULL);
    snprintf(w->channel.url, sizeof w->channel.url, "http://127.0.0.1:%d", w->peer.port);
    for (int i = 0; i < NOTIFY_AT_ONCE; i++)
        notify_send(w->notify, &w->message, on_done, w);
    notify_send(w->notify, &w->message, on_done, w);
    while (w->done == 0)
        uv_run(&w->loop, UV_RUN_ONCE);
    expect(w, ERR_LIMIT, false, "under way");
    notify_close(w->notify, on_closed, &closed);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_int_equal(w->done, NOTIFY_AT_ONCE + 1);
    assert_int_equal(w->result.code, ERR_UNAVAILABLE);
    peer_join(&w->peer);
    w->notify = notify_open(&w->loop);
}

#define NOTIFY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NOTIFY_TEST(test_mail),
        NOTIFY_TEST(test_mail_farewell),
        NOTIFY_TEST(test_mail_faults),
        NOTIFY_TEST(test_mail_tls),
        NOTIFY_TEST(test_injection),
        NOTIFY_TEST(test_secret_files),
        NOTIFY_TEST(test_slack),
        NOTIFY_TEST(test_chatwork),
        NOTIFY_TEST(test_line),
        NOTIFY_TEST(test_webhook),
        NOTIFY_TEST(test_alertmanager),
        NOTIFY_TEST(test_http_faults),
        NOTIFY_TEST(test_before_the_last_byte),
        NOTIFY_TEST(test_http_tls),
        NOTIFY_TEST(test_many_and_closing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
