/* What this node itself thinks of a check: rise and fall over its own probes. A
 * wrong answer is evidence at once (fall), a missing one must repeat (fall_silent),
 * because one lost packet looks the same. Probes overlap and may end out of order:
 * one that began before the newest success says nothing new when it fails. */
#ifndef CORE_DETECT_SENSOR_H
#define CORE_DETECT_SENSOR_H

#include "core/detect/beat.h"
#include "core/model/model.h"

#define BOOT_NEVER INT64_MIN

struct sensor {
    enum opinion opinion;
    enum reason reason;       /* of the newest probe that counted */
    int64_t ended_ms;         /* of it; BOOT_NEVER */
    int64_t good_ms;          /* when the newest good probe began; BOOT_NEVER */
    int64_t rise_ms;          /* when the first good probe of this run of successes began */
    int64_t fail_ms;          /* when the first failing probe of this run began; BOOT_NEVER */
    int64_t last_fail_ms;     /* when the newest failing probe began; BOOT_NEVER */
    int goods, fails, wrongs; /* in a row */
};

enum sensed {
    SENSED_NOTHING, /* all as before */
    SENSED_FAILING, /* a failure while still believed up: look closer at once */
    SENSED_CHANGED, /* the opinion changed */
};

void sensor_init(struct sensor *sensor);
/* `quiet`: the target's beats do not come either. That is evidence of its own, so half as
 * many unanswered probes will do (at 20 % loss: four beats and two probes lost are rarer
 * than four probes). */
enum sensed sensor_feed(struct sensor *sensor, const struct check *check, enum reason reason,
                        int64_t began_ms, int64_t ended_ms, bool quiet);
/* The target has just gone quiet: SENSED_CHANGED when what failed already now suffices. */
enum sensed sensor_quiet(struct sensor *sensor, const struct check *check);
/* Up is no longer sure, and nothing speaks for down either: no opinion, until the next result. */
void sensor_unsure(struct sensor *sensor);
/* Its observer stood still: what it made of earlier results is no word on how things are now. No
 * opinion, until the next result. */
void sensor_forget(struct sensor *sensor);
/* As it goes into a beat sent at `now_ms`. */
struct vote sensor_vote(const struct sensor *sensor, int check, int64_t now_ms);
uint32_t boot_age(int64_t now_ms, int64_t then_ms); /* AGE_NEVER for BOOT_NEVER */

#endif
