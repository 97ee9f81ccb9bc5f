#include "cli/ledger_pull.h"

#include <string.h>

int ledger_page(struct cli *cli, uint64_t from, uint64_t count, json_t *categories, json_t **page)
{
    json_t *args = json_pack("{s:I}", "from", (json_int_t)from);

    if (count > 0)
        json_object_set_new(args, "count", json_integer((json_int_t)count));
    if (categories != NULL)
        json_object_set_new(args, "categories", categories);
    return cli_ask(cli, "ledger", args, page);
}

static int read_root(struct cli *cli, const char *hex, uint8_t root[TREE_HASH])
{
    size_t i;

    for (i = 0; i < TREE_HASH; i++) {
        unsigned byte;

        if (strlen(hex) != 2 * TREE_HASH || sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return cli_fail(cli, CLI_REFUSED, "%s gave no root of the ledger",
                            kirikae_answered_by(cli->client));
        root[i] = (uint8_t)byte;
    }
    return 0;
}

static int take_lines(struct cli *cli, const json_t *page, const struct ledger_head *head,
                      struct tree *tree, ledger_line_fn *each, void *context)
{
    const json_t *item;
    size_t i;
    int r;

    json_array_foreach(json_object_get(page, "lines"), i, item)
    {
        const char *line = json_string_value(item);
        uint8_t leaf[TREE_HASH];
        size_t len;

        if (tree->size == head->size)
            return 0;
        if (line == NULL)
            return cli_fail(cli, CLI_REFUSED, "a line of the ledger is not a text");
        len = json_string_length(item);
        tree_leaf(line, len, leaf);
        tree_append(tree, leaf);
        r = each(cli, context, line, len);
        if (r != 0)
            return r;
    }
    return 0;
}

int ledger_pull(struct cli *cli, ledger_line_fn *each, void *context, struct ledger_head *head)
{
    struct tree tree = {0};
    uint8_t root[TREE_HASH];
    bool first = true;
    json_t *page;
    int r = 0;

    head->tree = &tree;
    while (first || (r == 0 && tree.size < head->size)) {
        uint64_t before = tree.size;

        r = ledger_page(cli, tree.size, 0, NULL, &page);
        if (r != 0)
            break;
        if (first) {
            head->size = (uint64_t)cli_int(page, "size");
            snprintf(head->cluster, sizeof head->cluster, "%s", cli_text(page, "cluster"));
            r = read_root(cli, cli_text(page, "root"), head->root);
            first = false;
        }
        if (r == 0)
            r = take_lines(cli, page, head, &tree, each, context);
        json_decref(page);
        if (r == 0 && tree.size == before && tree.size < head->size)
            r = cli_fail(cli, CLI_REFUSED, "%s has no line %llu of the ledger",
                         kirikae_answered_by(cli->client), (unsigned long long)tree.size);
    }
    head->tree = NULL;
    if (r != 0)
        return r;
    tree_root(&tree, root);
    if (memcmp(root, head->root, sizeof root) != 0)
        return cli_fail(cli, CLI_REFUSED,
                        "the %llu lines do not give the root that the cluster has for them",
                        (unsigned long long)head->size);
    return 0;
}

static int give_lines(struct cli *cli, const json_t *page, ledger_line_fn *each, void *context)
{
    const json_t *line;
    size_t i;
    int r = 0;

    json_array_foreach(json_object_get(page, "lines"), i, line)
    {
        r = json_is_string(line)
                ? each(cli, context, json_string_value(line), json_string_length(line))
                : cli_fail(cli, CLI_REFUSED, "a line of the ledger is not a text");
        if (r != 0)
            break;
    }
    return r;
}

int ledger_pull_part(struct cli *cli, json_t *categories, uint64_t from, uint64_t end,
                     ledger_line_fn *each, void *context)
{
    bool first = true;
    int r = 0;

    while (r == 0 && (first || from < end)) {
        json_t *page;
        uint64_t next;

        r = ledger_page(cli, from, end != UINT64_MAX ? end - from : 0, json_incref(categories),
                        &page);
        if (r != 0)
            return r;
        if (first && (uint64_t)cli_int(page, "size") < end)
            end = (uint64_t)cli_int(page, "size");
        first = false;
        next = (uint64_t)cli_int(page, "next");
        r = give_lines(cli, page, each, context);
        json_decref(page);
        if (r == 0 && next <= from && from < end)
            r = cli_fail(cli, CLI_REFUSED, "%s has no line %llu of the ledger",
                         kirikae_answered_by(cli->client), (unsigned long long)from);
        from = next;
    }
    return r;
}
