/* Operators' commands that wait for their answer. The engine answers each; the node only
 * remembers which, for when it ends before. */
#include "node/internal.h"

#include <string.h>

static int find(const struct node *node, const struct command_id *id)
{
    int i;

    for (i = 0; i < node->n_commands; i++)
        if (memcmp(&node->commands[i], id, sizeof *id) == 0)
            return i;
    return -1;
}

static void reply(struct node *node, const struct command_id *id, int code, const char *text)
{
    node->shell.reply(node->shell.context, id, code, text);
}

bool commands_add(struct node *node, const struct command_id *id)
{
    if (!node_lives(node)) {
        reply(node, id, ERR_UNAVAILABLE, "this node is going down");
        return false;
    }
    if (find(node, id) >= 0)
        return true; /* asked again meanwhile: one answer is for both */
    if (node->n_commands == COMMANDS_MAX) {
        reply(node, id, ERR_UNAVAILABLE, "too many commands are waiting");
        return false;
    }
    node->commands[node->n_commands++] = *id;
    return true;
}

void commands_answer(struct node *node, const struct command_id *id, int code, const char *text)
{
    int at = find(node, id);

    if (at < 0)
        return;
    node->commands[at] = node->commands[--node->n_commands];
    reply(node, id, code, text);
}

void commands_end(struct node *node)
{
    while (node->n_commands > 0) {
        struct command_id id = node->commands[--node->n_commands];

        reply(node, &id, ERR_UNAVAILABLE, "this node is going down");
    }
}
