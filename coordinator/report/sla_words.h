/* Every word that the month's report prints, in both languages. Pure, never NULL. */
#ifndef REPORT_SLA_WORDS_H
#define REPORT_SLA_WORDS_H

#include "report/sla.h"

enum sla_word {
    W_TITLE,
    W_PROVISIONAL,
    W_CLUSTER,
    W_CONTRACT,
    W_CONTRACT_FROM,
    W_EDITION,     /* "第", the number, */
    W_EDITION_END, /* "版" */
    W_PERIOD,
    W_AS_OF,
    W_LEDGER,
    W_FUNCTION,
    W_SERVICE,
    W_AVAILABILITY,
    W_TARGET,
    W_MET,
    W_NOT_MET,
    W_PLANNED,
    W_MAINTENANCE,
    W_DOWNTIME,
    W_EXCLUDED,
    W_IMPAIRED,
    W_UNMONITORED,
    W_FAILURES,
    W_MTTR,
    W_NOT_APPLICABLE,
    W_NONE,
    W_OUTAGES,
    W_OPEN,
    W_NOT_COUNTED,
    W_WINDOWS,
    W_REGULAR,
    W_EMERGENCY,
    W_ANNOUNCED,
    W_FINISHED,
    W_NOTICE_MISSED,
    W_NOT_IN_CONTRACT,
    W_MISSING,
    W_COUNT
};

const char *sla_word(enum sla_word word, enum sla_language language);
const char *sla_severity_word(enum severity severity, enum sla_language language);
const char *sla_cause_word(enum cause cause, enum sla_language language);

#endif
