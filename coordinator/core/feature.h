/* What came when. Nodes of different versions share one log, and must make the same of it: so
 * a cluster does only what all its members know. Each program knows its newest level; beats
 * say it; the leader raises the level in the replicated state when every member says at least
 * that (engine_feature.c), and proposes nothing that needs a higher one. Who knows less than
 * the state needs does not take part.
 *
 * A new level comes with every new kind of entry, and with every change of what applying one
 * does: append it here with what it brought, and give its kind in feature_of(). A field that
 * changes what an entry does is written only when the state's level is there. */
#ifndef CORE_FEATURE_H
#define CORE_FEATURE_H

#include "base/err.h"
#include "core/entry.h"

enum {
    FEATURE_FIRST = 1,  /* before levels were counted; every cluster begins here */
    FEATURE_CLOCK = 2,  /* ENTRY_FEATURES itself, ENTRY_CLOCK */
    FEATURE_REPORT = 3, /* ENTRY_INCIDENT, ENTRY_JOURNAL; the contract in the ledger */
    FEATURE_NOTICE = 4, /* ENTRY_NOTICE, ENTRY_TROUBLE, ENTRY_ACKNOWLEDGED, ENTRY_POST; notices are
                         * raised */
    FEATURE_NEWEST = FEATURE_NOTICE,
};

/* As a message says it: absent is what programs from before levels say. */
static inline uint32_t feature_said(uint64_t level)
{
    return level == 0 ? FEATURE_FIRST : level < UINT32_MAX ? (uint32_t)level : UINT32_MAX;
}

/* What came with the level, in a few words; "?" when it is newer than this program. */
const char *feature_what(uint32_t level);
/* The level that the state must have before such an entry is proposed. What raises the level
 * comes before it: it goes by what the members say. */
uint32_t feature_of(enum entry_kind kind);
/* … and that who applies this entry must know. */
uint32_t feature_needed(const struct entry *entry);
/* 0, or ERR_INVALID with what is to be done when a program that knows up to `known` meets
 * `needed`; `who` uses it: "the snapshot". */
int feature_check(const char *who, uint32_t needed, uint32_t known, struct err *err);

#endif
