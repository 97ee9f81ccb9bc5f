/* Errors carry a text for the operator: what, where (file, line, field), what
 * was expected. The text grows outwards: the innermost cause is set first and
 * each caller puts its own context before it with err_wrap().
 *
 * Return values everywhere: 0 done; negative: forward it (the text is set);
 * positive: the header says what it means and the caller handles it. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define ERR_TEXT_MAX 512

struct err {
    char text[ERR_TEXT_MAX];
};

/* What negative return values mean; every negative value is one of these. */
enum {
    ERR_INVALID = -1,     /* input that breaks a rule; the text names where */
    ERR_IO = -2,          /* the operating system refused; the text has strerror */
    ERR_DENIED = -3,      /* certificate or role does not allow it */
    ERR_LIMIT = -4,       /* a limit of base/limits.h would be passed */
    ERR_CORRUPT = -5,     /* stored or received bytes do not match their checksum */
    ERR_TIMEOUT = -6,     /* no answer in time */
    ERR_UNAVAILABLE = -7, /* no leader, no quorum, not connected */
    ERR_REFUSED = -8,     /* understood, and a rule says no */
    ERR_STALE = -9,       /* a newer epoch was already seen */
};

/* Sets the text and returns `code`, so that `return err_set(...)` reads well. */
int err_set(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the text and returns `code`. */
int err_wrap(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A word for a code: "invalid", "io", ... */
const char *err_name(int code);

#endif
