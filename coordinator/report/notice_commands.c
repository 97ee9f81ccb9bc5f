/* What operators can do about it: commands to copy. */
#include "report/notice_view.h"

#include <inttypes.h>
#include <string.h>

/* A word that a shell takes as one, whatever is in it. */
static void shell_word(const char *word, struct buf *out)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@:";

    if (strspn(word, safe) == strlen(word) && word[0] != '\0') {
        buf_str(out, word);
        return;
    }
    buf_str(out, "'");
    for (; *word != '\0'; word++)
        if (*word == '\'')
            buf_str(out, "'\\''");
        else
            buf_append(out, word, 1);
    buf_str(out, "'");
}

static const char *command_of(enum notice_title title)
{
    switch (title) {
    case TITLE_COVERAGE:
        return "kirikae coverage";
    case TITLE_NODE_LOST:
    case TITLE_NODE_BACK:
    case TITLE_CERTIFICATE:
    case TITLE_CLOCK:
        return "kirikae nodes";
    case TITLE_QUORUM_LOST:
    case TITLE_QUORUM_BACK:
        return "kirikae status";
    case TITLE_EMERGENCY:
    case TITLE_MAINTENANCE:
    case TITLE_EXTENDED:
    case TITLE_BEGUN:
    case TITLE_OVERRUN:
        return "kirikae maintenance list";
    default:
        return NULL;
    }
}

#define COMMANDS_MAX 12

/* A line that is there already is not said twice. */
static void command(struct buf *list, int *n, struct buf *line)
{
    buf_str(line, "\n");
    if (*n < COMMANDS_MAX && strstr(buf_cstr(list), buf_cstr(line)) == NULL) {
        buf_append(list, line->data, line->len);
        ++*n;
    }
    buf_free(line);
}

static void commands_of(const struct notice_fact *fact, struct buf *list, int *n)
{
    const char *plain = command_of(notice_title_of(fact));
    struct buf line = {0};

    if (fact->outage != NOTICE_NONE) {
        buf_printf(&line, "  kirikae explain %" PRIu64, fact->outage);
        command(list, n, &line);
    } else if (fact->route[0] != '\0') {
        buf_str(&line, fact->event == NOTICE_FAILOVER ? "  kirikae explain "
                                                      : "  kirikae explain --why-not ");
        shell_word(fact->route, &line);
        command(list, n, &line);
    } else if (plain != NULL) {
        buf_printf(&line, "  %s", plain);
        command(list, n, &line);
    }
}

void view_look_further(const struct notice_view *view, struct buf *out)
{
    struct buf list = {0}, line = {0};
    int n = 0;

    for (int i = 0; i < view->n; i++)
        if (!view->told[i])
            commands_of(&view->facts[i], &list, &n);
    if (view->input->notice->id != 0) {
        buf_printf(&line, "  kirikae notice show %" PRIu64, view->input->notice->id);
        command(&list, &n, &line);
    }
    if (list.len > 0)
        buf_printf(out, "\n%s\n%s", view_word(view, N_LOOK), buf_cstr(&list));
    buf_free(&list);
}

static bool goes_on(const struct notice_fact *fact)
{
    return (fact->event == NOTICE_OUTAGE || fact->event == NOTICE_LASTING) && !fact->over;
}

void view_acknowledge(const struct notice_view *view, struct buf *out)
{
    struct buf list = {0}, line = {0};
    int n = 0;

    for (int i = 0; i < view->n; i++)
        if (!view->told[i] && goes_on(&view->facts[i])) {
            buf_printf(&line, "  kirikae incident ack %" PRIu64, view->facts[i].outage);
            command(&list, &n, &line);
        }
    if (n > 0 && !view->input->notice->acknowledged)
        buf_printf(out, "\n%s\n%s", view_word(view, N_ACKNOWLEDGE), buf_cstr(&list));
    buf_free(&list);
}
