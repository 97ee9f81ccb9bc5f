/* Writes the corpora of kirikae's own formats anew: run it after a change of them.
 *   fuzz_seeds tests/fuzz/corpus */
#include "base/check.h"
#include "base/utc.h"
#include "report/export.h"
#include "samples.h"
#include "wire/holding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void write_seed(const char *root, const char *target, const char *name,
                       const struct buf *bytes)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", root, target);
    CHECK(mkdir(path, 0777) == 0 || errno == EEXIST);
    snprintf(path, sizeof path, "%s/%s/%s", root, target, name);
    file = fopen(path, "wb");
    CHECK(file != NULL);
    CHECK(fwrite(bytes->data, 1, bytes->len, file) == bytes->len);
    CHECK(fclose(file) == 0);
}

static void entries(const char *root)
{
    for (int i = 0; i < SAMPLE_KINDS; i++) {
        struct entry entry;
        struct buf bytes = {0};

        sample_entry(sample_kinds[i], &entry);
        entry_encode(&entry, &bytes);
        write_seed(root, "entry", entry_kind_name(entry.kind), &bytes);
        entry_free(&entry);
        buf_free(&bytes);
    }
}

static void beats(const char *root)
{
    struct beat beat;
    struct buf bytes = {0};

    sample_beat(12, LIMIT_BEAT_VOTES, &beat);
    beat_encode(&beat, &bytes);
    write_seed(root, "beat", "full", &bytes);
    buf_clear(&bytes);
    sample_beat(3, 2, &beat);
    beat_encode(&beat, &bytes);
    write_seed(root, "beat", "small", &bytes);
    buf_free(&bytes);
}

static void holdings(const char *root)
{
    struct holding_message message = {.kind = HOLDING_HOLD,
                                      .epoch = 7,
                                      .time_ms = 123456789,
                                      .fence_ms = 30,
                                      .route = "line",
                                      .candidate = "tokyo",
                                      .text = "192.0.2.10 hook:bgp"};
    struct buf bytes = {0};

    buf_reserve(&bytes, HOLDING_BYTES);
    bytes.len = holding_encode(&message, bytes.data);
    write_seed(root, "holding", "hold", &bytes);
    message = (struct holding_message){.kind = HOLDING_FENCED,
                                       .epoch = 7,
                                       .time_ms = 123456799,
                                       .why = HOLDING_RELEASED,
                                       .route = "line"};
    bytes.len = holding_encode(&message, bytes.data);
    write_seed(root, "holding", "fenced", &bytes);
    buf_free(&bytes);
}

static void snapshots(const char *root)
{
    struct shared *shared = shared_new();
    struct buf bytes = {0};

    shared_encode(shared, &bytes);
    write_seed(root, "snapshot", "new", &bytes);
    shared_free(shared);
    buf_clear(&bytes);
    shared = sample_shared();
    memset(shared->commands + 9, 0, sizeof shared->commands - 9 * sizeof shared->commands[0]);
    shared_encode(shared, &bytes);
    write_seed(root, "snapshot", "full", &bytes);
    shared->routes[0].intent_ms = INT64_MAX - 1; /* refused: there is arithmetic with it */
    buf_clear(&bytes);
    shared_encode(shared, &bytes);
    write_seed(root, "snapshot", "time-overflow", &bytes);
    shared_free(shared);
    buf_free(&bytes);
}

static void requests(const char *root)
{
    static const struct {
        const char *name, *args;
    } verbs[] = {{"pause", "{\"route\":\"calls\",\"for_ms\":7200000}"},
                 {"drain", "{\"server\":\"voice-2\",\"dry_run\":true}"},
                 {"incident-amend", "{\"outage\":17,\"severity\":\"minor\",\"cause\":\"attack\"}"},
                 {"maintenance-extend", "{\"window\":7,\"end\":\"2026-12-20T06:00:00Z\"}"}};
    struct rpc_request request = {.verb = "failover", .behalf = "sato", .behalf_role = 2};
    struct rpc_response response = {.code = ERR_REFUSED, .text = "no quorum", .leader = "backup-1"};
    struct buf bytes = {0};

    buf_str(&request.args, "{\"route\":\"calls\",\"to\":\"osaka\"}");
    rpc_request_encode(&request, &bytes);
    write_seed(root, "rpc", "request", &bytes);
    buf_clear(&bytes);
    buf_str(&response.result, "{\"nodes\":[]}");
    rpc_response_encode(&response, &bytes);
    write_seed(root, "rpc", "response", &bytes);
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        struct rpc_request verb = {0};

        snprintf(verb.verb, sizeof verb.verb, "%s", verbs[i].name);
        buf_str(&verb.args, verbs[i].args);
        buf_clear(&bytes);
        rpc_request_encode(&verb, &bytes);
        write_seed(root, "rpc", verbs[i].name, &bytes);
        rpc_request_free(&verb);
    }
    rpc_request_free(&request);
    rpc_response_free(&response);
    buf_free(&bytes);
}

struct writing {
    struct ledger_export *export;
    struct buf out;
    uint64_t outage; /* seq of the newest line that opened one */
};

static void to_export(void *context, uint64_t seq, const char *line, size_t len)
{
    static const char open[] = "\"category\":\"outage\",\"type\":\"open\"";
    struct writing *w = context;
    struct err err;

    CHECK(export_line(w->export, line, len, &w->out, &err) == 0);
    if (memmem(line, len, open, sizeof open - 1) != NULL)
        w->outage = seq;
}

/* An outage within a maintenance window, and one of each other kind of entry. */
static void ledger(const char *root)
{
    static const enum entry_kind kinds[] = {
        ENTRY_CONFIG,  ENTRY_LEADER,   ENTRY_VERDICT, ENTRY_WINDOW,   ENTRY_INTENT,
        ENTRY_ACT,     ENTRY_OUTCOME,  ENTRY_REFUSED, ENTRY_COVERAGE, ENTRY_NODE,
        ENTRY_MEMBER,  ENTRY_SECURITY, ENTRY_PAUSE,   ENTRY_DRAIN,    ENTRY_HANDOVER,
        ENTRY_VERDICT, ENTRY_INCIDENT, ENTRY_INCIDENT};
    struct export_options options = {.cluster = "sample",
                                     .since_ms = UTC_NONE,
                                     .until_ms = UTC_NONE,
                                     .exported_ms = 1795312900000};
    struct writing w = {.export = export_new(&options)};
    struct shared *shared = shared_new();

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct entry entry;

        sample_entry(kinds[i], &entry);
        entry.id.bytes[0] = (uint8_t)i;
        entry.term = 3;
        entry.time_ms += (int64_t)i * 1000;
        if (entry.kind == ENTRY_VERDICT) {
            entry.verdict.check = 1;
            entry.verdict.verdict = i == 2 ? VERDICT_DOWN : VERDICT_UP;
        } else if (entry.kind == ENTRY_WINDOW) {
            entry.window.end = entry.window.extend = entry.window.refused = false;
            entry.window.start_ms = entry.time_ms + 500;
            entry.window.end_ms = entry.time_ms + 5000;
        } else if (entry.kind == ENTRY_NODE || entry.kind == ENTRY_MEMBER) {
            entry.node.server = 7;
        } else if (entry.kind == ENTRY_COVERAGE) {
            entry.coverage.check = 1;
        } else if (entry.kind == ENTRY_INCIDENT) {
            entry.incident.outage = w.outage;
            entry.incident.note = i + 1 == ARRAY_LEN(kinds);
            if (entry.incident.note)
                entry.incident.severity = entry.incident.cause = -1;
        }
        shared_apply(shared, 10 + i, &entry, to_export, &w);
        entry_free(&entry);
    }
    export_end(w.export, &w.out);
    write_seed(root, "ledger", "export.jsonl", &w.out);
    export_free(w.export);
    shared_free(shared);
    buf_free(&w.out);
}

int main(int argc, char **argv)
{
    struct buf yaml = {0};

    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
        return 2;
    }
    entries(argv[1]);
    beats(argv[1]);
    holdings(argv[1]);
    snapshots(argv[1]);
    requests(argv[1]);
    ledger(argv[1]);
    buf_str(&yaml, sample_yaml);
    write_seed(argv[1], "config", "sample.yaml", &yaml);
    buf_free(&yaml);
    return 0;
}
