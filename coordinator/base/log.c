#include "base/log.h"
#include "base/mem.h"
#include "base/utc.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

struct log {
    char *node;
    enum log_level max;
    bool journal;
    log_sink *sink; /* NULL: journal or stderr */
    void *context;
};

/* systemd.exec(5): JOURNAL_STREAM holds device and inode of the journal's socket. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;

    if (stream == NULL || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
        return false;
    return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

struct log *log_open(const char *node, enum log_level max)
{
    struct log *log = mem_zalloc(1, sizeof *log);

    log->node = mem_strdup(node);
    log->max = max;
    log->journal = stderr_is_journal();
    return log;
}

struct log *log_open_sink(enum log_level max, log_sink *sink, void *context)
{
    struct log *log = mem_zalloc(1, sizeof *log);

    log->max = max;
    log->sink = sink;
    log->context = context;
    return log;
}

void log_close(struct log *log)
{
    if (log == NULL)
        return;
    mem_free(log->node);
    mem_free(log);
}

static const char *level_word(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARN:
        return "warn";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        return "debug";
    }
    return "?";
}

void log_line(struct log *log, enum log_level level, const char *event, const char *format, ...)
{
    char text[2048], when[UTC_TEXT_MAX];
    struct timespec now;
    va_list args;

    if (log == NULL || level > log->max)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (log->sink != NULL) {
        log->sink(log->context, level, event, text);
        return;
    }
    if (log->journal) {
        sd_journal_send("PRIORITY=%d", (int)level, "MESSAGE=%s", text, "KIRIKAE_EVENT=%s", event,
                        "KIRIKAE_NODE=%s", log->node, NULL);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    utc_format(now.tv_sec * 1000ll + now.tv_nsec / 1000000, when);
    fprintf(stderr, "%s %-5s %s %s: %s\n", when, level_word(level), log->node, event, text);
}
