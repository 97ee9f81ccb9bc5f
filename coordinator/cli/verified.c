#include "cli/verified.h"
#include "base/limits.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

/* A checkpoint holds some bytes for each of up to 256 entries; entries have their limit. */
#define LINE_MAX_BYTES (LIMIT_LEDGER_LINE + 4096)
#define CSV_BEGINS "\xef\xbb\xbf"
#define READ_BYTES ((size_t)4 * LINE_MAX_BYTES)

/* Lines where they lie in a buffer that holds several, so that a gigabyte is not copied. */
struct reader {
    FILE *file;
    char *bytes; /* READ_BYTES */
    size_t at, end;
    bool over; /* the file has no more */
};

/* The next line and its length without the newline; NULL at the end, or when the buffer is
 * full without one: then *len is READ_BYTES. */
static const char *next_line(struct reader *reader, size_t *len)
{
    for (;;) {
        const char *line = reader->bytes + reader->at;
        size_t left = reader->end - reader->at;
        const char *newline = memchr(line, '\n', left);

        *len = newline != NULL ? (size_t)(newline - line) : left;
        if (newline != NULL || reader->over || left == READ_BYTES) {
            reader->at += *len + (newline != NULL);
            return newline != NULL || (left > 0 && left < READ_BYTES) ? line : NULL;
        }
        memmove(reader->bytes, line, left);
        reader->at = 0;
        reader->end = left + fread(reader->bytes + left, 1, READ_BYTES - left, reader->file);
        reader->over = reader->end < READ_BYTES;
    }
}

/* `verify` may be NULL. */
static int read_lines(struct cli *cli, FILE *f, const char *file, struct verify *verify,
                      ledger_line_fn *each, void *context)
{
    struct reader reader = {.file = f, .bytes = mem_alloc(READ_BYTES)};
    unsigned long long number = 0;
    const char *line;
    struct err err;
    size_t len;
    int r = 0;

    while (r == 0 && ((line = next_line(&reader, &len)) != NULL || len > 0)) {
        number++;
        if (len > LINE_MAX_BYTES) {
            r = cli_fail(cli, CLI_REFUSED, "%s: line %llu is longer than %d bytes", file, number,
                         LINE_MAX_BYTES);
            break;
        }
        if (number == 1 && len >= sizeof CSV_BEGINS - 1 &&
            memcmp(line, CSV_BEGINS, sizeof CSV_BEGINS - 1) == 0) {
            r = cli_fail(cli, CLI_REFUSED,
                         "%s is CSV, which nothing can verify: export with --format jsonl", file);
            break;
        }
        if (verify != NULL && (r = verify_line(verify, line, len, &err)) < 0)
            r = cli_fail(cli, CLI_REFUSED, "%s: %s", file, err.text);
        else
            r = r == 0 ? each(cli, context, line, len) : 0;
    }
    if (r == 0 && ferror(f))
        r = cli_fail(cli, CLI_USAGE, "%s: %s", file, strerror(errno));
    mem_free(reader.bytes);
    return r;
}

int verified_read(struct cli *cli, const char *file, ledger_line_fn *each, void *context,
                  struct verify_result *result)
{
    const struct tree *tree;

    return verified_read_tree(cli, file, each, context, &tree, result);
}

int verified_read_tree(struct cli *cli, const char *file, ledger_line_fn *each, void *context,
                       const struct tree **tree, struct verify_result *result)
{
    struct verify *verify;
    FILE *f = fopen(file, "re");
    struct err err;
    int r;

    if (f == NULL)
        return cli_fail(cli, CLI_USAGE, "%s: %s", file, strerror(errno));
    verify = verify_new();
    *tree = verify_tree(verify);
    r = read_lines(cli, f, file, verify, each, context);
    if (r == 0 && verify_end(verify, result, &err) < 0)
        r = cli_fail(cli, CLI_REFUSED, "%s: %s", file, err.text);
    *tree = NULL;
    verify_free(verify);
    fclose(f);
    return r;
}

int lines_read(struct cli *cli, const char *file, ledger_line_fn *each, void *context)
{
    FILE *f = fopen(file, "re");
    int r;

    if (f == NULL)
        return cli_fail(cli, CLI_USAGE, "%s: %s", file, strerror(errno));
    r = read_lines(cli, f, file, NULL, each, context);
    fclose(f);
    return r;
}
