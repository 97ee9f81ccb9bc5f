/* Memory. A coordinator that cannot get a few bytes cannot be trusted to go on:
 * these end the process with a message when memory runs out, so no caller can
 * ignore it. Sizes that come from outside are limited before they get here. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);
void *mem_zalloc(size_t count, size_t size);
void *mem_realloc(void *old, size_t count, size_t size);
void *mem_dup(const void *bytes, size_t size);
char *mem_strdup(const char *text);
void mem_free(void *memory);

#endif
