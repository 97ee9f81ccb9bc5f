#include "base/err.h"
#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...)
{
    va_list args;

    CHECK(code < 0);
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return code;
}

int err_wrap(struct err *err, int code, const char *format, ...)
{
    char inner[ERR_TEXT_MAX];
    va_list args;
    int used;

    CHECK(code < 0);
    memcpy(inner, err->text, sizeof inner);
    va_start(args, format);
    used = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof err->text)
        snprintf(err->text + used, sizeof err->text - (size_t)used, ": %s", inner);
    return code;
}

const char *err_name(int code)
{
    static const char *const names[] = {"ok",      "invalid", "io",          "denied",  "limit",
                                        "corrupt", "timeout", "unavailable", "refused", "stale"};

    if (code > 0 || (size_t)-code >= ARRAY_LEN(names))
        return "unknown";
    return names[-code];
}
