/* What the report says of its outages one by one: grounds, targets, notices, amendments. */
#ifndef REPORT_SLA_DETAILS_H
#define REPORT_SLA_DETAILS_H

#include "report/sla.h"

/* For a report whose outages and windows are listed: fills the rest of both, and the edition of a
 * plain list. */
void sla_details(struct sla *sla);

#endif
