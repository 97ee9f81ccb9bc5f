/* An export's lines, as a stranger may hand them in: verified, accounted, replayed, exported again
 * and followed, each until it refuses. */
#include "report/board.h"
#include "report/export.h"
#include "report/ledger_events.h"
#include "report/replay.h"
#include "report/verify.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct readers {
    struct verify *verify;
    struct ledger_events *events;
    struct ledger_export *export;
    struct replay *replay;
    struct board *board;
    struct buf out;
    bool verifying, accounting, exporting, following;
};

static void line(struct readers *r, const char *text, size_t len)
{
    struct replayed again;
    struct err err;

    replay_line(r->replay, text, len, &again, &err);
    if (r->verifying)
        r->verifying = verify_line(r->verify, text, len, &err) >= 0;
    if (r->accounting)
        r->accounting = ledger_events_line(r->events, text, len, verify_tree(r->verify), &err) == 0;
    if (r->following)
        r->following = board_line(r->board, text, len, &err) == 0;
    if (r->exporting)
        r->exporting = export_line(r->export, text, len, &r->out, &err) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct period period = {
        .begin_ms = 1793458800000, .end_ms = 1796050800000, .as_of_ms = 1796050800000};
    struct export_options options = {.format = size % 2 == 0 ? EXPORT_JSONL : EXPORT_CSV,
                                     .cluster = "fuzz",
                                     .since_ms = UTC_NONE,
                                     .until_ms = UTC_NONE};
    struct contract contract;
    const struct rule *rows;
    int n_rows;
    struct readers r = {.verify = verify_new(),
                        .export = export_new(&options),
                        .board = board_new(),
                        .following = true,
                        .verifying = true,
                        .accounting = true,
                        .exporting = true};
    const char *at = (const char *)data, *end = at + size;
    struct verify_result result;
    struct ledger_view view;
    struct err err;

    contract_init(&contract);
    r.events = ledger_events_new(&contract, &period);
    rows = rules_table(&n_rows);
    r.replay = replay_new(rows, n_rows);
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = newline != NULL ? (size_t)(newline - at) : (size_t)(end - at);

        line(&r, at, len);
        at += newline != NULL ? len + 1 : len;
    }
    if (r.verifying)
        verify_end(r.verify, &result, &err);
    if (r.accounting && ledger_events_view(r.events, 0, &view, &err) == 0)
        ledger_view_free(&view);
    if (r.exporting)
        export_end(r.export, &r.out);
    if (r.following)
        board_view_free(board_view(r.board));
    board_free(r.board);
    verify_free(r.verify);
    ledger_events_free(r.events);
    replay_free(r.replay);
    export_free(r.export);
    buf_free(&r.out);
    contract_free(&contract);
    return 0;
}
