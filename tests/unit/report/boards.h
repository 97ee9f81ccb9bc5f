/* A board that tests feed with lines, and the page of it. Include behind cmocka. */
#ifndef TESTS_REPORT_BOARDS_H
#define TESTS_REPORT_BOARDS_H

#include "../core/account/open_zone.h"
#include "lines.h"
#include "report/board_files.h"

#include <stdlib.h>
#include <string.h>

struct boards {
    struct lines lines; /* begins on 2026-08-01 */
    struct model *model;
    struct contract contract;
    struct zone *zone;
    struct status_page config;
    struct board *board;
    uint64_t fed;
    struct board_view *view;
    struct board_source source;
    struct board_page *page;
};

static inline int boards_setup(void **state)
{
    struct boards *b = calloc(1, sizeof *b);

    b->model = lines_model();
    strcpy(b->model->functions[0].label_en, "Calls");
    b->model->contract.terms.excluded_cause[CAUSE_FORCE_MAJEURE] = true;
    model_contract(b->model, &b->contract);
    b->zone = open_zone("Asia/Tokyo");
    b->config = (struct status_page){.given = true, .days = 90};
    function_set_add(&b->config.functions, 0);
    function_set_add(&b->config.functions, 1);
    b->board = board_new();
    b->lines.time_ms = utc("2026-08-01T00:00:00Z");
    lines_verdict(&b->lines);
    *state = b;
    return 0;
}

static inline int boards_teardown(void **state)
{
    struct boards *b = *state;

    board_page_free(b->page);
    board_view_free(b->view);
    board_free(b->board);
    zone_free(b->zone);
    lines_free(&b->lines);
    contract_free(&b->contract);
    model_free(b->model);
    free(b);
    return 0;
}

static inline void boards_feed(struct boards *b)
{
    struct err err;
    size_t len;

    for (; b->fed < b->lines.n; b->fed++) {
        const char *line = lines_get(&b->lines, b->fed, &len);

        if (board_line(b->board, line, len, &err) != 0)
            fail_msg("%s", err.text);
    }
}

/* The page as of a moment, of all lines so far. */
static inline const struct board_page *boards_page(struct boards *b, const char *as_of)
{
    boards_feed(b);
    board_page_free(b->page);
    board_view_free(b->view);
    b->view = board_view(b->board);
    b->source = (struct board_source){.view = b->view,
                                      .contract = &b->contract,
                                      .zone = b->zone,
                                      .page = &b->config,
                                      .as_of_ms = utc(as_of),
                                      .stale_ms = UTC_NONE};
    b->page = board_page_new(&b->source);
    return b->page;
}

/* The outage's number. */
static inline int boards_open(struct boards *b, const char *function, const char *severity,
                              const char *start)
{
    int id = (int)b->lines.n;

    b->lines.time_ms = utc(start) + 500;
    lines_add(&b->lines, "outage", "open",
              ",\"outage\":%d,\"function\":\"%s\",\"severity\":\"%s\",\"cause\":\"provider\""
              ",\"start\":\"%s\",\"last_good\":null,\"recognised\":\"%s\",\"evidence\":5",
              id, function, severity, start, start);
    return id;
}

static inline void boards_close(struct boards *b, int id, const char *function, const char *end)
{
    b->lines.time_ms = utc(end) + 500;
    lines_add(&b->lines, "outage", "close",
              ",\"outage\":%d,\"function\":\"%s\",\"start\":null,\"end\":\"%s\",\"last_fail\":null",
              id, function, end);
}

/* json: with quotes, or null. */
static inline void boards_post(struct boards *b, int outage, const char *status, const char *ja,
                               const char *en)
{
    lines_add(&b->lines, "incident", "post",
              ",\"outage\":%d,\"status\":\"%s\",\"ja\":%s,\"en\":%s,\"who\":\"secret-operator\"",
              outage, status, ja, en);
}

static inline void boards_window(struct boards *b, int id, const char *kind, const char *functions,
                                 const char *announced, const char *start, const char *end)
{
    b->lines.time_ms = utc(announced) + 500;
    lines_add(&b->lines, "maintenance", "added",
              ",\"window\":%d,\"kind\":\"%s\",\"functions\":[%s],\"announced\":\"%s\","
              "\"start\":\"%s\",\"end\":\"%s\",\"short_notice\":false,\"who\":\"secret-operator\","
              "\"reason\":\"secret reason\"",
              id, kind, functions, announced, start, end);
}

static inline const struct board_day *boards_day(const struct board_page *page, int function,
                                                 int month, int day)
{
    int i;

    for (i = 0; i < page->n_days; i++)
        if (page->functions[function].days[i].month == month &&
            page->functions[function].days[i].day == day)
            return &page->functions[function].days[i];
    fail_msg("there is no %d-%d", month, day);
    return NULL;
}

#endif
