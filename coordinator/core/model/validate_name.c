#include "base/mem.h"
#include "core/model/validate.h"

#include <stdlib.h>
#include <string.h>

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

int validate_name(const char *what, const char *name, const char *also, struct err *err)
{
    bool good = name_char(name[0]);

    for (const char *c = name; good && *c != '\0'; c++)
        good = name_char(*c) || strchr(also, *c) != NULL;
    if (!good)
        return err_set(err, ERR_INVALID,
                       "the name of a %s must begin with a-z or 0-9 and have only a-z 0-9 . - "
                       "in it, not \"%s\"",
                       what, name);
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names are well formed and none comes twice. Sorts `names`. */
static int check_names(const char *what, const char **names, int n, const char *also,
                       struct err *err)
{
    int rc = 0;

    qsort(names, (size_t)n, sizeof *names, compare_names);
    for (int i = 0; i < n && rc == 0; i++) {
        if (i > 0 && strcmp(names[i - 1], names[i]) == 0)
            rc = err_set(err, ERR_INVALID, "two %ss are named \"%s\"", what, names[i]);
        else
            rc = validate_name(what, names[i], also, err);
    }
    return rc;
}

int validate_all_names(const char *what, const char *first, int n, size_t size, const char *also,
                       struct err *err)
{
    const char **names = mem_zalloc((size_t)n, sizeof *names);
    int rc;

    for (int i = 0; i < n; i++)
        names[i] = first + (size_t)i * size;
    rc = check_names(what, names, n, also, err);
    mem_free(names);
    return rc;
}
