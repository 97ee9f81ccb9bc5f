#include "base/mem.h"
#include "base/check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
    CHECK(memory != NULL);
    return memory;
}

void *mem_alloc(size_t size)
{
    return must(malloc(size > 0 ? size : 1));
}

void *mem_zalloc(size_t count, size_t size)
{
    return must(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *mem_realloc(void *old, size_t count, size_t size)
{
    CHECK(size == 0 || count <= SIZE_MAX / size);
    return must(realloc(old, count * size > 0 ? count * size : 1));
}

void *mem_dup(const void *bytes, size_t size)
{
    void *copy = mem_alloc(size);

    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *mem_strdup(const char *text)
{
    return mem_dup(text, strlen(text) + 1);
}

void mem_free(void *memory)
{
    free(memory);
}
