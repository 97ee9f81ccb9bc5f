/* libkirikae: ask a kirikae cluster, over mutual TLS, at any of its nodes.
 *
 *   struct kirikae *k = kirikae_new();
 *   char *result = NULL;
 *
 *   if (kirikae_load_node(k, NULL) == KIRIKAE_DONE &&
 *       kirikae_call(k, "routes", NULL, 5000, &result) == KIRIKAE_DONE)
 *       puts(result);
 *   else
 *       fprintf(stderr, "%s\n", kirikae_error(k));
 *   kirikae_free_text(result);
 *   kirikae_free(k);
 *
 * Calls block, at most for their deadline (a name in place of an address may block
 * longer: the resolver has time-outs of its own). The library has no global state, sets
 * no signal handlers and never raises SIGPIPE; one handle is for one thread at a time.
 * Texts are UTF-8. */
#ifndef KIRIKAE_CLIENT_H
#define KIRIKAE_CLIENT_H

#ifdef __cplusplus
extern "C" {
#endif

struct kirikae;

/* What a call came to; as exit codes of `kirikae`, too. */
enum kirikae_result {
    KIRIKAE_DONE = 0,
    KIRIKAE_REFUSED = 1,     /* a rule, the role of the certificate, or the operation said no */
    KIRIKAE_USAGE = 2,       /* wrong arguments, or files that cannot be read */
    KIRIKAE_UNREACHABLE = 3, /* no node answers, no quorum, or no answer in time */
};

/* Never NULL: the process ends when memory runs out. */
struct kirikae *kirikae_new(void);
void kirikae_free(struct kirikae *k); /* NULL is fine */

/* Whom to ask, in the order to try. `name` is the node's name in its certificate. Texts
 * are copied. KIRIKAE_USAGE: a text too long, a port out of range, too many. */
enum kirikae_result kirikae_add_server(struct kirikae *k, const char *name, const char *host,
                                       int port);
/* Adds all coordinators of a cluster file, one of each site in turn. */
enum kirikae_result kirikae_load_cluster(struct kirikae *k, const char *file);
/* PEM files: the cluster's CA, our certificate and its key. Read at once. */
enum kirikae_result kirikae_set_tls(struct kirikae *k, const char *ca, const char *cert,
                                    const char *key);
/* Everything from a node file; NULL: $KIRIKAE_NODE or /etc/kirikae/node.yaml. The node
 * itself is asked first. */
enum kirikae_result kirikae_load_node(struct kirikae *k, const char *file);
/* Ask this node first from now on. KIRIKAE_USAGE: not one of the added. */
enum kirikae_result kirikae_prefer(struct kirikae *k, const char *name);

/* Asks: `verb` and `args`, a JSON object (NULL: {}). Tries the nodes in turn and goes
 * where one of them says that the leader is, until one answers or `deadline_ms` is
 * over. A command is repeated too: give it an "id" (kirikae_new_id()), under which the
 * cluster does it at most once and remembers the answer.
 * *result: the answer's JSON, or NULL; release it with kirikae_free_text(). */
enum kirikae_result kirikae_call(struct kirikae *k, const char *verb, const char *args,
                                 int deadline_ms, char **result);
void kirikae_free_text(char *text);

/* 32 random hexadecimal digits and a NUL into `id`. */
enum kirikae_result kirikae_new_id(struct kirikae *k, char id[33]);

/* Why the newest call came to what it did; "" when it was done. Valid until the next. */
const char *kirikae_error(const struct kirikae *k);
/* The node that gave the newest answer; "" when none did. Valid until the next call. */
const char *kirikae_answered_by(const struct kirikae *k);

#ifdef __cplusplus
}
#endif

#endif
