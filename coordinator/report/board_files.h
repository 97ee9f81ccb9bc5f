/* The files of the public status page, as they are served and as they can be put elsewhere: their
 * links are relative to each other. Pure. */
#ifndef REPORT_BOARD_FILES_H
#define REPORT_BOARD_FILES_H

#include "base/buf.h"
#include "report/board_page.h"
#include "report/sla.h"

#define BOARD_FILES 7

struct board_file {
    const char *path; /* "en/index.html", beneath the page's own address */
    const char *type; /* its media type */
    struct buf bytes;
};

/* Paths and types, without bytes. */
void board_files_paths(struct board_file files[BOARD_FILES]);
/* All of one moment. */
void board_files(const struct board_page *page, struct board_file files[BOARD_FILES]);
void board_files_free(struct board_file files[BOARD_FILES]);

/* ---- what they are made of ---- */

/* One page by itself: no script, nothing from elsewhere; phones, desks and A4. */
void board_html(const struct board_page *page, enum sla_language language, bool history,
                struct buf *out);
void board_json(const struct board_page *page, struct buf *out); /* one object and a newline */
void board_atom(const struct board_page *page, enum sla_language language, struct buf *out);

#endif
