/* The table behind fault.c (what is written) and fault_parse.c (what is read). */
#ifndef SIMULATE_FAULT_ROWS_H
#define SIMULATE_FAULT_ROWS_H

#include "simulate/faults/fault.h"

/* What a kind may be put on, beside the bits of enum where_kind. */
#define ALL (1u << WHERE_ALL)
#define SERVER (1u << WHERE_SERVER)
#define SITE (1u << WHERE_SITE)
#define ACTUATOR (1u << WHERE_ACTUATOR)
#define CANDIDATE (1u << WHERE_CANDIDATE)
#define PATH (1u << 8)   /* A/B, A>B: servers or sites */
#define SEEN (1u << 9)   /* SERVER/SITE */
#define NODES (1u << 10) /* servers that run a coordinator only */
#define RECEIVER (1u << WHERE_RECEIVER)
#define MACHINES (ALL | SERVER | SITE)
#define COORDINATORS (MACHINES | NODES)

enum fault_unit { NO_VALUE, MS, SIGNED_MS, PERCENT, PPM, WORD };
/* Of WORD: NULL at the end. */
extern const char *const fault_words[];

struct fault_row {
    const char *word;
    unsigned takes;
    enum fault_unit unit;
    bool once;
    const char *help;
};
extern const struct fault_row fault_rows[FAULT_KINDS];

/* Units of time, the greatest first. */
struct fault_time_unit {
    const char *word;
    int64_t ms;
};
#define FAULT_TIME_UNITS 5
extern const struct fault_time_unit fault_time_units[FAULT_TIME_UNITS];

/* How many ways there are to read a text as a route and its actuator or candidate; `where`
 * is the last one. A colon parts the two for certain, each dot may. */
int fault_part_readings(const struct model *model, unsigned takes, const char *text,
                        struct where *where);

#endif
