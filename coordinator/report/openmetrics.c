#include "report/openmetrics.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/prng.h"

#include <string.h>

void om_begin(struct om *om, struct buf *out)
{
    memset(om, 0, sizeof *om);
    om->out = out;
}

/* ---- families ---- */

static bool ends_in(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);

    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

static bool good_name(const char *name)
{
    return name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static const char *unit_name(enum om_unit unit)
{
    static const char *const names[] = {[OM_SECONDS] = "seconds", [OM_BYTES] = "bytes"};

    return names[unit];
}

static void check_name(const struct om *om, const char *name, enum om_unit unit)
{
    CHECK(good_name(name) && strncmp(name, "kirikae_", 8) == 0);
    CHECK(!ends_in(name, "_total") && !ends_in(name, "_info") && !ends_in(name, "_count") &&
          !ends_in(name, "_sum") && !ends_in(name, "_bucket"));
    CHECK(ends_in(name, "_seconds") == (unit == OM_SECONDS));
    CHECK(ends_in(name, "_bytes") == (unit == OM_BYTES));
    CHECK(!om->ended);
}

static void remember(struct om *om, const char *name)
{
    uint64_t hash = prng_hash(name);
    int i;

    for (i = 0; i < om->n_families; i++)
        CHECK(om->families[i] != hash);
    CHECK(om->n_families < OM_FAMILIES_MAX);
    om->families[om->n_families++] = hash;
}

static void take_labels(struct om *om, const char *const *labels)
{
    om->n_labels = 0;
    while (labels != OM_PLAIN && labels[om->n_labels] != NULL) {
        const char *label = labels[om->n_labels];

        CHECK(om->n_labels < OM_LABELS_MAX && good_name(label) && strcmp(label, "le") != 0);
        om->labels[om->n_labels++] = label;
    }
}

/* A line about the family, up to its last word. */
static void meta(struct om *om, const char *what)
{
    buf_str(om->out, "# ");
    buf_str(om->out, what);
    buf_str(om->out, " ");
    buf_str(om->out, om->name);
    buf_str(om->out, " ");
}

static void escape(struct om *om, const char *text)
{
    size_t plain;

    for (;; text += plain + 1) {
        plain = strcspn(text, "\n\"\\");
        buf_append(om->out, text, plain);
        if (text[plain] == '\0')
            return;
        buf_str(om->out, "\\");
        buf_append(om->out, text[plain] == '\n' ? "n" : text + plain, 1);
    }
}

static void family(struct om *om, enum om_type type, const char *name, enum om_unit unit,
                   const char *help, const char *const *labels)
{
    static const char *const types[] = {[OM_GAUGE] = "gauge",
                                        [OM_COUNTER] = "counter",
                                        [OM_INFO] = "info",
                                        [OM_HISTOGRAM] = "histogram"};

    check_name(om, name, unit);
    remember(om, name);
    om->name = name;
    om->type = type;
    om->unit = unit;
    om->series = 0;
    take_labels(om, labels);
    meta(om, "TYPE");
    buf_str(om->out, types[type]);
    buf_str(om->out, "\n");
    if (unit != OM_NUMBER) {
        meta(om, "UNIT");
        buf_str(om->out, unit_name(unit));
        buf_str(om->out, "\n");
    }
    meta(om, "HELP");
    escape(om, help);
    buf_str(om->out, "\n");
}

void om_gauge(struct om *om, const char *name, enum om_unit unit, const char *help,
              const char *const *labels)
{
    family(om, OM_GAUGE, name, unit, help, labels);
}

void om_counter(struct om *om, const char *name, enum om_unit unit, const char *help,
                const char *const *labels)
{
    family(om, OM_COUNTER, name, unit, help, labels);
}

void om_info(struct om *om, const char *name, const char *help, const char *const *labels)
{
    CHECK(labels != OM_PLAIN);
    family(om, OM_INFO, name, OM_NUMBER, help, labels);
}

void om_histogram(struct om *om, const char *name, const char *help, const char *const *labels)
{
    family(om, OM_HISTOGRAM, name, OM_SECONDS, help, labels);
}

/* ---- samples ---- */

/* Is there room for `n` more? */
static bool room(struct om *om, int n)
{
    CHECK(om->name != NULL && !om->ended);
    if (om->series + n > OM_SERIES_MAX) {
        om->left_out += (uint64_t)n;
        return false;
    }
    om->series += n;
    om->all += (uint64_t)n;
    return true;
}

/* `le`: of a histogram's step; NULL: none. */
static void labels(struct om *om, const char *const *values, const char *le)
{
    int i;

    for (i = 0; i < om->n_labels; i++) {
        CHECK(values != OM_PLAIN && values[i] != NULL && strlen(values[i]) < LIMIT_TEXT);
        buf_str(om->out, i == 0 ? "{" : ",");
        buf_str(om->out, om->labels[i]);
        buf_str(om->out, "=\"");
        escape(om, values[i]);
        buf_str(om->out, "\"");
    }
    CHECK(values == OM_PLAIN || values[i] == NULL);
    if (le != NULL) {
        buf_str(om->out, i == 0 ? "{le=\"" : ",le=\"");
        buf_str(om->out, le);
        buf_str(om->out, "\"");
    }
    if (i > 0 || le != NULL)
        buf_str(om->out, "}");
    buf_str(om->out, " ");
}

static void digits(char *text, size_t *at, uint64_t value)
{
    do
        text[--*at] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
}

static void number(struct om *om, uint64_t value, const char *after)
{
    char text[24];
    size_t at = sizeof text;

    digits(text, &at, value);
    buf_append(om->out, text + at, sizeof text - at);
    buf_str(om->out, after);
}

/* Millionths, without the zeros at the end. */
static void millionths(struct om *om, uint64_t value, const char *after)
{
    uint64_t part = value % 1000000;
    char text[8];
    int i, len = 7;

    number(om, value / 1000000, "");
    text[0] = '.';
    for (i = 6; i > 0; i--, part /= 10)
        text[i] = (char)('0' + part % 10);
    while (len > 1 && text[len - 1] == '0')
        len--;
    buf_append(om->out, text, len > 1 ? (size_t)len : 0);
    buf_str(om->out, after);
}

static void begin(struct om *om, const char *const *values, const char *suffix)
{
    buf_str(om->out, om->name);
    buf_str(om->out, suffix);
    labels(om, values, NULL);
}

static const char *suffix(const struct om *om)
{
    return om->type == OM_COUNTER ? "_total" : "";
}

void om_count(struct om *om, const char *const *values, uint64_t value)
{
    CHECK(om->unit != OM_SECONDS && (om->type == OM_GAUGE || om->type == OM_COUNTER));
    if (!room(om, 1))
        return;
    begin(om, values, suffix(om));
    number(om, value, "\n");
}

void om_int(struct om *om, const char *const *values, int64_t value)
{
    CHECK(om->unit != OM_SECONDS && om->type == OM_GAUGE);
    if (!room(om, 1))
        return;
    begin(om, values, "");
    if (value < 0)
        buf_str(om->out, "-");
    number(om, value < 0 ? -(uint64_t)value : (uint64_t)value, "\n");
}

void om_bool(struct om *om, const char *const *values, bool value)
{
    om_int(om, values, value);
}

void om_us(struct om *om, const char *const *values, int64_t us)
{
    CHECK(om->unit == OM_SECONDS && (om->type == OM_GAUGE || om->type == OM_COUNTER));
    CHECK(us >= 0 || om->type == OM_GAUGE);
    if (!room(om, 1))
        return;
    begin(om, values, suffix(om));
    if (us < 0)
        buf_str(om->out, "-");
    millionths(om, us < 0 ? -(uint64_t)us : (uint64_t)us, "\n");
}

void om_ms(struct om *om, const char *const *values, int64_t ms)
{
    int64_t most = INT64_MAX / 1000;

    om_us(om, values, (ms > most ? most : ms < -most ? -most : ms) * 1000);
}

void om_is(struct om *om, const char *const *values)
{
    CHECK(om->type == OM_INFO);
    if (!room(om, 1))
        return;
    begin(om, values, "_info");
    buf_str(om->out, "1\n");
}

static void bucket(struct om *om, const char *const *values, const char *le, uint64_t count)
{
    buf_str(om->out, om->name);
    buf_str(om->out, "_bucket");
    labels(om, values, le);
    number(om, count, "\n");
}

/* As OpenMetrics writes numbers of seconds here: "0.001", "1.0". */
static const char *step_name(int step)
{
    static const char *const names[HISTOGRAM_STEPS] = {"0.001", "0.002", "0.005", "0.01", "0.02",
                                                       "0.05",  "0.1",   "0.2",   "0.5",  "1.0",
                                                       "2.0",   "5.0",   "10.0"};

    return names[step];
}

void om_times(struct om *om, const char *const *values, const struct histogram *histogram)
{
    uint64_t count = 0;
    int i;

    CHECK(om->type == OM_HISTOGRAM);
    if (!room(om, HISTOGRAM_STEPS + 3))
        return;
    for (i = 0; i < HISTOGRAM_STEPS; i++) {
        count += histogram->counts[i];
        bucket(om, values, step_name(i), count);
    }
    count += histogram->counts[HISTOGRAM_STEPS];
    bucket(om, values, "+Inf", count);
    begin(om, values, "_count");
    number(om, count, "\n");
    begin(om, values, "_sum");
    millionths(om, histogram->sum_us, "\n");
}

void om_one_of(struct om *om, const char *const *values, const char *const *names, int n, int is)
{
    const char *all[OM_LABELS_MAX + 1];
    int i, k = 0;

    while (values != OM_PLAIN && values[k] != NULL) {
        CHECK(k < OM_LABELS_MAX - 1);
        all[k] = values[k];
        k++;
    }
    all[k + 1] = NULL;
    for (i = 0; i < n; i++) {
        all[k] = names[i];
        om_bool(om, all, i == is);
    }
}

void om_end(struct om *om)
{
    CHECK(!om->ended);
    om->ended = true;
    om->name = NULL;
    buf_str(om->out, "# EOF\n");
}
