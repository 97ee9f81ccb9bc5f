/* Inside act/: the bytes that channels want, made of texts from anywhere. No I/O. */
#ifndef ACT_NOTIFY_TEXT_H
#define ACT_NOTIFY_TEXT_H

#include "act/notify.h"
#include "base/buf.h"

#include <stddef.h>

/* Makes the bytes of one character harmless. */
typedef void notify_escape(const char *character, size_t len, struct buf *out);
notify_escape notify_slack_text, notify_chatwork_text;

/* Appends a text of at most `max` UTF-16 units, by which chats count; a longer one ends with "…".
 * NULL: as it is. */
void notify_cut(const char *text, size_t max, notify_escape *escape, struct buf *out);
/* As a form's value (application/x-www-form-urlencoded). */
void notify_form(const char *text, struct buf *out);

#define NOTIFY_UUID_MAX 37
/* The same for the same key: of its SHA-256, in the shape of a UUID. */
void notify_uuid(const char *key, char uuid[NOTIFY_UUID_MAX]);

#define NOTIFY_SIGNATURE_MAX 80
/* "v1=" and the HMAC-SHA256, in hexadecimal, of the seconds since 1970, a dot and the body. */
void notify_signature(const char *secret, int64_t now_s, const char *body,
                      char signature[NOTIFY_SIGNATURE_MAX]);

/* The whole mail, RFC 5322 and MIME, lines ended by CRLF. */
void notify_mail_text(const struct notify_message *message, struct buf *out);
/* A header with a text of any characters (RFC 2047), folded. */
void notify_mail_header(const char *name, const char *text, struct buf *out);

#endif
