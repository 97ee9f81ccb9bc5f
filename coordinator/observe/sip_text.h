/* OPTIONS of SIP (RFC 3261, 11): the request as text, and what came back -> facts.
 * Computation only: every answer is taken as what a stranger sent. */
#ifndef OBSERVE_SIP_TEXT_H
#define OBSERVE_SIP_TEXT_H

#include "base/buf.h"
#include "core/model/model.h"

#include <stddef.h>

#define SIP_ANSWER_MAX 8192 /* bytes of an answer up to its empty line */

/* What makes one request ours, and its answer: made of one random number. */
struct sip_ids {
    char branch[40], call_id[40], tag[24];
};
void sip_ids(struct sip_ids *ids, uint64_t number);

/* `local`: "address:port" of our socket, an IPv6 address in brackets. */
void sip_options(struct buf *out, const struct check *check, const struct sip_ids *ids,
                 const char *local);

enum sip_kind {
    SIP_GARBAGE, /* not an answer of SIP, or a broken one */
    SIP_PARTIAL, /* so far it is one, but its empty line is missing */
    SIP_OTHER,   /* well formed, to something else: not for us */
    SIP_ANSWER,  /* to this request; *status is 100 .. 699 */
};
enum sip_kind sip_answer(const char *bytes, size_t len, const struct sip_ids *ids, int *status);

#endif
