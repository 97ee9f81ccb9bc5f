#include "report/board_files.h"

static const struct {
    const char *path;
    enum {
        FILE_PAGE,
        FILE_HISTORY,
        FILE_JSON,
        FILE_FEED,
    } kind;
    enum sla_language language;
} contents[BOARD_FILES] = {
    {"index.html", FILE_PAGE, SLA_JAPANESE},   {"history.html", FILE_HISTORY, SLA_JAPANESE},
    {"en/index.html", FILE_PAGE, SLA_ENGLISH}, {"en/history.html", FILE_HISTORY, SLA_ENGLISH},
    {"status.json", FILE_JSON, SLA_ENGLISH},   {"feed.ja.atom", FILE_FEED, SLA_JAPANESE},
    {"feed.en.atom", FILE_FEED, SLA_ENGLISH},
};

void board_files_paths(struct board_file files[BOARD_FILES])
{
    static const char *const types[] = {
        [FILE_PAGE] = "text/html; charset=utf-8",
        [FILE_HISTORY] = "text/html; charset=utf-8",
        [FILE_JSON] = "application/json",
        [FILE_FEED] = "application/atom+xml; charset=utf-8",
    };
    int i;

    for (i = 0; i < BOARD_FILES; i++)
        files[i] = (struct board_file){.path = contents[i].path, .type = types[contents[i].kind]};
}

void board_files(const struct board_page *page, struct board_file files[BOARD_FILES])
{
    int i;

    board_files_paths(files);
    for (i = 0; i < BOARD_FILES; i++) {
        struct buf *out = &files[i].bytes;

        switch (contents[i].kind) {
        case FILE_PAGE:
        case FILE_HISTORY:
            board_html(page, contents[i].language, contents[i].kind == FILE_HISTORY, out);
            break;
        case FILE_JSON:
            board_json(page, out);
            break;
        case FILE_FEED:
            board_atom(page, contents[i].language, out);
            break;
        }
    }
}

void board_files_free(struct board_file files[BOARD_FILES])
{
    int i;

    for (i = 0; i < BOARD_FILES; i++)
        buf_free(&files[i].bytes);
}
