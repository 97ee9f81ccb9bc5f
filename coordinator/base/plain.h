/* Texts of people that land on other people's terminals: operators' names and reasons. A text is
 * plain when it is whole UTF-8 and has nothing that commands a terminal or turns what follows
 * around: no control characters (C0, DEL, C1), no marks of direction, no separators of lines. */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

bool plain_text(const char *text);
/* The same with ends of lines (LF) in it. */
bool plain_lines(const char *text);
/* Nothing that anybody sees: spaces of all kinds, ends of lines, marks without width. */
bool plain_blank(const char *text);
/* Puts '?' in the place of each byte that is not plain. */
void plain_clean(char *text);
/* The same, line by line: line breaks stay. */
void plain_clean_lines(char *text);
/* How many of the first `max` bytes end with a whole character, where the text is UTF-8. */
size_t plain_cut(const char *text, size_t len, size_t max);

#endif
