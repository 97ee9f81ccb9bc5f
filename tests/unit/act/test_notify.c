/* Deliveries by HTTP, on real sockets: what goes out by each kind of channel, and what each way of
 * answering, or not, comes to; and what never gets so far. */
#include "act/notify_text.h"
#include "base/check.h"
#include "notify_world.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    assert_int_equal(truncate(w->secret_file, 40), 0); /* the rest is zeros */
    deliver(w);
    expect(w, ERR_INVALID, false, "a byte of zeros");
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
        {{{PEER_REQUEST},
          {PEER_SAY, "HTTP/1.1 400 no\r\nContent-Length: 112\r\n\r\n" /* cut at 100 */
                     "0123456789012345678901234567890123456789012345678901234567890123456789"
                     "012345678901234567890" SECRET},
          {0}},
         ERR_REFUSED,
         false,
         "7890*********"},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
