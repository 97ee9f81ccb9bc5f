#include "run.h"
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>

#define WORDS_MAX 24

char *out_text, *err_text;

void run_free(void)
{
    free(out_text);
    free(err_text);
    out_text = err_text = NULL;
}

int run(const char *first, ...)
{
    char *argv[WORDS_MAX] = {"kirikae"};
    size_t out_len, err_len;
    FILE *out, *err;
    const char *word;
    va_list args;
    int argc = 1, code;

    run_free();
    out = open_memstream(&out_text, &out_len);
    err = open_memstream(&err_text, &err_len);
    va_start(args, first);
    for (word = first; word != NULL && argc < WORDS_MAX; word = va_arg(args, const char *))
        argv[argc++] = (char *)word;
    va_end(args);
    code = cli_main(argc, argv, out, err);
    fclose(out);
    fclose(err);
    return code;
}
