#include "base/check.h"
#include "observe/probe.h"

#include <errno.h>

enum reason reason_of_errno(int os_error)
{
    switch (os_error) {
    case ECONNREFUSED:
        return REASON_REFUSED;
    case ECONNRESET:
    case EPIPE:
        return REASON_RESET;
    case ETIMEDOUT:
        return REASON_TIMEOUT;
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
        return REASON_UNREACHABLE;
    /* Used up here, or forbidden by a firewall of our own. */
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC:
    case EADDRNOTAVAIL:
    case ENETDOWN:
    case EACCES:
    case EPERM:
        return REASON_LOCAL;
    default:
        return REASON_NONE;
    }
}

static const struct {
    CURLcode code;
    enum reason reason;
} causes[] = {
    {CURLE_COULDNT_RESOLVE_HOST, REASON_RESOLVE},
    {CURLE_OPERATION_TIMEDOUT, REASON_TIMEOUT},
    {CURLE_GOT_NOTHING, REASON_CLOSED},
    {CURLE_PARTIAL_FILE, REASON_CLOSED},
    {CURLE_COULDNT_CONNECT, REASON_UNREACHABLE},
    {CURLE_SSL_CONNECT_ERROR, REASON_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, REASON_TLS},
    {CURLE_SSL_CIPHER, REASON_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, REASON_TLS},
    {CURLE_SSL_ISSUER_ERROR, REASON_TLS},
    /* Our request or our set-up is at fault, nothing was learned of the server. */
    {CURLE_SSL_CACERT_BADFILE, REASON_LOCAL},
    {CURLE_SSL_CERTPROBLEM, REASON_LOCAL},
    {CURLE_URL_MALFORMAT, REASON_LOCAL},
    {CURLE_OUT_OF_MEMORY, REASON_LOCAL},
    {CURLE_FAILED_INIT, REASON_LOCAL},
};

enum reason transfer_reason(const struct transfer_end *end)
{
    enum reason reason = reason_of_errno(end->os_error);

    if (reason != REASON_NONE)
        return reason;
    for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
        if (causes[i].code == end->code)
            return causes[i].reason;
    }
    /* What is left are answers that libcurl could not read as HTTP. */
    return REASON_PROTOCOL;
}
