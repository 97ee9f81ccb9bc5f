/* A board that follows a year of 1 000 000 entries, with 10 000 outages, and the pages of it:
 * prints a JSON line with the times and the resident memory. What the loop does of this is
 * `line_ns` for each line and `copy_us` for each page; the rest is done in a thread. */
#include "lines.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/utc.h"
#include "report/board_files.h"
#include "store/zone_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define ENTRIES 1000000u
#define STEP_MS 31536 /* a year by 1 000 000 */
#define FUNCTIONS 32

static void generate(struct buf *line, uint64_t seq, int64_t time_ms)
{
    unsigned function = (unsigned)(seq / 100 % FUNCTIONS);
    char now[UTC_TEXT_MAX];
    int i;

    utc_format(time_ms, now);
    buf_clear(line);
    if (seq % 100 == 50) {
        lines_start(line, seq, time_ms, "outage", "open");
        buf_printf(line,
                   ",\"outage\":%" PRIu64 ",\"function\":\"f%u\",\"severity\":\"emergency\","
                   "\"cause\":\"provider\",\"start\":\"%s\",\"recognised\":\"%s\",\"evidence\":5}",
                   seq, function, now, now);
    } else if (seq % 100 == 51) {
        lines_start(line, seq, time_ms, "outage", "close");
        buf_printf(line, ",\"outage\":%" PRIu64 ",\"function\":\"f%u\",\"end\":\"%s\"}", seq - 1,
                   function, now);
    } else {
        lines_start(line, seq, time_ms, "verdict", "up");
        buf_str(line, ",\"ballots\":[");
        for (i = 0; i < 11; i++)
            buf_str(line, "{\"observer\":\"mirror-1\",\"site\":\"osaka\",\"opinion\":\"up\","
                          "\"reason\":\"ok\",\"abstain\":false,\"fail_age_ms\":null},");
        buf_str(line, "{}]}");
    }
}

static int64_t follow(struct board *board, int64_t *time_ms)
{
    struct buf line = {0};
    int64_t us = 0, began_us;
    struct err err;
    uint64_t i;

    for (i = 0; i < ENTRIES; i++, *time_ms += STEP_MS) {
        generate(&line, i, *time_ms);
        began_us = clock_boot_us();
        CHECK(board_line(board, (char *)line.data, line.len, &err) == 0);
        us += clock_boot_us() - began_us;
    }
    buf_free(&line);
    return us;
}

static void describe(struct contract *contract, struct status_page *page)
{
    int i;

    contract_init(contract);
    contract->n_functions = FUNCTIONS;
    contract->functions = mem_zalloc(FUNCTIONS, sizeof *contract->functions);
    *page = (struct status_page){.given = true, .days = STATUS_PAGE_DAYS_MAX, .title = "Status"};
    for (i = 0; i < FUNCTIONS; i++) {
        snprintf(contract->functions[i].name, LIMIT_NAME, "f%d", i);
        function_set_add(&page->functions, i);
    }
}

int main(void)
{
    struct board *board = board_new();
    struct board_file files[BOARD_FILES];
    int64_t time_ms, line_us, copy_us, made_us;
    struct board_page *page;
    struct board_view *view;
    struct contract contract;
    struct status_page config;
    struct rusage usage;
    struct zone *zone;
    struct err err;

    if (utc_parse("2026-01-01T00:00:00+09:00", &time_ms) != 0 ||
        zone_file_load("Asia/Tokyo", &zone, &err) < 0)
        return 1;
    describe(&contract, &config);
    line_us = follow(board, &time_ms);
    copy_us = clock_boot_us();
    view = board_view(board);
    copy_us = clock_boot_us() - copy_us;
    made_us = clock_boot_us();
    page = board_page_new(&(struct board_source){.view = view,
                                                 .contract = &contract,
                                                 .zone = zone,
                                                 .page = &config,
                                                 .as_of_ms = time_ms,
                                                 .stale_ms = UTC_NONE});
    board_files(page, files);
    made_us = clock_boot_us() - made_us;
    getrusage(RUSAGE_SELF, &usage);
    printf(
        "{\"entries\":%u,\"line_ns\":%lld,\"outages_kept\":%zu,\"copy_us\":%lld,\"pages_ms\":%lld,"
        "\"page_bytes\":%zu,\"json_bytes\":%zu,\"resident_mb\":%ld}\n",
        ENTRIES, (long long)(line_us * 1000 / ENTRIES), view->ledger.history.n_outages,
        (long long)copy_us, (long long)(made_us / 1000), files[0].bytes.len, files[4].bytes.len,
        usage.ru_maxrss / 1024);
    board_files_free(files);
    board_page_free(page);
    board_view_free(view);
    board_free(board);
    contract_free(&contract);
    zone_free(zone);
    return 0;
}
