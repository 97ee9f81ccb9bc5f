/* Chats. Each has its own marks in a text, which are made harmless: what a notice says comes from
 * names and people. */
#include "act/notify_call.h"
#include "act/notify_text.h"
#include "base/buf.h"
#include "base/jsonw.h"

#include <string.h>

#define SLACK_TEXT_MAX 8000 /* UTF-16 units; it would cut at 40 000 */
#define LINE_TEXT_MAX 5000  /* of the API, likewise */
#define CHATWORK_TEXT_MAX 10000

/* By incoming webhook: whoever knows the URL may post, so it is the secret. */
static int prepare_slack(struct notify_call *call, const struct notify_message *message,
                         struct err *err)
{
    struct curl_slist *headers = notify_header(NULL, "Content-Type: application/json");
    struct channel channel = *message->channel;
    struct buf text = {0}, json = {0};
    struct jsonw w;
    int rv;

    notify_cut(message->body, SLACK_TEXT_MAX, notify_slack_text, &text);
    jsonw_begin(&w, &json);
    jsonw_object(&w, NULL);
    jsonw_str(&w, "text", buf_cstr(&text));
    jsonw_bool(&w, "mrkdwn", false);
    jsonw_end(&w);
    channel.url[0] = '\0';
    rv = notify_post(call, &channel, call->secret, "", headers, json.data, json.len, err);
    if (rv != 0)
        err_wrap(err, rv, "secret %s", channel.secret_file);
    buf_free(&text);
    buf_free(&json);
    return rv;
}

const struct notify_kind notify_slack = {
    .secret = true,
    .prepare = prepare_slack,
    .judge = notify_judge_http,
};

static int prepare_chatwork(struct notify_call *call, const struct notify_message *message,
                            struct err *err)
{
    struct curl_slist *headers;
    struct buf text = {0}, form = {0};
    char path[LIMIT_TEXT + 32];
    int rv;

    if (message->to[0] == '\0' || strspn(message->to, "0123456789") != strlen(message->to))
        return err_set(err, ERR_INVALID, "to: want the number of a room");
    snprintf(path, sizeof path, "/rooms/%s/messages", message->to);
    headers = notify_header(NULL, "X-ChatWorkToken: %s", call->secret);
    buf_str(&text, "[info][title]");
    notify_cut(message->subject, 200, notify_chatwork_text, &text);
    buf_str(&text, "[/title]");
    notify_cut(message->body, CHATWORK_TEXT_MAX, notify_chatwork_text, &text);
    buf_str(&text, "[/info]");
    buf_str(&form, "self_unread=1&body=");
    notify_form(buf_cstr(&text), &form);
    rv = notify_post(call, message->channel, "https://api.chatwork.com/v2", path, headers,
                     form.data, form.len, err);
    buf_free(&text);
    buf_free(&form);
    return rv;
}

const struct notify_kind notify_chatwork = {
    .secret = true,
    .prepare = prepare_chatwork,
    .judge = notify_judge_http,
};

static int prepare_line(struct notify_call *call, const struct notify_message *message,
                        struct err *err)
{
    struct curl_slist *headers = notify_header(NULL, "Content-Type: application/json");
    struct buf text = {0}, json = {0};
    char uuid[NOTIFY_UUID_MAX];
    struct jsonw w;
    int rv;

    headers = notify_header(headers, "Authorization: Bearer %s", call->secret);
    notify_uuid(message->key, uuid);
    headers = notify_header(headers, "X-Line-Retry-Key: %s", uuid);
    notify_cut(message->body, LINE_TEXT_MAX, NULL, &text);
    jsonw_begin(&w, &json);
    jsonw_object(&w, NULL);
    jsonw_str(&w, "to", message->to);
    jsonw_array(&w, "messages");
    jsonw_object(&w, NULL);
    jsonw_str(&w, "type", "text");
    jsonw_str(&w, "text", buf_cstr(&text));
    jsonw_end(&w);
    jsonw_end(&w);
    jsonw_end(&w);
    rv = notify_post(call, message->channel, "https://api.line.me", "/v2/bot/message/push", headers,
                     json.data, json.len, err);
    buf_free(&text);
    buf_free(&json);
    return rv;
}

/* 409: a request with this retry key was accepted before. */
static void judge_line(const struct transfer_end *end, struct notify_result *result)
{
    notify_judge_http(end, result);
    if (end->status == 409)
        result->code = 0;
}

const struct notify_kind notify_line = {
    .secret = true,
    .prepare = prepare_line,
    .judge = judge_line,
};
