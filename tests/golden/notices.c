/* What each kind of event says to each kind of receiver, as texts that people can read and judge.
 *
 *   notices DIRECTORY            compares with DIRECTORY/RECEIVER.txt
 *   notices --write DIRECTORY    writes them
 *
 * DIRECTORY has cluster.yaml, ledger.jsonl and cases.txt. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/plain.h"
#include "base/utc.h"
#include "core/shared.h"
#include "report/notice_text.h"
#include "wire/config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 256
#define RAISED_MS 1782874802010 /* 2026-07-01T03:00:02.010Z */

struct world {
    const char *directory;
    struct shared *shared;
    struct zone *zone;
    struct buf ledger, cases;
    const char *lines[LINES_MAX];
    size_t lengths[LINES_MAX];
    int n_lines;
    int bad;
};

static void read_file(const struct world *w, const char *name, struct buf *out)
{
    char path[512];
    FILE *file;
    int c;

    snprintf(path, sizeof path, "%s/%s", w->directory, name);
    file = fopen(path, "re");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    while ((c = getc(file)) != EOF)
        buf_append(out, &(char){(char)c}, 1);
    fclose(file);
    buf_cstr(out);
}

static bool line_of(void *context, uint64_t seq, struct buf *line)
{
    const struct world *w = context;

    if (seq >= (uint64_t)w->n_lines)
        return false;
    buf_append(line, w->lines[seq], w->lengths[seq]);
    return true;
}

/* Nine hours ahead. */
static struct zone *tokyo(void)
{
    static const uint8_t file[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
                                  "\0\0\0\0\0\0JST\0"
                                  "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
                                  "\0\0\x7e\x90\0\0JST\0"
                                  "\nJST-9\n";
    struct zone *zone;
    struct err err;

    if (zone_parse(file, sizeof file - 1, &zone, &err) != 0)
        exit(2);
    return zone;
}

static void load(struct world *w)
{
    struct buf yaml = {0};
    struct err err;

    read_file(w, "cluster.yaml", &yaml);
    w->shared = shared_new();
    if (config_parse("cluster.yaml", yaml.data, yaml.len, &w->shared->model, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(2);
    }
    buf_free(&yaml);
    w->zone = tokyo();
    w->shared->windows = mem_zalloc(1, sizeof *w->shared->windows);
    w->shared->n_windows = 1;
    *w->shared->windows = (struct window_state){.id = 60,
                                                .announced_ms = RAISED_MS,
                                                .start_ms = 1784559600000,
                                                .end_ms = 1784577600000,
                                                .finished_ms = UTC_NONE,
                                                .functions = {3}};
    read_file(w, "ledger.jsonl", &w->ledger);
    for (char *at = (char *)w->ledger.data; *at != '\0' && w->n_lines < LINES_MAX;) {
        w->lines[w->n_lines] = at;
        w->lengths[w->n_lines] = strcspn(at, "\n");
        at += w->lengths[w->n_lines++] + 1;
    }
    read_file(w, "cases.txt", &w->cases);
}

static void parse_ref(char *word, struct notice_ref *ref)
{
    char *rest = NULL, *part = strtok_r(word, ":", &rest);
    int event = notice_event_find(part);

    if (event < 0) {
        fprintf(stderr, "no event %s\n", part);
        exit(2);
    }
    *ref = (struct notice_ref){.event = (uint8_t)event};
    ref->seq = strtoull(strtok_r(NULL, ":", &rest), NULL, 10);
    while ((part = strtok_r(NULL, ":", &rest)) != NULL) {
        if (strcmp(part, "over") == 0)
            ref->over = true;
        else if (*part == 'o')
            ref->outage = strtoull(part + 1, NULL, 10) + 1;
        else
            ref->window = strtoull(part + 1, NULL, 10);
    }
}

/* The bytes keep their promises, whatever the words are. */
static void check(struct world *w, const char *name, const struct receiver *receiver,
                  const struct notice_text *text)
{
    enum channel_kind kind = w->shared->model->notices->channels[receiver->channel].kind;
    char *copy = strndup((const char *)text->body.data, text->body.len), *rest = NULL;
    const char *wrong = NULL;

    if (!plain_text((const char *)text->subject.data) || text->subject.len > NOTICE_SUBJECT_MAX)
        wrong = "the subject is no plain line";
    if (kind == CHANNEL_WEBHOOK || kind == CHANNEL_ALERTMANAGER) {
        json_t *json = json_loadb((char *)text->body.data, text->body.len, 0, NULL);

        if (json == NULL)
            wrong = "the body is no JSON";
        json_decref(json);
    }
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        if (!plain_text(line))
            wrong = "the body is not plain";
    if (receiver->audience == AUDIENCE_CUSTOMERS) {
        static const char *const inside[] = {"voice-1", "mirror-1", "tokyo", "osaka",  "\"calls\"",
                                             "route",   "call-out", "sato",  "kernel", "kirikae"};

        for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
            if (strstr((char *)text->body.data, inside[i]) != NULL ||
                strstr((char *)text->subject.data, inside[i]) != NULL)
                wrong = "customers are told something internal";
    }
    if (wrong != NULL) {
        printf("%s, %s: %s\n", name, receiver->name, wrong);
        w->bad = 1;
    }
    free(copy);
}

static void put_case(struct world *w, char *line, int receiver, struct buf *out)
{
    char *rest = NULL, *name = strtok_r(line, " ", &rest), *flags = strtok_r(NULL, " ", &rest);
    bool alone = strcmp(flags, "alone") == 0, test = strcmp(flags, "test") == 0;
    struct notice_state notice = {.id = alone ? 0 : 7,
                                  .rule = test || alone ? -1 : 0,
                                  .raised_ms = alone ? 0 : RAISED_MS,
                                  .acknowledged = strcmp(flags, "acknowledged") == 0,
                                  .more = strcmp(flags, "more") == 0 ? 12 : 0};
    struct notice_input input = {.shared = w->shared,
                                 .zone = w->zone,
                                 .notice = &notice,
                                 .receiver = receiver,
                                 .now_ms = RAISED_MS + 5000,
                                 .repeat = strcmp(flags, "repeat") == 0,
                                 .line = line_of,
                                 .context = w,
                                 .since_ms = RAISED_MS};
    struct notice_text text;
    char *word;

    while ((word = strtok_r(NULL, " ", &rest)) != NULL)
        parse_ref(word, &notice.refs[notice.n_refs++]);
    notice_text_write(&input, &text);
    check(w, name, &w->shared->model->notices->receivers[receiver], &text);
    buf_printf(out, "==== %s\nSubject: %s\nThread: %s\n\n%s\n", name, (char *)text.subject.data,
               buf_cstr(&text.thread), (char *)text.body.data);
    notice_text_free(&text);
}

static void put_receiver(struct world *w, int receiver, struct buf *out)
{
    char *cases = mem_strdup((const char *)w->cases.data), *rest = NULL;

    for (char *line = strtok_r(cases, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        if (*line != '#')
            put_case(w, line, receiver, out);
    mem_free(cases);
}

static void compare(struct world *w, const char *name, const struct buf *out, bool write)
{
    char path[600];
    struct buf before = {0};
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.txt", w->directory, name);
    if (write) {
        file = fopen(path, "we");
        if (file == NULL || fwrite(out->data, 1, out->len, file) != out->len || fclose(file) != 0)
            perror(path);
        return;
    }
    snprintf(path, sizeof path, "%s.txt", name);
    read_file(w, path, &before);
    if (before.len != out->len || memcmp(before.data, out->data, out->len) != 0) {
        printf("%s: it says something else now: golden/notices --write, and look at the diff\n",
               path);
        w->bad = 1;
    }
    buf_free(&before);
}

int main(int argc, char **argv)
{
    bool write = argc == 3 && strcmp(argv[1], "--write") == 0;
    struct world w = {.directory = argv[argc - 1]};

    if (argc != 2 + write) {
        fprintf(stderr, "usage: notices [--write] DIRECTORY\n");
        return 2;
    }
    load(&w);
    for (int i = 0; i < w.shared->model->notices->n_receivers; i++) {
        struct buf out = {0};

        put_receiver(&w, i, &out);
        compare(&w, w.shared->model->notices->receivers[i].name, &out, write);
        buf_free(&out);
    }
    buf_free(&w.ledger);
    buf_free(&w.cases);
    zone_free(w.zone);
    shared_free(w.shared);
    return w.bad;
}
