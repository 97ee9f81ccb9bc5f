/* What the commands of the month's report share: their options, and how it is printed. */
#ifndef CLI_SLA_COMMAND_H
#define CLI_SLA_COMMAND_H

#include "cli/cli.h"
#include "report/sla.h"

typedef void sla_print_fn(const struct sla *sla, struct buf *out);

struct sla_request {
    int year, month;  /* 0: --month is not given */
    int64_t as_of_ms; /* default: now */
    enum sla_language language;
    const char *format;
    sla_print_fn *csv; /* the table that a CSV holds */
};

#define SLA_VERSION_MAX 32

/* From --month, --as-of, --lang, --format and --section; 0, or an exit code after a message. */
int sla_request_read(struct cli *cli, struct sla_request *request);
/* The contract's zone; likewise. */
int sla_zone_read(struct cli *cli, const struct contract *contract, struct zone **zone);
/* "2025b"; NULL: not known. */
const char *sla_tzdata(char version[SLA_VERSION_MAX]);
/* Makes the report and prints it. A target that is not met is told there, not by an exit code:
 * the report is done all the same. */
void sla_request_print(struct cli *cli, const struct sla_request *request,
                       const struct sla_input *input);

#endif
