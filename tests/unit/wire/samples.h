/* Full samples of everything that travels, for the codec tests and the fuzzers' seeds. */
#ifndef TESTS_WIRE_SAMPLES_H
#define TESTS_WIRE_SAMPLES_H

#include "core/shared.h"
#include "wire/codec.h"

/* A small valid cluster file: nine coordinators on three sites, a target, every kind of
 * check and actuator, a route, two functions, a service and a contract. */
extern const char sample_yaml[];

#define SAMPLE_KINDS 24
extern const enum entry_kind sample_kinds[SAMPLE_KINDS];

/* An entry with every field of its kind set; entry_free() it. */
void sample_entry(enum entry_kind kind, struct entry *entry);

/* Everything set; `n_votes` and `n_echoes` as asked. */
void sample_beat(int n_echoes, int n_votes, struct beat *beat);

/* A state with every field set, under sample_yaml. shared_free() it. */
struct shared *sample_shared(void);

#endif
