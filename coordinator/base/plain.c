#include "base/plain.h"
#include "base/check.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct range {
    uint32_t first, last;
};

static const struct range commands[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c}, {0x200e, 0x200f},   {0x2028, 0x202e},
    {0x2066, 0x206f}, {0xfff9, 0xfffb}, {0xd800, 0xdfff}, {0xe0000, 0xe007f},
};

static const struct range unseen[] = {
    {0x0a, 0x0a},     {0x20, 0x20},     {0xa0, 0xa0},     {0xad, 0xad},     {0x115f, 0x1160},
    {0x180e, 0x180e}, {0x2000, 0x200d}, {0x202f, 0x202f}, {0x205f, 0x2064}, {0x3000, 0x3000},
    {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
};

static bool within(uint32_t c, const struct range *ranges, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* Bytes of the character that begins here; 0: none does. */
static size_t character(const char *text, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;
    size_t len = at[0] < 0x80             ? 1
                 : (at[0] & 0xe0) == 0xc0 ? 2
                 : (at[0] & 0xf0) == 0xe0 ? 3
                 : (at[0] & 0xf8) == 0xf0 ? 4
                                          : 0,
           i;

    if (len == 0)
        return 0;
    *c = len == 1 ? at[0] : at[0] & (0x7fu >> len);
    for (i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        *c = *c << 6 | (at[i] & 0x3f);
    }
    return *c >= least[len] && *c <= 0x10ffff ? len : 0;
}

static bool plain(const char *text, bool lines)
{
    uint32_t c;
    size_t len;

    for (; *text != '\0'; text += len) {
        len = character(text, &c);
        if (len == 0 || (within(c, commands, ARRAY_LEN(commands)) && !(lines && c == '\n')))
            return false;
    }
    return true;
}

bool plain_text(const char *text)
{
    return plain(text, false);
}

bool plain_lines(const char *text)
{
    return plain(text, true);
}

bool plain_blank(const char *text)
{
    uint32_t c;
    size_t len;

    for (; *text != '\0'; text += len) {
        len = character(text, &c);
        if (len == 0 || !within(c, unseen, ARRAY_LEN(unseen)))
            return false;
    }
    return true;
}

void plain_clean(char *text)
{
    uint32_t c;
    size_t len, i;

    for (; *text != '\0'; text += len) {
        len = character(text, &c);
        if (len > 0 && !within(c, commands, ARRAY_LEN(commands)))
            continue;
        len = len > 0 ? len : 1;
        for (i = 0; i < len; i++)
            text[i] = '?';
    }
}

void plain_clean_lines(char *text)
{
    char *end;

    for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        *end = '\0';
        plain_clean(text);
        *end = '\n';
    }
    plain_clean(text);
}

size_t plain_cut(const char *text, size_t len, size_t max)
{
    if (len <= max)
        return len;
    while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    return max;
}
