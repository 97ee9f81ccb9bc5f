/* Columns of text, aligned for a terminal. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct table;

/* `heads` are the column names; n at most TABLE_COLUMNS_MAX. */
#define TABLE_COLUMNS_MAX 80
struct table *table_new(const char *const *heads, size_t n);
/* The next cell, row by row; copied. An empty one prints as "-", but in a column without a
 * head. */
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints and frees. A table without rows prints `empty`. */
void table_end(struct table *table, FILE *out, const char *empty);

#endif
