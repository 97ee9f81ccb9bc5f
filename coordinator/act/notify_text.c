#include "act/notify_text.h"
#include "base/check.h"
#include "base/plain.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#define CUT_MARK "…"

void notify_slack_text(const char *character, size_t len, struct buf *out)
{
    switch (*character) {
    case '&':
        buf_str(out, "&amp;");
        break;
    case '<':
        buf_str(out, "&lt;");
        break;
    case '>':
        buf_str(out, "&gt;");
        break;
    default:
        buf_append(out, character, len);
    }
}

/* Its tags stand in brackets, and nothing escapes them: their wide twins do not begin one. */
void notify_chatwork_text(const char *character, size_t len, struct buf *out)
{
    if (*character == '[')
        buf_str(out, "［");
    else if (*character == ']')
        buf_str(out, "］");
    else
        buf_append(out, character, len);
}

static size_t character_len(const char *text, size_t left)
{
    unsigned char c = (unsigned char)*text;
    size_t len = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

    return len < left ? len : left;
}

static size_t units_of(const char *text, size_t *len)
{
    size_t units = 0, left = *len, n;

    for (; left > 0; text += n, left -= n) {
        n = character_len(text, left);
        units += n == 4 ? 2 : 1;
    }
    return units;
}

void notify_cut(const char *text, size_t max, notify_escape *escape, struct buf *out)
{
    size_t left = strlen(text), used = 0, n, units;
    bool longer = units_of(text, &left) > max;

    for (; left > 0; text += n, left -= n) {
        n = character_len(text, left);
        units = n == 4 ? 2 : 1;
        if (longer && used + units > max - 1)
            break;
        used += units;
        if (escape != NULL)
            escape(text, n, out);
        else
            buf_append(out, text, n);
    }
    if (longer)
        buf_str(out, CUT_MARK);
}

void notify_form(const char *text, struct buf *out)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            strchr("-._~", c) != NULL)
            buf_append(out, &c, 1);
        else
            buf_printf(out, "%%%02X", c);
    }
}

void notify_uuid(const char *key, char uuid[NOTIFY_UUID_MAX])
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    char *at = uuid;

    SHA256((const uint8_t *)key, strlen(key), hash);
    hash[6] = (uint8_t)(0x50 | (hash[6] & 0x0f)); /* made from a name */
    hash[8] = (uint8_t)(0x80 | (hash[8] & 0x3f)); /* RFC 9562's variant */
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        at += sprintf(at, "%02x", hash[i]);
    }
}

void notify_signature(const char *secret, int64_t now_s, const char *body,
                      char signature[NOTIFY_SIGNATURE_MAX])
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct buf text = {0};
    char *at = signature;

    buf_printf(&text, "%" PRId64 ".", now_s);
    buf_str(&text, body);
    CHECK(HMAC(EVP_sha256(), secret, (int)strlen(secret), text.data, text.len, mac, &len) != NULL);
    buf_free(&text);
    at += sprintf(at, "v1=");
    for (unsigned i = 0; i < len; i++)
        at += sprintf(at, "%02x", mac[i]);
}
