/* JSON to any HTTP server, signed so that it can tell whose it is (proto/README.md), and alerts for
 * an Alertmanager. */
#include "act/notify_call.h"
#include "act/notify_text.h"

#include <inttypes.h>
#include <string.h>

static int prepare_webhook(struct notify_call *call, const struct notify_message *message,
                           struct err *err)
{
    struct curl_slist *headers = notify_header(NULL, "Content-Type: application/json");
    int64_t now_s = message->now_ms / 1000;
    char signature[NOTIFY_SIGNATURE_MAX];

    headers = notify_header(headers, "Idempotency-Key: %s", message->key);
    headers = notify_header(headers, "X-Kirikae-Timestamp: %" PRId64, now_s);
    if (message->repeat)
        headers = notify_header(headers, "X-Kirikae-Repeat: yes");
    if (call->secret[0] != '\0') {
        notify_signature(call->secret, now_s, message->body, signature);
        headers = notify_header(headers, "X-Kirikae-Signature: %s", signature);
    }
    return notify_post(call, message->channel, "", "", headers, message->body,
                       strlen(message->body), err);
}

const struct notify_kind notify_webhook = {
    .prepare = prepare_webhook,
    .judge = notify_judge_http,
};

static int prepare_alertmanager(struct notify_call *call, const struct notify_message *message,
                                struct err *err)
{
    const struct channel *channel = message->channel;
    struct curl_slist *headers = notify_header(NULL, "Content-Type: application/json");
    CURL *easy = transfer_easy(call->transfer);

    headers = notify_header(headers, "X-Kirikae-Key: %s", message->key);
    if (channel->user[0] != '\0') {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, channel->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, call->secret);
    }
    return notify_post(call, channel, "", "/api/v2/alerts", headers, message->body,
                       strlen(message->body), err);
}

const struct notify_kind notify_alertmanager = {
    .prepare = prepare_alertmanager,
    .judge = notify_judge_http,
};
