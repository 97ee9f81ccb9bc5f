/* From an operator's text to a fault. Every refusal quotes the fault, says what is wrong with
 * it and what would be right. */
#include "simulate/faults/fault.h"
#include "simulate/faults/fault_rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 512          /* bytes of a fault's text */
#define VALUE_MAX_MS 86400000 /* of a delay and such */
#define VALUE_MAX_PPM 500000  /* a clock at half or one and a half its speed */
#define LIST_MAX 384          /* bytes of names listed in a message */

struct reading {
    const char *text; /* whole, for messages */
    const struct model *model;
    struct err *err;
    enum fault_kind kind;
    const struct fault_row *row;
};

static int refuse(const struct reading *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int misuse(const struct reading *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int refuse(const struct reading *r, const char *format, ...)
{
    char why[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return err_set(r->err, ERR_INVALID, "fault \"%.80s\": %s", r->text, why);
}

/* The same, and how it is written. */
static int misuse(const struct reading *r, const char *format, ...)
{
    char why[ERR_TEXT_MAX];
    struct buf usage = {0};
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    fault_usage(r->kind, &usage);
    refuse(r, "%s; expected %s", why, buf_cstr(&usage));
    buf_free(&usage);
    return ERR_INVALID;
}

/* Ends `text` at the first `mark` and gives what is behind it; NULL: there is none. */
static char *cut(char *text, char mark)
{
    char *at = strchr(text, mark);

    if (at != NULL)
        *at++ = '\0';
    return at;
}

/* Names for a message, as many as there is room for. */
struct names {
    char text[LIST_MAX];
    size_t len;
    bool more;
};

static void list(struct names *names, const char *name)
{
    size_t need = strlen(name) + 2;

    names->more = names->more || names->len + need + sizeof ", ..." > sizeof names->text;
    if (!names->more)
        names->len += (size_t)snprintf(names->text + names->len, sizeof names->text - names->len,
                                       "%s%s", names->len > 0 ? ", " : "", name);
}

static const char *listed(struct names *names)
{
    if (names->more)
        strcpy(names->text + names->len, ", ...");
    return names->len > 0 ? names->text : "none";
}

/* [0-9]{1,15} */
static bool digits(const char **text, int64_t *value)
{
    const char *c = *text;

    *value = 0;
    for (; *c >= '0' && *c <= '9'; c++) {
        if (c - *text == 15)
            return false;
        *value = *value * 10 + (*c - '0');
    }
    if (c == *text)
        return false;
    *text = c;
    return true;
}

int fault_time_parse(const char *text, int64_t *ms, struct err *err)
{
    const char *c = text;
    size_t unit = 0;
    int64_t n;

    *ms = 0;
    while (digits(&c, &n)) {
        size_t len = strspn(c, "dhms");

        while (unit < FAULT_TIME_UNITS && (strlen(fault_time_units[unit].word) != len ||
                                           strncmp(fault_time_units[unit].word, c, len) != 0))
            unit++;
        if (unit == FAULT_TIME_UNITS)
            break;
        if (n > (FAULT_TIME_MAX_MS - *ms) / fault_time_units[unit].ms)
            return err_set(err, ERR_INVALID, "\"%.40s\" is more than ten years", text);
        *ms += n * fault_time_units[unit++].ms;
        c += len;
        if (*c == '\0')
            return 0;
    }
    return err_set(err, ERR_INVALID,
                   "\"%.40s\" is no time: expected numbers with units from d, h, m, s to ms, such "
                   "as 250ms, 10s or 1m30s",
                   text);
}

/* The kind's word, up to the colon; `rest` is what is behind it. */
static int read_kind(struct reading *r, char *text, char **rest)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz-");
    struct names names = {.len = 0};

    for (int k = 0; k < FAULT_KINDS; k++) {
        list(&names, fault_rows[k].word);
        if (strlen(fault_rows[k].word) != len || strncmp(fault_rows[k].word, text, len) != 0)
            continue;
        r->kind = (enum fault_kind)k;
        r->row = &fault_rows[k];
        if (text[len] != ':')
            return misuse(r, "it does not say what to %s", fault_rows[k].word);
        *rest = text + len + 1;
        return 0;
    }
    return refuse(r, "there is no fault \"%.*s\"; there are %s", (int)strcspn(text, ":@="), text,
                  listed(&names));
}

static int unknown_place(const struct reading *r, unsigned takes, const char *name)
{
    const struct model *model = r->model;
    struct names names = {.len = 0};

    for (int i = 0; i < model->n_sites && (takes & SITE); i++)
        list(&names, model->sites[i].name);
    for (int i = 0; i < model->n_servers && (takes & SERVER); i++)
        if (model->servers[i].coordinator || !(takes & NODES))
            list(&names, model->servers[i].name);
    return refuse(r, "there is no %s%s%s \"%.64s\"; there are %s", takes & SERVER ? "server" : "",
                  (takes & SERVER) && (takes & SITE) ? " or " : "", takes & SITE ? "site" : "",
                  name, listed(&names));
}

static bool runs_coordinator(const struct model *model, const struct where *where)
{
    return where_servers(where, model) & (server_bit(model->n_coordinators - 1) * 2 - 1);
}

static int read_place(const struct reading *r, const char *text, unsigned takes,
                      struct where *where)
{
    const char *name = text;
    int server, site;

    if (strncmp(text, "server:", 7) == 0 && (takes & SERVER)) {
        name = text + 7;
        takes &= ~SITE;
    } else if (strncmp(text, "site:", 5) == 0 && (takes & SITE)) {
        name = text + 5;
        takes &= ~SERVER;
    }
    server = takes & SERVER ? model_server(r->model, name) : -1;
    site = takes & SITE ? model_site(r->model, name) : -1;
    if (server >= 0 && site >= 0)
        return refuse(r, "\"%s\" is a server and a site: write server:%s or site:%s", name, name,
                      name);
    if (server < 0 && site < 0)
        return unknown_place(r, takes, name);
    *where = server >= 0 ? (struct where){.kind = WHERE_SERVER, .index = server}
                         : (struct where){.kind = WHERE_SITE, .index = site};
    if ((takes & NODES) && !runs_coordinator(r->model, where))
        return refuse(r, "no coordinator runs on \"%s\"", name);
    return 0;
}

static int read_part(const struct reading *r, const char *text, unsigned takes, struct where *where)
{
    const char *what = takes & CANDIDATE ? "CANDIDATE" : "ACTUATOR";
    struct names names = {.len = 0};
    int found = fault_part_readings(r->model, takes, text, where);

    if (found == 1)
        return 0;
    if (found > 1)
        return refuse(r, "\"%.128s\" can be read in %d ways: write ROUTE:%s", text, found, what);
    for (int i = 0; i < r->model->n_routes; i++) {
        const struct route *route = &r->model->routes[i];

        for (int k = 0; k < (takes & CANDIDATE ? route->n_candidates : route->n_actuators); k++) {
            char both[2 * LIMIT_NAME];

            snprintf(both, sizeof both, "%s.%s", route->name,
                     takes & CANDIDATE ? route->candidates[k].name : route->actuators[k].name);
            list(&names, both);
        }
    }
    return refuse(r, "there is no ROUTE.%s \"%.128s\"; there are %s", what, text, listed(&names));
}

static int read_receiver(const struct reading *r, const char *text, struct where *where)
{
    const struct notice_config *config = r->model->notices;
    struct names names = {.len = 0};

    for (int i = 0; config != NULL && i < config->n_receivers; i++) {
        if (strcmp(config->receivers[i].name, text) == 0) {
            *where = (struct where){.kind = WHERE_RECEIVER, .index = i};
            return 0;
        }
        list(&names, config->receivers[i].name);
    }
    return refuse(r, "there is no receiver \"%.128s\"; there are %s", text, listed(&names));
}

static int read_where(const struct reading *r, const char *text, unsigned takes,
                      struct where *where)
{
    if (text[0] == '\0')
        return misuse(r, "a name is missing");
    if (strcmp(text, "all") == 0 && (takes & ALL)) {
        *where = (struct where){.kind = WHERE_ALL};
        return 0;
    }
    if (strcmp(text, "all") != 0 && (takes & (ACTUATOR | CANDIDATE)))
        return read_part(r, text, takes, where);
    if (strcmp(text, "all") != 0 && (takes & RECEIVER))
        return read_receiver(r, text, where);
    if (strcmp(text, "all") != 0 && (takes & (SERVER | SITE)))
        return read_place(r, text, takes, where);
    return misuse(r, "%s does not go with \"%.64s\"", r->row->word, text);
}

static bool two_ends(const struct model *model, const struct fault *fault)
{
    server_set a = where_servers(&fault->what, model), b = where_servers(&fault->other, model);

    return a != b || server_count(a) > 1;
}

static int read_what(const struct reading *r, char *text, struct fault *fault)
{
    char *mark = strpbrk(text, "/>");
    unsigned takes = r->row->takes;
    int rc;

    if (mark == NULL)
        return takes & SEEN ? misuse(r, "it does not say from where")
                            : read_where(r, text, takes, &fault->what);
    if (!(takes & (PATH | SEEN)) || (*mark == '>' && (takes & SEEN)))
        return misuse(r, "%s does not go with \"%.128s\"", r->row->word, text);
    fault->path = true;
    fault->one_way = *mark == '>';
    *mark = '\0';
    rc = read_where(r, text, takes & SEEN ? SERVER : SERVER | SITE, &fault->what);
    if (rc == 0)
        rc = read_where(r, mark + 1, takes & SEEN ? SITE : SERVER | SITE, &fault->other);
    if (rc == 0 && !(takes & SEEN) && !two_ends(r->model, fault))
        return refuse(r, "a path from \"%.64s\" to \"%.64s\" leads nowhere", text, mark + 1);
    return rc;
}

/* "30%", "0.5%" in per mille. */
static bool read_percent(const char *text, int64_t *value)
{
    int64_t tenths = 0;

    if (!digits(&text, value) || *value > 100)
        return false;
    if (*text == '.') {
        text++;
        if (!digits(&text, &tenths) || text[-2] != '.')
            return false;
    }
    *value = *value * 10 + tenths;
    return strcmp(text, "%") == 0 && *value >= 1 && *value <= 1000;
}

static int read_time_value(const struct reading *r, const char *text, int64_t max, int64_t *value)
{
    struct err err;

    if (fault_time_parse(text, value, &err) != 0)
        return misuse(r, "%s", err.text);
    if (*value < 1 || *value > max)
        return misuse(r, "\"%.40s\" is not from 1ms to %s", text,
                      max == VALUE_MAX_MS ? "1d" : "3650d");
    return 0;
}

static int read_word(const struct reading *r, const char *text, int64_t *value)
{
    for (int i = 0; fault_words[i] != NULL; i++)
        if (strcmp(fault_words[i], text) == 0) {
            *value = i;
            return 0;
        }
    return misuse(r, "%s takes no \"%.40s\"", r->row->word, text);
}

static int read_value(const struct reading *r, const char *text, int64_t *value)
{
    enum fault_unit unit = r->row->unit;
    bool minus = text != NULL && text[0] == '-' && (unit == SIGNED_MS || unit == PPM);
    const char *c = minus ? text + 1 : text;
    int rc = 0;

    if (unit == NO_VALUE)
        return text == NULL ? 0 : misuse(r, "%s takes no value", r->row->word);
    if (text == NULL)
        return misuse(r, "%s needs a value", r->row->word);
    if (unit == PERCENT && !read_percent(c, value))
        return misuse(r, "\"%.40s\" is not from 0.1%% to 100%% with at most one decimal", text);
    if (unit == PPM &&
        (!digits(&c, value) || strcmp(c, "ppm") != 0 || *value < 1 || *value > VALUE_MAX_PPM))
        return misuse(r, "\"%.40s\" is not from 1ppm to %dppm or from -%dppm to -1ppm", text,
                      VALUE_MAX_PPM, VALUE_MAX_PPM);
    if (unit == WORD)
        return read_word(r, text, value);
    if (unit == MS || unit == SIGNED_MS)
        rc = read_time_value(r, c, unit == MS ? VALUE_MAX_MS : FAULT_TIME_MAX_MS, value);
    if (minus)
        *value = -*value;
    return rc;
}

static int read_times(const struct reading *r, char *text, struct fault *fault)
{
    char *duration = cut(text, '+');
    struct err err;

    if (fault_time_parse(text, &fault->at_ms, &err) != 0)
        return misuse(r, "TIME: %s", err.text);
    if (duration == NULL)
        return 0;
    if (r->row->once)
        return misuse(r, "%s happens once and has no duration", r->row->word);
    if (fault_time_parse(duration, &fault->for_ms, &err) != 0)
        return misuse(r, "DURATION: %s", err.text);
    if (fault->for_ms == 0)
        return misuse(r, "a duration of nothing");
    return 0;
}

int fault_parse(const char *text, const struct model *model, struct fault *fault, struct err *err)
{
    struct reading r = {.text = text, .model = model, .err = err};
    char room[TEXT_MAX], *what = NULL, *value, *times;
    int rc;

    memset(fault, 0, sizeof *fault);
    if (strlen(text) >= sizeof room)
        return refuse(&r, "it is longer than %d bytes", TEXT_MAX - 1);
    strcpy(room, text);
    rc = read_kind(&r, room, &what);
    if (rc != 0)
        return rc;
    times = cut(what, '@');
    if (times == NULL)
        return misuse(&r, "it does not say when");
    value = cut(what, '=');
    rc = read_what(&r, what, fault);
    if (rc == 0)
        rc = read_value(&r, value, &fault->value);
    if (rc == 0)
        rc = read_times(&r, times, fault);
    fault->kind = r.kind;
    return rc;
}
