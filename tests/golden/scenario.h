/* One golden scenario, as its file tells it:
 *
 *   # the story, and what must be seen
 *   topology nodes=12 fast exclusive      or: config FILE (beside the scenario)
 *   seed 1                                which run of it; default 1
 *   warm-up 20s                           virtual time before 0; default 20 s
 *   run 30s                               faults and asks happen within
 *   heal 30s                              then all faults end and it must come to rest in time
 *   between-sites 5ms                     one way
 *   fault KIND:WHAT[=VALUE]@TIME[+TIME]   as in simulate/faults/fault.h; LEADER is who leads then
 *   ask TIME switchover|failover ROUTE CANDIDATE [force] [dry-run] [as NAME]
 *   ask TIME pause ROUTE|all for TIME, resume ROUTE|all, drain|undrain SERVER [as NAME]
 *   ask TIME window FUNCTION for TIME [emergency] [override-notice] [as NAME]
 *   show KIND…                            kinds of lines, or log=EVENT; else all but log
 *   hide WORD…                            lines with this word: up, heard, begins, …
 *   expect …, owed …                      expect.h
 *   ---
 *   the trace
 */
#ifndef GOLDEN_SCENARIO_H
#define GOLDEN_SCENARIO_H

#include "expect.h"
#include "simulate/sim.h"

#define SCENARIO_ACTIONS 64
#define SCENARIO_EXPECTS 32
#define SCENARIO_WORDS 16

/* Done by the runner at a time. */
struct action {
    int64_t at_ms;
    int line;
    char *fault; /* its text; NULL: the command */
    struct command command;
    int64_t window_ms; /* of a window: so long from then */
};

struct words {
    char *at[SCENARIO_WORDS];
    int n;
};

struct scenario {
    char *path;
    struct buf told;  /* the file up to and with the line of dashes */
    struct buf trace; /* what is behind it */
    struct buf yaml;
    struct model *model;
    uint64_t seed;
    int64_t warm_up_ms, run_ms, heal_ms;
    int between_sites_ms;
    unsigned show; /* bit per enum note_kind */
    struct words logs, hidden;
    struct action actions[SCENARIO_ACTIONS]; /* by time */
    int n_actions;
    struct expect expects[SCENARIO_EXPECTS];
    int n_expects;
};

/* What scenarios and traces call the kinds. */
extern const char *const note_words[];
/* What scenarios call the commands, by kind; NULL: they have none for it. */
extern const char *const ask_words[COMMAND_HANDOVER];

/* 0; or negative and `err` says where and what. Free it in any case. */
int scenario_read(const char *path, struct scenario *scenario, struct err *err);
void scenario_free(struct scenario *scenario);
bool words_have(const struct words *words, const char *word);
/* The fault of an action, LEADER being `leader`. */
int scenario_fault(const struct scenario *scenario, const struct action *action, int leader,
                   struct fault *fault, struct err *err);

#endif
