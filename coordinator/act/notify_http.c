/* What the channels by HTTP have in common: a POST over TLS, and what its end says. */
#include "act/notify_call.h"
#include "base/check.h"
#include "base/plain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define URL_MAX (NOTIFY_SECRET_MAX + LIMIT_TEXT)

struct curl_slist *notify_header(struct curl_slist *list, const char *format, ...)
{
    char line[NOTIFY_SECRET_MAX + LIMIT_TEXT];
    struct curl_slist *longer;
    va_list args;

    va_start(args, format);
    CHECK((size_t)vsnprintf(line, sizeof line, format, args) < sizeof line);
    va_end(args);
    longer = curl_slist_append(list, line);
    CHECK(longer != NULL);
    explicit_bzero(line, sizeof line);
    return longer;
}

void notify_trust(struct notify_call *call, const struct channel *channel)
{
    CURL *easy = transfer_easy(call->transfer);

    if (channel->ca_file[0] == '\0')
        return;
    curl_easy_setopt(easy, CURLOPT_CAINFO, channel->ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
}

int notify_post(struct notify_call *call, const struct channel *channel, const char *otherwise,
                const char *path, struct curl_slist *headers, const void *body, size_t len,
                struct err *err)
{
    const char *base = channel->url[0] != '\0' ? channel->url : otherwise;
    CURL *easy = transfer_easy(call->transfer);
    size_t base_len = strlen(base);
    char url[URL_MAX];
    bool tls = strncmp(base, "https://", 8) == 0;

    /* libcurl would ask for leave first when the body is long, and wait. */
    transfer_list(call->transfer, CURLOPT_HTTPHEADER, notify_header(headers, "Expect:"));
    if (!tls && !(channel->plain && strncmp(base, "http://", 7) == 0))
        return err_set(err, ERR_INVALID, "url: want https://%s",
                       channel->plain ? " or http://" : "");
    while (path[0] == '/' && base_len > 0 && base[base_len - 1] == '/')
        base_len--;
    snprintf(url, sizeof url, "%.*s%s", (int)base_len, base, path);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    explicit_bzero(url, sizeof url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, tls ? "https" : "http");
    notify_trust(call, channel);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    transfer_send(call->transfer, body, len);
    transfer_keep(call->transfer, NOTIFY_ANSWER_MAX);
    return 0;
}

static const struct {
    CURLcode curl;
    int code;
} codes[] = {
    {CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT},
    {CURLE_ABORTED_BY_CALLBACK, ERR_TIMEOUT},
    {CURLE_PEER_FAILED_VERIFICATION, ERR_DENIED},
    {CURLE_SSL_CONNECT_ERROR, ERR_DENIED},
    {CURLE_USE_SSL_FAILED, ERR_DENIED},
    {CURLE_SSL_CIPHER, ERR_DENIED},
    {CURLE_LOGIN_DENIED, ERR_DENIED},
    {CURLE_SSL_CACERT_BADFILE, ERR_INVALID},
    {CURLE_URL_MALFORMAT, ERR_INVALID},
    {CURLE_OUT_OF_MEMORY, ERR_LIMIT},
};

void notify_no_answer(const struct transfer_end *end, struct notify_result *result)
{
    result->code = ERR_IO;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (codes[i].curl == end->code)
            result->code = codes[i].code;
    result->unsure = end->sent;
    snprintf(result->text, sizeof result->text, "%.*s%s",
             (int)plain_cut(end->text, strlen(end->text), 110), end->text,
             end->sent ? " (after all was sent)" : "");
}

/* The status decides, even if the rest of the answer never came. A gateway's word on what is
 * behind it (502, 504) does not say that it did not arrive. */
void notify_judge_http(const struct transfer_end *end, struct notify_result *result)
{
    int status = end->status;
    size_t len = strcspn(end->kept, "\r\n");

    if (status < 200) {
        notify_no_answer(end, result);
        return;
    }
    if (status >= 300)
        result->code = status == 401 || status == 403 ? ERR_DENIED : ERR_REFUSED;
    result->unsure = status == 502 || status == 504;
    snprintf(result->text, sizeof result->text, "HTTP %d%s%.*s%s", status, len > 0 ? ": " : "",
             (int)plain_cut(end->kept, len, 100), end->kept,
             status >= 300 && status < 400 ? " (redirects are not followed)" : "");
}
