/* Structured log lines: one per decision, none when all is well. Text with a time
 * on a terminal or file, fields for journald under systemd. One logger per node;
 * use it on the loop thread only. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

struct log;

/* `node` is copied. Lines above `max` (less urgent) are dropped. journald is used
 * when stderr is a journal stream (sd_journal: JOURNAL_STREAM matches stderr). */
struct log *log_open(const char *node, enum log_level max);
/* Lines go to `sink` instead; `text` lives during the call. */
typedef void log_sink(void *context, enum log_level level, const char *event, const char *text);
struct log *log_open_sink(enum log_level max, log_sink *sink, void *context);
void log_close(struct log *log);

/* `event` is a short stable word such as "route-moved"; it becomes KIRIKAE_EVENT.
 * `log` may be NULL: the line is dropped. */
void log_line(struct log *log, enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
