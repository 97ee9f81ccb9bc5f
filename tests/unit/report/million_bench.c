/* A year of 1 000 000 entries, exported, verified and reported line by line as a file
 * would be read, with verdicts of three ballots and of eleven, as twelve coordinators give them:
 * prints a JSON line for each with the times and the resident memory.
 *
 *   million_bench [FILE]   keeps the export of eleven there, for timing of the whole command */
#include "lines.h"
#include "base/clock.h"
#include "base/utc.h"
#include "report/export.h"
#include "report/ledger_events.h"
#include "report/sla.h"
#include "report/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define ENTRIES 1000000u
#define STEP_MS 31536 /* a year by 1 000 000 */
#define BALLOT                                                                                     \
    "{\"observer\":\"mirror-1\",\"site\":\"osaka\",\"opinion\":\"up\",\"reason\":\"ok\","          \
    "\"abstain\":false,\"fail_age_ms\":null,\"good_age_ms\":12,\"arrived_age_ms\":3}"

static void generate(struct buf *line, uint64_t seq, int64_t time_ms, int ballots)
{
    int i;

    char now[UTC_TEXT_MAX], before[UTC_TEXT_MAX];

    utc_format(time_ms, now);
    utc_format(time_ms - STEP_MS, before);
    buf_clear(line);
    if (seq == 0) {
        lines_start(line, seq, time_ms, "config", "contract");
        buf_str(line, ",\"version\":1,\"contract\":{\"name\":\"sheet-b\",\"functions\":[{\"name\":"
                      "\"calling\"}],\"services\":[{\"name\":\"call-centre\",\"critical\":["
                      "\"calling\"]}],\"target\":\"98\"}}");
    } else if (seq % 100 == 50) { /* 10 000 outages of half a minute */
        lines_start(line, seq, time_ms, "outage", "open");
        buf_printf(line,
                   ",\"outage\":%" PRIu64 ",\"function\":\"calling\",\"severity\":\"emergency\","
                   "\"cause\":\"provider\",\"start\":\"%s\",\"last_good\":null,"
                   "\"recognised\":\"%s\",\"evidence\":5}",
                   seq, now, now);
    } else if (seq % 100 == 51) {
        lines_start(line, seq, time_ms, "outage", "close");
        buf_printf(line,
                   ",\"outage\":%" PRIu64 ",\"function\":\"calling\",\"start\":\"%s\","
                   "\"end\":\"%s\",\"last_fail\":\"%s\"}",
                   seq - 1, before, now, now);
    } else {
        lines_start(line, seq, time_ms, "verdict", "up");
        buf_printf(line,
                   ",\"check\":\"voice@voice-1\",\"target\":\"voice-1\",\"site\":\"tokyo\","
                   "\"was\":\"down\",\"need\":2,\"agree\":%d,\"assigned\":%d,\"window_ms\":400,"
                   "\"patience_ms\":60000,\"fail_since\":null,\"good_before\":null,\"ballots\":[",
                   ballots, ballots);
        for (i = 0; i < ballots; i++)
            buf_str(line, i > 0 ? "," BALLOT : BALLOT);
        buf_str(line, "]}");
    }
}

static int64_t make(const char *path, int ballots)
{
    const struct export_options options = {
        .cluster = "bench", .since_ms = UTC_NONE, .until_ms = UTC_NONE};
    struct ledger_export *e = export_new(&options);
    struct buf line = {0}, out = {0};
    FILE *file = fopen(path, "w");
    int64_t time_ms, bytes;
    struct err err;
    uint64_t i;

    if (file == NULL || utc_parse("2026-01-01T00:00:00+09:00", &time_ms) != 0)
        exit(1);
    for (i = 0; i < ENTRIES; i++, time_ms += STEP_MS) {
        generate(&line, i, time_ms, ballots);
        if (export_line(e, (char *)line.data, line.len, &out, &err) != 0)
            exit(1);
        fwrite(out.data, 1, out.len, file);
        buf_clear(&out);
    }
    export_end(e, &out);
    fwrite(out.data, 1, out.len, file);
    bytes = ftell(file);
    fclose(file);
    export_free(e);
    buf_free(&line);
    buf_free(&out);
    return bytes;
}

/* Nine hours ahead: enough of a zone for a bench. */
static struct zone *zone(void)
{
    static const uint8_t file[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
                                  "\0\0\0\0\0\0JST\0"
                                  "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
                                  "\0\0\x7e\x90\0\0JST\0"
                                  "\nJST-9\n";
    struct zone *made;
    struct err err;

    if (zone_parse(file, sizeof file - 1, &made, &err) != 0)
        exit(1);
    return made;
}

static struct contract made(const struct model *model)
{
    struct contract contract;

    model_contract(model, &contract);
    return contract;
}

static void read_back(const char *path, const struct zone *tokyo)
{
    struct model *model = lines_model();
    struct contract contract = made(model);
    struct period period = sla_period(&contract, tokyo, 2026, 7, INT64_MAX / 2);
    struct ledger_events *events = ledger_events_new(&contract, &period);
    struct verify *verify = verify_new();
    struct verify_result result;
    struct ledger_view view;
    struct sla_input input = {
        .contract = &contract, .cluster = "bench", .zone = tokyo, .year = 2026, .month = 7};
    FILE *file = fopen(path, "r");
    char *line = NULL;
    struct err err;
    size_t cap = 0;
    ssize_t len;
    struct sla *sla;

    if (file == NULL)
        exit(1);
    while ((len = getline(&line, &cap, file)) > 0) {
        int rc = verify_line(verify, line, (size_t)len - 1, &err);

        if (rc == 0)
            rc = ledger_events_line(events, line, (size_t)len - 1, verify_tree(verify), &err);
        if (rc < 0) {
            fprintf(stderr, "%s\n", err.text);
            exit(1);
        }
    }
    if (verify_end(verify, &result, &err) != 0 || result.size != ENTRIES)
        exit(1);
    if (ledger_events_view(events, 0, &view, &err) != 0)
        exit(1);
    ledger_view_input(&view, &input);
    sla = sla_new(&input);
    if (sla->functions[0].figures.failures < 800)
        exit(1);
    sla_free(sla);
    ledger_view_free(&view);
    free(line);
    fclose(file);
    verify_free(verify);
    ledger_events_free(events);
    contract_free(&contract);
    model_free(model);
}

/* Processor time: the machine may be busy with other things. */
static int64_t used_ms(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static void measure(const char *path, int ballots)
{
    struct zone *tokyo = zone();
    int64_t begun, made, read, begun_cpu, made_cpu, read_cpu, bytes;
    struct rusage usage;

    begun = clock_boot_ms();
    begun_cpu = used_ms();
    bytes = make(path, ballots);
    made = clock_boot_ms();
    made_cpu = used_ms();
    read_back(path, tokyo);
    read = clock_boot_ms();
    read_cpu = used_ms();
    zone_free(tokyo);
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"bench\":\"report-million\",\"entries\":%u,\"ballots\":%d,\"bytes\":%" PRId64
           ",\"generate_export_ms\":%" PRId64 ",\"generate_export_cpu_ms\":%" PRId64
           ",\"verify_report_ms\":%" PRId64 ",\"verify_report_cpu_ms\":%" PRId64
           ",\"resident_kib\":%ld}\n",
           ENTRIES, ballots, bytes, made - begun, made_cpu - begun_cpu, read - made,
           read_cpu - made_cpu, usage.ru_maxrss);
}

int main(int argc, char **argv)
{
    char path[] = "/tmp/kirikae-million-XXXXXX";
    int fd = mkstemp(path);

    if (fd < 0)
        return 1;
    measure(path, 3);
    measure(argc > 1 ? argv[1] : path, 11);
    remove(path);
    return 0;
}
