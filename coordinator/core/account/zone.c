#include "core/account/zone.h"
#include "core/account/zone_rule.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"

#include <string.h>

#define HEADER 44
#define TIMES_MAX 8192
#define TYPES_MAX 256
/* RFC 8536 3.2: "utoff ... SHOULD be in the range -89999 to 93599". */
#define OFFSET_MIN (-89999)
#define OFFSET_MAX 93599

struct zone {
    int64_t *times; /* owned; UTC seconds, strictly rising */
    int *offsets;   /* owned; offsets[i] holds from times[i] on */
    size_t n;
    int first_offset; /* before times[0] */
    bool has_rule;    /* else the last offset goes on */
    struct zone_rule rule;
};

/* What zoneinfo has beside the zones: this machine's own, and the same zones counted otherwise. */
static bool is_of_the_machine(const char *name)
{
    static const char *const others[] = {"localtime", "posixrules", "posix/", "right/"};
    size_t i;

    for (i = 0; i < ARRAY_LEN(others); i++)
        if (strncmp(name, others[i], strlen(others[i])) == 0)
            return true;
    return false;
}

bool zone_name_ok(const char *name)
{
    size_t i;

    if (is_of_the_machine(name) || name[0] == '\0' || name[0] == '/' || strlen(name) > 60)
        return false;
    for (i = 0; name[i] != '\0'; i++) {
        char c = name[i];
        bool part_begins = i == 0 || name[i - 1] == '/';

        if (part_begins && (c == '/' || c == '.' || c == '-'))
            return false;
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || c == '+' || c == '/'))
            return false;
    }
    return name[i - 1] != '/';
}

void zone_free(struct zone *zone)
{
    if (zone == NULL)
        return;
    mem_free(zone->times);
    mem_free(zone->offsets);
    mem_free(zone);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const uint8_t *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

struct counts {
    uint32_t isut, isstd, leap, time, type, chars;
};

/* The header at `p` and how long the data behind it are with times of `width` bytes. */
static int read_header(const uint8_t *p, size_t len, unsigned width, struct counts *counts,
                       size_t *data, struct err *err)
{
    if (len < HEADER || memcmp(p, "TZif", 4) != 0)
        return err_set(err, ERR_INVALID, "time zone: not a TZif file");
    if (p[4] < '2')
        return err_set(err, ERR_INVALID, "time zone: TZif version 2 or later expected");
    *counts = (struct counts){be32(p + 20), be32(p + 24), be32(p + 28),
                              be32(p + 32), be32(p + 36), be32(p + 40)};
    if (counts->isut > TYPES_MAX || counts->isstd > TYPES_MAX || counts->leap > TIMES_MAX ||
        counts->time > TIMES_MAX || counts->type > TYPES_MAX || counts->chars > 4096)
        return err_set(err, ERR_LIMIT, "time zone: more transitions or types than any zone has");
    *data = (size_t)counts->time * (width + 1) + (size_t)counts->type * 6 + counts->chars +
            (size_t)counts->leap * (width + 4) + counts->isstd + counts->isut;
    if (len - HEADER < *data)
        return err_set(err, ERR_INVALID, "time zone: the file is cut off");
    return 0;
}

static int read_times(struct zone *zone, const uint8_t *p, const struct counts *counts,
                      struct err *err)
{
    const uint8_t *types = p + (size_t)counts->time * 8;
    const uint8_t *records = types + counts->time;
    size_t i;

    for (i = 0; i < counts->type; i++) {
        int32_t offset = (int32_t)be32(records + 6 * i);

        if (offset < OFFSET_MIN || offset > OFFSET_MAX)
            return err_set(err, ERR_INVALID, "time zone: type %zu is %d s off UTC", i, (int)offset);
    }
    zone->first_offset = (int32_t)be32(records);
    zone->times = mem_zalloc(counts->time + 1, sizeof *zone->times);
    zone->offsets = mem_zalloc(counts->time + 1, sizeof *zone->offsets);
    for (i = 0; i < counts->time; i++) {
        zone->times[i] = be64(p + 8 * i);
        if (i > 0 && zone->times[i] <= zone->times[i - 1])
            return err_set(err, ERR_INVALID, "time zone: transition %zu is out of order", i);
        if (types[i] >= counts->type)
            return err_set(err, ERR_INVALID, "time zone: transition %zu has no type", i);
        zone->offsets[i] = (int32_t)be32(records + 6 * types[i]);
    }
    zone->n = counts->time;
    return 0;
}

static int read_footer(struct zone *zone, const uint8_t *p, size_t len, struct err *err)
{
    const uint8_t *end;

    if (len < 2 || p[0] != '\n' || (end = memchr(p + 1, '\n', len - 1)) == NULL)
        return err_set(err, ERR_INVALID, "time zone: the footer is cut off");
    if (end == p + 1)
        return 0;
    if (zone_rule_parse((const char *)p + 1, (size_t)(end - p - 1), &zone->rule) < 0)
        return err_set(err, ERR_INVALID, "time zone: the footer is not a POSIX TZ rule");
    zone->has_rule = true;
    return 0;
}

static int fill(struct zone *zone, const uint8_t *bytes, size_t len, struct err *err)
{
    struct counts counts;
    size_t data;
    int rc;

    if (len > ZONE_FILE_MAX)
        return err_set(err, ERR_LIMIT, "time zone: more than %d bytes", ZONE_FILE_MAX);
    rc = read_header(bytes, len, 4, &counts, &data, err);
    if (rc < 0)
        return rc;
    bytes += HEADER + data; /* the 32-bit block only serves old readers */
    len -= HEADER + data;
    rc = read_header(bytes, len, 8, &counts, &data, err);
    if (rc < 0)
        return rc;
    if (counts.leap != 0)
        return err_set(err, ERR_INVALID, "time zone: a file with leap seconds cannot be used");
    if (counts.type == 0)
        return err_set(err, ERR_INVALID, "time zone: no local time types");
    rc = read_times(zone, bytes + HEADER, &counts, err);
    if (rc < 0)
        return rc;
    return read_footer(zone, bytes + HEADER + data, len - HEADER - data, err);
}

int zone_parse(const uint8_t *bytes, size_t len, struct zone **zone, struct err *err)
{
    struct zone *made = mem_zalloc(1, sizeof *made);
    int rc = fill(made, bytes, len, err);

    if (rc < 0) {
        zone_free(made);
        return rc;
    }
    *zone = made;
    return 0;
}

/* The offset at `utc_s`, and until when it holds at least. */
static int offset_at(const struct zone *zone, int64_t utc_s, int64_t *until_s)
{
    size_t low = 0, high = zone->n;

    while (low < high) { /* first transition after utc_s */
        size_t mid = low + (high - low) / 2;

        if (zone->times[mid] <= utc_s)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == zone->n && zone->has_rule)
        return zone_rule_offset(&zone->rule, utc_s, until_s);
    *until_s = low < zone->n ? zone->times[low] : INT64_MAX;
    return low > 0 ? zone->offsets[low - 1] : zone->first_offset;
}

static int64_t floor_s(int64_t ms)
{
    return ms / 1000 - (ms % 1000 < 0);
}

int zone_offset(const struct zone *zone, int64_t utc_ms)
{
    int64_t until_s;

    return offset_at(zone, floor_s(utc_ms), &until_s);
}

int64_t zone_to_utc(const struct zone *zone, int64_t local_ms)
{
    /* Where no zone's clock can have reached local_ms yet; then go through the
     * stretches of equal offset until one reaches it. */
    int64_t at_s = floor_s(local_ms) - OFFSET_MAX - 1;

    for (;;) {
        int64_t until_s;
        int64_t offset_s = offset_at(zone, at_s, &until_s);
        int64_t utc_ms = local_ms - offset_s * 1000;

        if (utc_ms < at_s * 1000)
            return at_s * 1000;
        if (floor_s(utc_ms) < until_s)
            return utc_ms;
        at_s = until_s;
    }
}

struct zone_month zone_month(const struct zone *zone, int year, int month)
{
    const int64_t day_ms = 86400000;
    int next_year = month == 12 ? year + 1 : year, next = month == 12 ? 1 : month + 1;

    CHECK(year >= ZONE_YEAR_MIN && year <= ZONE_YEAR_MAX && month >= 1 && month <= 12);
    return (struct zone_month){
        zone_to_utc(zone, utc_days_from_civil(year, month, 1) * day_ms),
        zone_to_utc(zone, utc_days_from_civil(next_year, next, 1) * day_ms),
    };
}

int zone_month_parse(const char *text, int *year, int *month)
{
    int i;

    if (strlen(text) != 7 || text[4] != '-')
        return ERR_INVALID;
    for (i = 0; i < 7; i++)
        if (i != 4 && (text[i] < '0' || text[i] > '9'))
            return ERR_INVALID;
    *year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
    *month = (text[5] - '0') * 10 + text[6] - '0';
    if (*year < ZONE_YEAR_MIN || *year > ZONE_YEAR_MAX || *month < 1 || *month > 12)
        return ERR_INVALID;
    return 0;
}
