/* Mail, handed to one server by SMTP: over TLS unless the configuration says that it goes without.
 * 250 after the message is its acceptance. */
#include "act/notify_call.h"
#include "act/notify_text.h"
#include "base/plain.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One that needs no quotes and no SMTPUTF8, as RFC 5321 has it without them. */
static bool address_ok(const char *address)
{
    const char *at = strchr(address, '@');

    if (at == NULL || at == address || at[1] == '\0' || strchr(at + 1, '@') != NULL)
        return false;
    for (; *address != '\0'; address++)
        if (!isgraph((unsigned char)*address) || strchr("<>()[],;:\\\"", *address) != NULL)
            return false;
    return true;
}

static int check(const struct notify_message *message, bool tls, struct err *err)
{
    const struct channel *channel = message->channel;

    if (!address_ok(message->to))
        return err_set(err, ERR_INVALID, "to: \"%s\" is not an address that mail goes to",
                       message->to);
    if (!address_ok(channel->from))
        return err_set(err, ERR_INVALID, "from: \"%s\" is not an address that mail comes from",
                       channel->from);
    if (!tls && strncmp(channel->url, "smtp://", 7) != 0)
        return err_set(err, ERR_INVALID, "url: want smtp://HOST:PORT or smtps://HOST:PORT");
    return 0;
}

static int prepare(struct notify_call *call, const struct notify_message *message, struct err *err)
{
    const struct channel *channel = message->channel;
    CURL *easy = transfer_easy(call->transfer);
    bool tls = strncmp(channel->url, "smtps://", 8) == 0;
    struct curl_slist *to;
    struct buf mail = {0};
    int rv = check(message, tls, err);

    if (rv != 0)
        return rv;
    curl_easy_setopt(easy, CURLOPT_URL, channel->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, tls ? "smtps" : "smtp");
    if (!tls)
        curl_easy_setopt(easy, CURLOPT_USE_SSL,
                         channel->plain ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
    notify_trust(call, channel);
    if (channel->user[0] != '\0') {
        curl_easy_setopt(easy, CURLOPT_USERNAME, channel->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, call->secret);
        /* No Kerberos, no NTLM: they would read this machine's own credentials. */
        curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN;AUTH=CRAM-MD5");
    }
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, channel->from);
    to = notify_header(NULL, "%s", message->to);
    transfer_list(call->transfer, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    notify_mail_text(message, &mail);
    transfer_send(call->transfer, mail.data, mail.len);
    transfer_keep_line(call->transfer, NOTIFY_ANSWER_MAX);
    buf_free(&mail);
    return 0;
}

/* The server's newest word: once all is sent, 354 is still none on the message itself. */
static void judge(const struct transfer_end *end, struct notify_result *result)
{
    int reply = atoi(end->kept);
    int len = (int)plain_cut(end->kept, strcspn(end->kept, "\r\n"), 120);

    if (end->code == CURLE_OK) {
        snprintf(result->text, sizeof result->text, "%.*s", len, end->kept);
    } else if (end->code == CURLE_LOGIN_DENIED) {
        result->code = ERR_DENIED; /* what it says could have the password in it */
        snprintf(result->text, sizeof result->text, "authentication refused (%d)", reply);
    } else if (reply >= 400) {
        result->code = ERR_REFUSED;
        snprintf(result->text, sizeof result->text, "%.*s", len, end->kept);
    } else {
        notify_no_answer(end, result);
    }
}

const struct notify_kind notify_mail = {.prepare = prepare, .judge = judge};
