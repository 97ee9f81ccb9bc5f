#include "cli/table.h"
#include "base/check.h"
#include "base/mem.h"

#include <stdarg.h>

#define GAP 2

struct table {
    size_t columns;
    size_t n, cap;
    char **cells; /* the heads first */
};

/* Columns on a terminal: one for each character, two for the wide ones of East Asia. */
static size_t width(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t n = 0;

    for (; *s != '\0'; s++) {
        if ((*s & 0xc0) == 0x80)
            continue;
        n += *s >= 0xe3 && *s <= 0xed ? 2 : 1;
    }
    return n;
}

static void add(struct table *table, const char *text)
{
    if (table->n == table->cap) {
        table->cap = table->cap > 0 ? 2 * table->cap : 64;
        table->cells = mem_realloc(table->cells, table->cap, sizeof *table->cells);
    }
    table->cells[table->n++] = mem_strdup(text);
}

struct table *table_new(const char *const *heads, size_t n)
{
    struct table *table = mem_zalloc(1, sizeof *table);
    size_t i;

    CHECK(n > 0 && n <= TABLE_COLUMNS_MAX);
    table->columns = n;
    for (i = 0; i < n; i++)
        add(table, heads[i]);
    return table;
}

void table_cell(struct table *table, const char *format, ...)
{
    const char *head = table->cells[table->n % table->columns];
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    add(table, text[0] == '\0' && head[0] != '\0' ? "-" : text);
}

/* Blanks go before a cell, not behind it, so that no line ends with any. */
static void print_row(const struct table *table, char **row, const size_t *widths, FILE *out)
{
    size_t i, blanks = 0;

    for (i = 0; i < table->columns; i++) {
        if (row[i][0] != '\0')
            fprintf(out, "%*s%s", (int)blanks, "", row[i]);
        blanks = (row[i][0] != '\0' ? 0 : blanks) + widths[i] - width(row[i]) + GAP;
    }
    fputc('\n', out);
}

void table_end(struct table *table, FILE *out, const char *empty)
{
    size_t widths[TABLE_COLUMNS_MAX] = {0};
    size_t i;

    CHECK(table->n % table->columns == 0);
    for (i = 0; i < table->n; i++) {
        size_t w = width(table->cells[i]);

        if (w > widths[i % table->columns])
            widths[i % table->columns] = w;
    }
    if (table->n == table->columns)
        fprintf(out, "%s\n", empty);
    else
        for (i = 0; i < table->n; i += table->columns)
            print_row(table, table->cells + i, widths, out);
    for (i = 0; i < table->n; i++)
        mem_free(table->cells[i]);
    mem_free(table->cells);
    mem_free(table);
}
