/* A ledger's lines from standard input -> the export of it, as `kirikae audit export` writes it. */
#include "report/export.h"
#include "base/utc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    struct export_options options = {.cluster = "page", .since_ms = UTC_NONE, .until_ms = UTC_NONE};
    struct ledger_export *export;
    struct buf out = {0};
    char *line = NULL;
    size_t room = 0;
    struct err err;
    ssize_t len;

    if (utc_parse("2026-11-22T09:00:00Z", &options.exported_ms) != 0)
        return 1;
    export = export_new(&options);
    while ((len = getline(&line, &room, stdin)) > 0)
        if (export_line(export, line, (size_t)len - 1, &out, &err) != 0) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
    export_end(export, &out);
    fwrite(out.data, 1, out.len, stdout);
    export_free(export);
    buf_free(&out);
    free(line);
    return 0;
}
