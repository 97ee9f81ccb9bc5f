/* What `kirikae config check` finds odd in a cluster file's notices. */
#include "cli/cli.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *example; /* deploy/examples/notices.yaml */
static char edited[4096];   /* path of a copy with changes */

static char *read_example(void)
{
    FILE *file = fopen(example, "r");
    char *text = calloc(1, 65536);

    assert_non_null(file);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

/* `config check` of the example with its first `from` replaced by `to`, what follows it included
 * when `rest` is set. */
static void warns(const char *from, const char *to, bool rest, const char *told)
{
    char *text = read_example(), *at = strstr(text, from);
    FILE *file = fopen(edited, "w");

    assert_non_null(at);
    assert_non_null(file);
    fwrite(text, 1, (size_t)(at - text), file);
    fprintf(file, "%s%s", to, rest ? "" : at + strlen(from));
    fclose(file);
    if (run("config", "check", edited, NULL) != CLI_DONE)
        fail_msg("%s", err_text);
    if (strcmp(err_text, told) != 0)
        fail_msg("\"%s\" was told, not \"%s\"", err_text, told);
    free(text);
}

static void the_example_is_quiet(void **state)
{
    assert_int_equal(run("config", "check", example, NULL), CLI_DONE);
    assert_string_equal(err_text, "");
    assert_non_null(strstr(out_text, "notices: 6 channels, 7 receivers, 4 rules, 1 templates\n"));
}

#define NO_CUSTOMER                                                                                \
    "warning: notices: the contract has a notification target for emergency outages, and no "      \
    "receiver with audience: customers is told of those of function calling\n"
#define NO_MAINTENANCE(function)                                                                   \
    "warning: notices: the contract has notification targets, and no receiver with audience: "     \
    "customers is told of maintenance of function " function "\n"

static void who_is_not_told(void **state)
{
    warns("\nnotices:\n", "", true,
          "warning: notices: the contract has notification targets, and there are no notices\n");
    warns("events: [outage, recovered, posted,", "events: [recovered, posted,", false, NO_CUSTOMER);
    warns("posted, maintenance, ", "posted, ", false,
          NO_MAINTENANCE("calling") NO_MAINTENANCE("login"));
    warns(", audience: customers", "", false,
          NO_CUSTOMER NO_MAINTENANCE("calling") NO_MAINTENANCE("login"));
    /* Another rule tells operators, but only while it lasts, or of others. */
    warns("  notification_targets: {emergency: 1h, severe: 1h}\n", "", false, "");
    warns("  rules:\n",
          "  rules:\n"
          "    - {name: a, events: [lasting], lasting: 1h, tell: [duty, room, chat, desk]}\n"
          "    - {name: b, events: [outage], functions: [login], tell: [alerts]}\n"
          "    - {name: c, events: [outage], severities: [severe], tell: [alerts]}\n"
          "    - {name: d, events: [maintenance], tell: [customers]}\n"
          "  templates: [{name: short, subject: s, body: b}]\n",
          true, "warning: notices: nobody is told of outages of function calling (emergency)\n");
}

static void what_is_not_used(void **state)
{
    warns("tell: [duty, room, chat, desk]", "tell: [duty, room, desk]", false,
          "warning: notices: receiver chat is told of nothing\n");
    warns("channel: slack}", "channel: desk}", false,
          "warning: notices: channel slack is no receiver's\n");
    warns(", template: short", "", false, "warning: notices: template short is no receiver's\n");
}

static void what_can_be_read(void **state)
{
    warns("token_file: /etc/kirikae/line.token",
          "token_file: /etc/kirikae/line.token, url: 'http://10.0.0.1', plain: true", false,
          "warning: notices: channel line sends its secret without TLS: anybody on the way can "
          "read it\n");
    warns("hooks/kirikae\"", "hooks/kirikae?room=1\"", false,
          "warning: notices: the url of channel desk has a query: a secret there would be readable "
          "for all who may read the configuration\n");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_quiet),
        cmocka_unit_test(who_is_not_told),
        cmocka_unit_test(what_is_not_used),
        cmocka_unit_test(what_can_be_read),
    };
    const char *tmp = getenv("TMPDIR");
    int fd, failed;

    if (argc != 2) {
        fprintf(stderr, "usage: %s NOTICES.YAML\n", argv[0]);
        return 2;
    }
    example = argv[1];
    snprintf(edited, sizeof edited, "%s/notices-XXXXXX", tmp != NULL ? tmp : "/tmp");
    fd = mkstemp(edited);
    if (fd < 0)
        return 2;
    close(fd);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    run_free();
    unlink(edited);
    return failed;
}
