/* A command line of kirikae in this process, and what it printed. */
#ifndef TESTS_CLI_RUN_H
#define TESTS_CLI_RUN_H

/* Of the newest run(). */
extern char *out_text, *err_text;

/* The words behind "kirikae", NULL at the end; returns the exit code. */
int run(const char *first, ...);
void run_free(void);

#endif
