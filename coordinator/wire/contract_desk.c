/* Targets, and the desk whose business time they may be in. */
#include "base/check.h"
#include "wire/contract_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS 3600000ll
#define WHAT_MAX 96

/* "2 business days", "1 business hour": false when `text` is none. */
static bool business_parse(const char *text, struct target *target)
{
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;
    int64_t n = digits > 0 && digits <= 4 ? strtol(text, NULL, 10) : 0;

    if (strcmp(unit, " business days") == 0 || strcmp(unit, " business day") == 0)
        *target = (struct target){TARGET_BUSINESS_DAYS, n};
    else if (strcmp(unit, " business hours") == 0 || strcmp(unit, " business hour") == 0)
        *target = (struct target){TARGET_BUSINESS_HOURS, n * HOUR_MS};
    else
        return false;
    return n > 0;
}

static int read_target(struct reader *r, const struct doc *doc, const char *what,
                       struct target *target)
{
    struct err unsaid;

    if (doc->kind == DOC_TEXT && !business_parse(doc->text, target)) {
        target->kind = TARGET_CLOCK;
        if (fields_ms(r, doc, what, 1, TARGET_AMOUNT_MAX_MS, &target->amount) != 0)
            target->amount = 0;
    }
    if (doc->kind == DOC_TEXT && target_check(target, &unsaid) == 0)
        return 0;
    return fields_expected(r, doc, what,
                           "a time up to 366 days, such as 2h, 2 business days or 8 business "
                           "hours");
}

static int read_one(struct reader *r, const struct doc *doc, void *into)
{
    char what[WHAT_MAX];

    snprintf(what, sizeof what, "%s of targets", doc->key);
    return read_target(r, doc, what, into);
}

int contract_targets(struct reader *r, const struct doc *doc, void *targets)
{
    static const struct field fields[] = {
        {"emergency", FIELD_READ, .at = SEVERITY_EMERGENCY * sizeof(struct target),
         .read = read_one},
        {"severe", FIELD_READ, .at = SEVERITY_SEVERE * sizeof(struct target), .read = read_one},
        {"minor", FIELD_READ, .at = SEVERITY_MINOR * sizeof(struct target), .read = read_one},
    };
    struct target *into = targets;
    char what[WHAT_MAX];
    int rc, i;

    snprintf(what, sizeof what, "%s of contract", doc->key);
    if (doc->kind == DOC_MAP)
        return fields_read(r, doc, what, fields, ARRAY_LEN(fields), into);
    rc = read_target(r, doc, what, &into[0]);
    for (i = 1; i < SEVERITY_COUNT; i++)
        into[i] = into[0];
    return rc;
}

/* ---- the desk ---- */

#define HOURS_TEXT_MAX (3 * LIMIT_NAME)

/* {days, from, to} as the text that means the same. */
static int join_hours(struct reader *r, const struct doc *doc, char *text)
{
    struct parts {
        char days[LIMIT_NAME], from[8], to[8];
    } parts = {.days = ""};
    static const struct field fields[] = {
        {"days", FIELD_TEXT, FIELD_AT(struct parts, days), .chars = "-,"},
        {"from", FIELD_TEXT, .required = true, FIELD_AT(struct parts, from), .chars = ":"},
        {"to", FIELD_TEXT, .required = true, FIELD_AT(struct parts, to), .chars = ":"},
    };
    int rc = fields_read(r, doc, "desk_hours of contract", fields, ARRAY_LEN(fields), &parts);

    snprintf(text, HOURS_TEXT_MAX, "%s%s%s-%s", parts.days, parts.days[0] != '\0' ? " " : "",
             parts.from, parts.to);
    return rc;
}

/* Without days: those of the default, Monday to Friday. */
int contract_desk_hours(struct reader *r, const struct doc *doc, void *desk)
{
    struct desk *into = desk;
    uint8_t days = into->hours.days;
    char text[HOURS_TEXT_MAX] = "";
    struct err why;
    int rc = 0;

    if (doc->kind == DOC_MAP)
        rc = join_hours(r, doc, text);
    else if (doc->kind == DOC_TEXT)
        snprintf(text, sizeof text, "%s", doc->text);
    if (rc != 0)
        return rc;
    if (!span_parse(text, &into->hours) || desk_check(into, &why) != 0)
        return fields_expected(r, doc, "desk_hours of contract",
                               "hours of one day, such as 10:00-19:00, Mon-Sat 09:00-17:30 or "
                               "{days: Mon-Fri, from: \"10:00\", to: \"19:00\"}");
    if (text[0] >= '0' && text[0] <= '9')
        into->hours.days = days;
    return 0;
}

static int read_public(struct reader *r, const struct doc *doc, void *into)
{
    static const char *const words[] = {"japan", "none"};
    bool *open = into;

    *open = doc->kind == DOC_TEXT && strcmp(doc->text, words[1]) == 0;
    if (!*open && (doc->kind != DOC_TEXT || strcmp(doc->text, words[0]) != 0))
        return fields_expected(r, doc, "public of holidays", "japan or none");
    return 0;
}

struct date {
    int year, month, day; /* year 0: every */
};

/* "08-13", "2026-08-13" */
static int read_date(struct reader *r, const struct doc *doc, void *into)
{
    struct date *date = into;
    const char *text = doc->kind == DOC_TEXT ? doc->text : "";
    size_t len = strlen(text);
    char what[WHAT_MAX];

    if (strspn(text, "0123456789-") == len) {
        if (len == 10 && text[4] == '-' && text[7] == '-' &&
            sscanf(text, "%4d-%2d-%2d", &date->year, &date->month, &date->day) == 3 &&
            date->year > 0)
            return 0;
        if (len == 5 && text[2] == '-' && sscanf(text, "%2d-%2d", &date->month, &date->day) == 2)
            return 0;
    }
    snprintf(what, sizeof what, "%s of closed days", doc->key);
    return fields_expected(r, doc, what, "a day such as 08-13, or 2026-08-13 for one year");
}

static int read_closed_days(struct reader *r, const struct doc *doc, void *into)
{
    struct parts {
        char name[LIMIT_NAME];
        struct date from, to;
    } parts = {0};
    static const struct field fields[] = {
        {"name", FIELD_PLAIN, .required = true, FIELD_AT(struct parts, name)},
        {"from", FIELD_READ, .required = true, FIELD_AT(struct parts, from), .read = read_date},
        {"to", FIELD_READ, FIELD_AT(struct parts, to), .read = read_date},
    };
    struct desk *desk = into;
    int rc = fields_read(r, doc, "closed days", fields, ARRAY_LEN(fields), &parts);
    const struct date *from = &parts.from, *to = parts.to.month != 0 ? &parts.to : from;
    bool wraps = to->month < from->month || (to->month == from->month && to->day < from->day);
    struct closed_days *row = &desk->closed[desk->n_closed++];
    struct err why;

    if (rc != 0)
        return rc;
    if (to->year != 0 && (from->year == 0 || to->year != from->year + wraps))
        return fields_refuse(r, doc->line,
                             "closed days: from and to must be less than a year apart, and to "
                             "may name a year only when from does");
    *row = (struct closed_days){.year = from->year,
                                .first_month = from->month,
                                .first_day = from->day,
                                .last_month = to->month,
                                .last_day = to->day};
    memcpy(row->name, parts.name, LIMIT_NAME);
    if (desk_check(desk, &why) != 0)
        return fields_refuse(r, doc->line, "%s", why.text);
    return 0;
}

static int read_closed(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "closed of holidays", DESK_CLOSED_MAX, read_closed_days, into);
}

int contract_holidays(struct reader *r, const struct doc *doc, void *desk)
{
    static const struct field fields[] = {
        {"public", FIELD_READ, FIELD_AT(struct desk, open_on_holidays), .read = read_public},
        {"closed", FIELD_READ, .read = read_closed},
    };

    return fields_read(r, doc, "holidays of contract", fields, ARRAY_LEN(fields), desk);
}
