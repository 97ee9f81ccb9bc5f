#include "tally.h"
#include "base/jsonw.h"

#include <stdio.h>
#include <string.h>

static void set_name(char *to, const char *name)
{
    snprintf(to, LIMIT_NAME, "%s", name);
}

void tally_open(struct tally *tally, int64_t now_ms)
{
    *tally = (struct tally){.good_ms = now_ms};
    tally_mark(tally, "start", now_ms);
}

void tally_mark(struct tally *tally, const char *label, int64_t now_ms)
{
    struct tally old = *tally;

    *tally = (struct tally){
        .marked_ms = now_ms, .good_ms = old.good_ms, .first_failure_ms = -1, .gap_ms = -1};
    set_name(tally->label, label);
    set_name(tally->served, old.served);
    set_name(tally->served_before, old.served);
}

static void count(struct tally *tally, const char *name)
{
    int i;

    for (i = 0; i < tally->n_by; i++) {
        if (strcmp(tally->by[i].name, name) == 0)
            break;
    }
    if (i == LIMIT_SERVERS)
        return;
    if (i == tally->n_by) {
        set_name(tally->by[i].name, name);
        tally->n_by++;
    }
    tally->by[i].calls++;
}

void tally_good(struct tally *tally, const char *name, int64_t now_ms)
{
    if (now_ms - tally->good_ms > tally->gap_ms) {
        tally->gap_ms = now_ms - tally->good_ms;
        tally->recovered_ms = now_ms;
    }
    tally->good_ms = now_ms;
    set_name(tally->served, name);
    tally->calls++;
    count(tally, name);
}

void tally_failed(struct tally *tally, int64_t now_ms)
{
    if (tally->failed++ == 0)
        tally->first_failure_ms = now_ms;
    tally->calls++;
}

static void write_since(struct jsonw *w, const char *key, const struct tally *tally, bool known,
                        int64_t ms)
{
    if (known)
        jsonw_int(w, key, ms - tally->marked_ms);
    else
        jsonw_null(w, key);
}

static void write_name(struct jsonw *w, const char *key, const char *name)
{
    jsonw_str(w, key, name[0] != '\0' ? name : NULL);
}

void tally_report(const struct tally *tally, int64_t now_ms, struct buf *out)
{
    int64_t open_ms = now_ms - tally->good_ms;
    bool open = open_ms > tally->gap_ms;
    struct jsonw w;

    jsonw_begin(&w, out);
    jsonw_object(&w, NULL);
    jsonw_str(&w, "label", tally->label);
    jsonw_int(&w, "outage_ms", open ? open_ms : tally->gap_ms);
    jsonw_int(&w, "calls", (int64_t)tally->calls);
    jsonw_int(&w, "failed", (int64_t)tally->failed);
    write_since(&w, "first_failure_ms", tally, tally->failed > 0, tally->first_failure_ms);
    write_since(&w, "recovered_after_ms", tally, tally->failed > 0 && !open, tally->recovered_ms);
    write_name(&w, "served_before", tally->served_before);
    write_name(&w, "served_after", tally->n_by > 0 ? tally->served : "");
    jsonw_object(&w, "by");
    for (int i = 0; i < tally->n_by; i++)
        jsonw_int(&w, tally->by[i].name, (int64_t)tally->by[i].calls);
    jsonw_end(&w);
    jsonw_end(&w);
    buf_str(out, "\n");
}
