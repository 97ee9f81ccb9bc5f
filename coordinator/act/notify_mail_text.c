/* A mail's bytes: RFC 5322, its headers in RFC 2047's words, its text in base64, so that no server
 * on the way has a reason to touch either. */
#include "act/notify_text.h"
#include "base/plain.h"
#include "base/utc.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#define LINE 76       /* characters of a header's line with encoded words */
#define WORD_FRAME 12 /* "=?UTF-8?B?" and "?=" */
#define WORD_TEXT 45  /* bytes of text in a word: 60 characters of base64 */
#define ASCII_LINE 200

static void base64(const void *bytes, size_t len, struct buf *out)
{
    unsigned char text[(LINE * 3 / 4 + 2) / 3 * 4 + 1];

    buf_append(out, text, (size_t)EVP_EncodeBlock(text, bytes, (int)len));
}

static bool as_it_is(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            return false;
    return strstr(text, "=?") == NULL && strlen(text) <= ASCII_LINE;
}

/* Each word has whole characters: nobody has to join them before they are decoded. */
void notify_mail_header(const char *name, const char *text, struct buf *out)
{
    size_t room = (LINE - WORD_FRAME - strlen(name) - 2) / 4 * 3, left = strlen(text), n;

    buf_printf(out, "%s: ", name);
    if (as_it_is(text)) {
        buf_printf(out, "%s\r\n", text);
        return;
    }
    for (; left > 0; text += n, left -= n, room = WORD_TEXT) {
        n = plain_cut(text, left, room < WORD_TEXT ? room : WORD_TEXT);
        buf_str(out, "=?UTF-8?B?");
        base64(text, n, out);
        buf_str(out, n < left ? "?=\r\n " : "?=");
    }
    buf_str(out, "\r\n");
}

static void date(int64_t utc_ms, struct buf *out)
{
    static const char days[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t s = utc_ms / 1000, day = s / 86400;
    int y, m, d, of_day = (int)(s % 86400);

    utc_civil_from_days(day, &y, &m, &d);
    buf_printf(out, "Date: %s, %d %s %04d %02d:%02d:%02d +0000\r\n", days[day % 7], d,
               months[m - 1], y, of_day / 3600, of_day / 60 % 60, of_day % 60);
}

static void body(const char *text, struct buf *out)
{
    struct buf lines = {0};
    size_t n;

    for (; *text != '\0'; text++)
        if (*text == '\n')
            buf_str(&lines, "\r\n");
        else
            buf_append(&lines, text, 1);
    for (size_t at = 0; at < lines.len; at += n) {
        n = lines.len - at < LINE * 3 / 4 ? lines.len - at : LINE * 3 / 4;
        base64(lines.data + at, n, out);
        buf_str(out, "\r\n");
    }
    buf_free(&lines);
}

void notify_mail_text(const struct notify_message *message, struct buf *out)
{
    const char *from = message->channel->from, *at = strrchr(from, '@');
    const char *domain = at != NULL ? at + 1 : "kirikae.invalid";

    date(message->now_ms, out);
    buf_printf(out, "From: <%s>\r\nTo: <%s>\r\n", from, message->to);
    notify_mail_header("Subject", message->subject, out);
    buf_printf(out, "Message-ID: <%s@%s>\r\n", message->key, domain);
    if (message->thread[0] != '\0')
        buf_printf(out, "In-Reply-To: <%s@%s>\r\nReferences: <%s@%s>\r\n", message->thread, domain,
                   message->thread, domain);
    buf_str(out, "Auto-Submitted: auto-generated\r\nPrecedence: bulk\r\n");
    buf_printf(out, "X-Kirikae-Key: %s\r\n", message->key);
    if (message->repeat)
        buf_str(out, "X-Kirikae-Repeat: yes\r\n");
    buf_str(out, "MIME-Version: 1.0\r\n"
                 "Content-Type: text/plain; charset=UTF-8\r\n"
                 "Content-Transfer-Encoding: base64\r\n\r\n");
    body(message->body, out);
}
