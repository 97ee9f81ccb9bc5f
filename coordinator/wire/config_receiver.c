/* The receivers of notices: who is told, by which channel, in which words. */
#include "base/check.h"
#include "wire/config_notice.h"

#include <string.h>

#define LOCAL_MAX 64 /* RFC 5321, 4.5.3.1.1 */
#define ADDRESS_MAX 254
#define ROOM_DIGITS_MAX 18
#define LINE_ID_LEN 33
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* ---- addresses ---- */

/* RFC 5322's atoms, with dots anywhere: Japan's carriers gave out addresses such as a..b.@ */
static bool good_local(const char *text, size_t len)
{
    return len > 0 && len <= LOCAL_MAX &&
           strspn(text, LOWER UPPER DIGITS "!#$%&'*+-/=?^_`{|}~.") >= len;
}

static bool good_domain(const char *text)
{
    size_t label;

    do {
        label = strspn(text, LOWER UPPER DIGITS "-");
        if (label == 0 || label > 63 || text[0] == '-' || text[label - 1] == '-')
            return false;
        text += label;
    } while (*text++ == '.');
    return text[-1] == '\0';
}

int config_mail_address(struct reader *r, const struct doc *doc, const char *what, char *address)
{
    int rc = fields_text(r, doc, what, NULL, address, LIMIT_TEXT);
    const char *at = rc == 0 ? strrchr(address, '@') : NULL;

    if (rc != 0)
        return rc;
    if (at == NULL || strlen(address) > ADDRESS_MAX ||
        !good_local(address, (size_t)(at - address)) || !good_domain(at + 1))
        return fields_expected(r, doc, what,
                               "a mail address and nothing else, such as duty@example.jp");
    return 0;
}

static bool good_room(const char *to)
{
    size_t len = strlen(to);

    return len > 0 && len <= ROOM_DIGITS_MAX && strspn(to, DIGITS) == len;
}

static bool good_line_id(const char *to)
{
    return strchr("UCR", to[0]) != NULL && strlen(to) == LINE_ID_LEN &&
           strspn(to + 1, DIGITS "abcdef") == LINE_ID_LEN - 1;
}

/* The channel stands before it in the table of fields. */
static int read_to(struct reader *r, const struct doc *doc, void *into)
{
    static const char what[] = "to of receiver";
    const struct notice_config *config =
        ((const struct config_builder *)r->context)->model->notices;
    struct receiver *receiver = into;
    const struct channel *channel = &config->channels[receiver->channel];
    int rc;

    if (channel->kind == CHANNEL_MAIL)
        return config_mail_address(r, doc, what, receiver->to);
    if (channel->kind != CHANNEL_CHATWORK && channel->kind != CHANNEL_LINE)
        return fields_refuse(r, doc->line,
                             "%s: channel \"%s\" (%s) tells whom its URL says: leave it out", what,
                             channel->name, channel_kind_name(channel->kind));
    rc = fields_text(r, doc, what, NULL, receiver->to, sizeof receiver->to);
    if (rc == 0 && channel->kind == CHANNEL_CHATWORK && !good_room(receiver->to))
        return fields_expected(r, doc, what, "the number of a room, digits only");
    if (rc == 0 && channel->kind == CHANNEL_LINE && !good_line_id(receiver->to))
        return fields_expected(r, doc, what,
                               "the id of a user, a group or a room: U, C or R and 32 of 0-9 a-f");
    return rc;
}

/* ---- receivers ---- */

static int find_channel(const struct model *model, const char *name)
{
    return notice_find_channel(model->notices, name);
}

static int find_receiver(const struct model *model, const char *name)
{
    return notice_find_receiver(model->notices, name);
}

static int find_template(const struct model *model, const char *name)
{
    return notice_find_template(model->notices, name);
}

int config_receiver(struct reader *r, const struct doc *doc, int *receiver)
{
    return config_reference(r, doc, "receiver", find_receiver, receiver);
}

static int read_channel_name(struct reader *r, const struct doc *doc, void *into)
{
    return config_reference(r, doc, "channel", find_channel, into);
}

static int read_template_name(struct reader *r, const struct doc *doc, void *into)
{
    return config_reference(r, doc, "template", find_template, into);
}

static int read_later(struct reader *r, const struct doc *doc, void *into)
{
    return 0;
}

static int read_receiver(struct reader *r, const struct doc *doc, void *into)
{
    static const char *const languages[] = {"ja", "en", NULL};
    static const char *const audiences[] = {"operators", "customers", NULL};
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct receiver, name)},
        {"channel", FIELD_READ, .required = true, FIELD_AT(struct receiver, channel),
         .read = read_channel_name},
        {"to", FIELD_READ, .read = read_to},
        {"language", FIELD_WORD, FIELD_AT(struct receiver, language), .words = languages},
        {"audience", FIELD_WORD, FIELD_AT(struct receiver, audience), .words = audiences},
        {"template", FIELD_READ, FIELD_AT(struct receiver, template), .read = read_template_name},
        {"otherwise", FIELD_READ, .read = read_later}, /* once all receivers are known */
    };
    struct notice_config *config = into;
    int own = config->n_receivers++, rc;
    struct receiver *receiver = &config->receivers[own];
    enum channel_kind kind;

    *receiver = (struct receiver){.template = -1, .otherwise = -1};
    rc = fields_read(r, doc, "receiver", fields, ARRAY_LEN(fields), receiver);
    if (rc != 0)
        return rc;
    kind = config->channels[receiver->channel].kind;
    if (receiver->to[0] == '\0' &&
        (kind == CHANNEL_MAIL || kind == CHANNEL_CHATWORK || kind == CHANNEL_LINE))
        return fields_refuse(r, doc->line, "receiver: key \"to\" is missing");
    return config_unique(r, doc, "receiver", receiver->name,
                         notice_find_receiver(config, receiver->name), own);
}

/* A receiver may name one that comes later. */
static int read_otherwise(struct reader *r, const struct doc *receivers,
                          struct notice_config *config)
{
    const struct doc *receiver, *field;
    int own = 0, rc = 0;

    for (receiver = receivers->first; receiver != NULL && rc == 0; receiver = receiver->next, own++)
        for (field = receiver->first; field != NULL && rc == 0; field = field->next)
            if (strcmp(field->key, "otherwise") == 0 && !field->null)
                rc = config_receiver(r, field, &config->receivers[own].otherwise);
    for (receiver = receivers->first, own = 0; receiver != NULL && rc == 0;
         receiver = receiver->next, own++) {
        rc = notice_otherwise_check(config, own, r->err);
        if (rc != 0)
            err_wrap(r->err, rc, "%s:%d: receiver \"%s\"", r->file, receiver->line,
                     config->receivers[own].name);
    }
    return rc;
}

int config_receivers(struct reader *r, const struct doc *doc, void *into)
{
    int rc = fields_list(r, doc, "receivers of notices", LIMIT_RECEIVERS, read_receiver, into);

    return rc != 0 ? rc : read_otherwise(r, doc, into);
}
