/* What the arithmetic of availability goes by, and from when to when. */
#include "base/check.h"
#include "base/utc.h"
#include "wire/contract_parts.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000ll
#define WHAT_MAX 96

/* "target of contract" */
static const char *what_of(const struct doc *doc, const char *of, char *room)
{
    snprintf(room, WHAT_MAX, "%s of %s", doc->key, of);
    return room;
}

/* "98", "99.95": a number with at most six decimals, in millionths; -1: it is none. */
static int64_t micro_of(const struct doc *doc)
{
    const char *text = doc->kind == DOC_TEXT ? doc->text : "";
    size_t whole = strspn(text, "0123456789"), decimals = 0, i;
    int64_t micro = 0;

    if (text[whole] == '.') {
        decimals = strspn(text + whole + 1, "0123456789");
        if (decimals == 0 || decimals > 6)
            return -1;
    }
    if (whole == 0 || whole > 3 || text[whole + (decimals > 0 ? decimals + 1 : 0)] != '\0')
        return -1;
    for (i = 0; i < whole; i++)
        micro = micro * 10 + (text[i] - '0');
    for (i = 0; i < 6; i++)
        micro = micro * 10 + (i < decimals ? text[whole + 1 + i] - '0' : 0);
    return micro;
}

static int read_percent(struct reader *r, const struct doc *doc, const char *of, int64_t min,
                        int64_t *micro)
{
    char what[WHAT_MAX];

    *micro = micro_of(doc);
    if (*micro >= min && *micro <= PERCENT_MICRO_MAX)
        return 0;
    return fields_expected(r, doc, what_of(doc, of, what),
                           min > 0 ? "a percentage above 0 and up to 100 with at most six "
                                     "decimals, such as 99.9"
                                   : "a percentage from 0 to 100 with at most six decimals, "
                                     "such as 10");
}

int contract_target(struct reader *r, const struct doc *doc, void *target_micro)
{
    return read_percent(r, doc, "contract", 1, target_micro);
}

static int read_severity(struct reader *r, const struct doc *doc, void *into)
{
    bool *down = into;
    int severity = doc->kind == DOC_TEXT ? outage_severity_parse(doc->text) : -1;

    if (severity < 0)
        return fields_expected(r, doc, "down_severities of contract", "emergency, severe or minor");
    down[severity] = true;
    return 0;
}

int contract_severities(struct reader *r, const struct doc *doc, void *down_severity)
{
    memset(down_severity, 0, SEVERITY_COUNT * sizeof(bool));
    return fields_list(r, doc, "down_severities of contract", SEVERITY_COUNT, read_severity,
                       down_severity);
}

static int read_cause(struct reader *r, const struct doc *doc, void *into)
{
    bool *excluded = into;
    char wanted[256] = "one of";
    size_t used = strlen(wanted);
    int cause = doc->kind == DOC_TEXT ? outage_cause_parse(doc->text) : -1, i;

    if (cause >= 0) {
        excluded[cause] = true;
        return 0;
    }
    for (i = 0; i < CAUSE_COUNT; i++)
        used += (size_t)snprintf(wanted + used, sizeof wanted - used, "%s %s", i > 0 ? "," : "",
                                 outage_cause_name((enum cause)i));
    CHECK(used < sizeof wanted);
    return fields_expected(r, doc, "excluded_causes of contract", wanted);
}

int contract_causes(struct reader *r, const struct doc *doc, void *excluded_cause)
{
    return fields_list(r, doc, "excluded_causes of contract", CAUSE_COUNT, read_cause,
                       excluded_cause);
}

static int read_tier_percent(struct reader *r, const struct doc *doc, void *micro)
{
    return read_percent(r, doc, "discount", 0, micro);
}

static int read_tier(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"below", FIELD_READ, .required = true, FIELD_AT(struct tier, below_micro),
         .read = read_tier_percent},
        {"percent", FIELD_READ, .required = true, FIELD_AT(struct tier, percent_micro),
         .read = read_tier_percent},
    };
    struct terms *terms = into;
    struct tier *own = &terms->discounts[terms->n_discounts];
    int rc = fields_read(r, doc, "discount", fields, ARRAY_LEN(fields), own), i;

    for (i = 0; i < terms->n_discounts && rc == 0; i++)
        if (terms->discounts[i].below_micro == own->below_micro)
            rc = fields_refuse(r, doc->line,
                               "discounts of contract: two are for below the same percentage");
    terms->n_discounts++;
    return rc;
}

int contract_discounts(struct reader *r, const struct doc *doc, void *terms)
{
    return fields_list(r, doc, "discounts of contract", LIMIT_TIERS, read_tier, terms);
}

/* "2026-10-01" */
static bool date_parse(const char *text, int64_t *days)
{
    int year, month, day, y, m, d;

    if (strlen(text) != 10 || strspn(text, "0123456789-") != 10 ||
        sscanf(text, "%4d-%2d-%2d", &year, &month, &day) != 3 || text[4] != '-' || text[7] != '-')
        return false;
    if (year < ZONE_YEAR_MIN || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *days = utc_days_from_civil(year, month, day);
    utc_civil_from_days(*days, &y, &m, &d);
    return d == day;
}

int contract_bound(struct reader *r, const struct doc *doc, void *bound)
{
    struct bound *into = bound;
    const char *text = doc->kind == DOC_TEXT ? doc->text : "";
    char what[WHAT_MAX];

    into->given = true;
    into->local = date_parse(text, &into->ms);
    if (into->local)
        into->ms *= DAY_MS;
    else if (utc_parse(text, &into->ms) != 0 || into->ms < 0 ||
             into->ms >= utc_days_from_civil(ZONE_YEAR_MAX + 1, 1, 1) * DAY_MS)
        return fields_expected(r, doc, what_of(doc, "contract", what),
                               "a date such as 2026-10-01 or a time with its offset such as "
                               "2026-10-01T00:00:00+09:00");
    return 0;
}
