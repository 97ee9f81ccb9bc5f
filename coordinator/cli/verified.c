#include "cli/verified.h"
#include "base/limits.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

/* A checkpoint holds some bytes for each of up to 256 entries; entries have their limit. */
#define LINE_MAX_BYTES (LIMIT_LEDGER_LINE + 4096)

/* The next line into `line`; its length without the newline, -1 at the end, -2: too long. */
static ssize_t next_line(FILE *file, char *line, size_t size)
{
    size_t len;
    int c;

    for (len = 0; (c = getc_unlocked(file)) != EOF && c != '\n'; len++) {
        if (len == size)
            return -2;
        line[len] = (char)c;
    }
    return c == EOF && len == 0 ? -1 : (ssize_t)len;
}

static int read_lines(struct cli *cli, FILE *f, const char *file, struct verify *verify,
                      ledger_line_fn *each, void *context)
{
    char *line = mem_alloc(LINE_MAX_BYTES);
    unsigned long long number = 0;
    struct err err;
    ssize_t len;
    int r = 0;

    while (r == 0 && (len = next_line(f, line, LINE_MAX_BYTES)) != -1) {
        number++;
        if (len == -2) {
            r = cli_fail(cli, CLI_REFUSED, "%s: line %llu is longer than %d bytes", file, number,
                         LINE_MAX_BYTES);
            break;
        }
        r = verify_line(verify, line, (size_t)len, &err);
        if (r < 0)
            r = cli_fail(cli, CLI_REFUSED, "%s: %s", file, err.text);
        else if (r == 0)
            r = each(cli, context, line, (size_t)len);
        else
            r = 0;
    }
    if (r == 0 && ferror(f))
        r = cli_fail(cli, CLI_USAGE, "%s: %s", file, strerror(errno));
    mem_free(line);
    return r;
}

int verified_read(struct cli *cli, const char *file, ledger_line_fn *each, void *context,
                  struct verify_result *result)
{
    struct verify *verify;
    FILE *f = fopen(file, "re");
    struct err err;
    int r;

    if (f == NULL)
        return cli_fail(cli, CLI_USAGE, "%s: %s", file, strerror(errno));
    verify = verify_new();
    r = read_lines(cli, f, file, verify, each, context);
    if (r == 0 && verify_end(verify, result, &err) < 0)
        r = cli_fail(cli, CLI_REFUSED, "%s: %s", file, err.text);
    verify_free(verify);
    fclose(f);
    return r;
}
