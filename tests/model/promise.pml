/* The promise and the switch-over of one exclusive route (protocol.md: Grant, Move, Fence),
 * away from epoch e: a holder and its helper, three voters and a standby, two movers.
 *
 * Everything may happen at any moment, any number of times, or never: messages are lost or
 * late, processes stand still, thaw and start again, leaders change. Time counts in ticks of
 * the slowest clock, the holder's; voters' and movers' clocks run RATE times as fast, the most
 * that (1 + rho)/(1 - rho) allows. Times are kept as ages, each up to the value from which on
 * nothing depends on it, so the search is complete for runs of any length.
 *
 * Messages are not queued; what they say stays in the network for ever, as repeated as one
 * likes, and a word that could only be overtaken by a better one for the adversary is left out:
 *   a beat  is known by its age since sending instead of its number: newer is younger. One is
 *           on its way at every moment; not hearing it is losing it
 *   ea[v]   the youngest beat that voter v named as clear; an older echo gives no later D
 *   rep[v]  the oldest receipt that v reported; what arrives later says less
 *   said    the holder's word that it has released
 * LATE lets beats and echoes arrive when they like as well; there is no more to find then, for
 * D counts from sending, but it takes longer to see that.
 *
 * Raft is abstract. A log is NOTHING; I1, an intent of term 1; I1B2, the barrier of term 2 on
 * top of it; B2, which took I1 back, or found none; or B2I2, with an intent of term 2. Mover 1
 * (inside voter 0) leads in term 1; mover 2 (voter 1) may be elected in term 2, and mover 1
 * need not know. DISKS: an entry is in memory before it is on the disk. WIPE: voter 2 may lose
 * its disk, and the standby that comes back takes its place.
 *
 * HELPER: the helper may die or stand still at any moment, and start again or go on at any later
 * one. What it leaves up the kernel takes away K ticks after the last renewal. Nobody promises
 * anything then but where the holder's own word is what a mover goes by: while nobody hears its
 * daemon, the address may answer until the helper is back, or the kernel has taken it.
 *
 * The variants that this must reject are -D names: tests/model/run has them all. */

#ifndef LH
#define LH 2 /* L_h in ticks of the holder's clock; at most 3 */
#endif
#define F 1 /* fence time, likewise */
#define RATE 2

/* L_s on the clocks of voters and movers (Move). What is due at a tick is done at that tick, so
 * equality is safe here; the 2 ms stand for clocks that are read in whole ms (clock.pml). */
#if defined(NO_FENCE_TIME)
#define LS (LH * RATE)
#elif defined(NO_SKEW)
#define LS (LH + F)
#else
#define LS ((LH + F) * RATE)
#endif
#define END ((LH + F) * RATE) /* older is as good as this old */
#define DEAD LH               /* age from which on a beat prolongs nothing */
#define NONE 99

#define NOTHING 0
#define I1 1
#define I1B2 2
#define B2 3
#define B2I2 4
#define HAS_I1(log) ((log) == I1 || (log) == I1B2)
#define HAS_I1B2(log) ((log) == I1B2)
#define HAS_B2(log) ((log) == B2 || (log) == B2I2)
#define HAS_I2(log) ((log) == B2I2)
#define HAS_INTENT(log) (HAS_I1(log) || HAS_I2(log))

#if defined(COUNTS_FROM_RECEPTION) || defined(RAFT_LEASE) || defined(UNHEARD_NO_MAJORITY)
#define BY_RECEIPT /* what counts is when an answer came in */
#endif

#define SAY printf

/* ---- holder, helper, data plane ---- */
byte d;     /* ticks until D + F: so long the address may answer */
bool rel;   /* the daemon has released, and ignores echoes */
bool said;
bool acted; /* ACT is out: another holder may serve a newer epoch from now on */
#ifdef DAEMON_FENCES
bool frozen;
#endif
#ifdef RELEASES_AFTER_F
byte timer; /* daemon: ticks until it takes the fence for done */
bool told;  /* the helper is told to fence */
#endif
#ifdef BY_RECEIPT
bool answer[3]; /* network: an answer of this voter */
byte ga[3];     /* holder: age, since receipt, of the last one */
#endif
#ifdef REACH_RESUMED
bool served;
#endif
#ifdef HELPER
#define K 2  /* the kernel's own deadline */
bool gone;   /* the helper; d is what the daemon has told it, then */
byte k;      /* ticks until the kernel takes away what it left; while it is gone */
byte w;      /* ticks that the daemon, which has no word of it, has waited since d was over */
#ifdef HELPER_RESUMES
byte kept; /* d when it died */
#endif
#ifdef HELPER_FORGETS
bool orphan; /* it has started again and does not know what is up */
#define ANSWERS (gone || orphan -> k > 0 : d > 0)
#else
#define ANSWERS (gone -> k > 0 : d > 0)
#endif
#ifdef BLIND_SHORT
#define BLIND 0
#else
#define BLIND K
#endif
#endif

/* ---- voters ---- */
byte ra[3]; /* age, since receipt, of the newest beat heard; since its own start if later */
byte ea[3];
byte rep[3] = NONE;
#ifdef LATE
byte na[3]; /* age, since sending, of the newest beat heard */
#define NA(v) na[v]
#else
#define NA(v) (ra[v] / RATE < DEAD -> ra[v] / RATE : DEAD)
#endif
byte cur[3]; /* log in memory */
#ifdef DISKS
byte dsk[3]; /* log on disk */
#else
#define dsk cur
#endif
bool new_term[3]; /* it knows of term 2, on disk */
#ifdef CLEAR_UNTIL_APPLIED
bool app[3]; /* it has applied an intent since its start */
#endif
bool out;     /* voter 2 has lost its disk, and is no voter under its new id yet */
bool lost;    /* that has happened */
bool removed; /* its old id is out of the configuration */

/* ---- movers: m is inside voter m ---- */
bool lead[2];
bool barrier; /* mover 2: the barrier of its own term is applied */
bool c1, c2;  /* I1, I2 are committed */

#define AGED(x, step, end) ((x) + (step) >= (end) -> (end) : (x) + (step))

/* Grant: "clear while its log, committed or not, holds no intent newer than h's epoch". */
#ifdef CLEAR_UNTIL_APPLIED
#define CLEAR(v) (!app[v])
#else
#define CLEAR(v) (!HAS_INTENT(cur[v]))
#endif

/* "A wiped node gets a new id", and is heard when its own log says that it is a voter.
 * PLACE_IS_IDENTITY: heard as soon as a leader brings it up to date, because words count by
 * the server's place in the cluster file. */
#ifdef WIPED_KEEPS_ID
#define MEMBER(v) true
#else
#define MEMBER(v) ((v) != 2 || !out)
#endif
#ifdef PLACE_IS_IDENTITY
#define VOICE(v) ((v) != 2 || !out || removed)
#else
#define VOICE(v) MEMBER(v)
#endif

/* Raft: what is committed is applied, from its own disk. APPLIED_UNSTORED: as libraft does,
 * from memory. */
#ifdef APPLIED_UNSTORED
#define COMMITTED(v) ((c1 && HAS_I1(cur[v])) || (c2 && HAS_I2(cur[v])))
#else
#define COMMITTED(v) ((c1 && HAS_I1(dsk[v])) || (c2 && HAS_I2(dsk[v])))
#endif

/* Move: "over a majority Q of storers". The code asks for more, that they have applied it. */
#if defined(ACTS_UNCOMMITTED)
#define REPORTS(v) true
#define KNOWN(m) HAS_INTENT(cur[m])
#elif defined(STORERS)
#define REPORTS(v) HAS_INTENT(dsk[v])
#define KNOWN(m) COMMITTED(m)
#elif defined(CLEAR_UNTIL_APPLIED)
#define REPORTS(v) app[v]
#define KNOWN(m) app[m]
#else
#define REPORTS(v) COMMITTED(v)
#define KNOWN(m) COMMITTED(m)
#endif

#define TWO(a, b, c) ((a) + (b) + (c) >= 2)
#define STORE(v, what) (MEMBER(v) && what(dsk[v]))
#define MAJORITY(what) TWO(STORE(0, what), STORE(1, what), STORE(2, what))

/* ---- time ---- */

/* Fence: the helper is a process of its own and keeps D + F whatever the daemon does. */
inline fence_when_due()
{
#ifdef DAEMON_FENCES
    d = (d > 1 -> d - 1 : (frozen -> d : 0))
#else
    d = (d > 0 -> d - 1 : 0)
#endif
}

proctype Clock()
{
    byte i;
    do
    :: d_step {
           fence_when_due();
#ifdef HELPER
           w = (gone && d == 0 && w < K -> w + 1 : w);
           k = (k > 0 -> k - 1 : 0);
#endif
#ifdef RELEASES_AFTER_F
           timer = (timer > 0 -> timer - 1 : 0);
#endif
           for (i : 0 .. 2) {
               ra[i] = AGED(ra[i], RATE, END);
               ea[i] = AGED(ea[i], 1, DEAD);
               rep[i] = (rep[i] == NONE -> NONE : AGED(rep[i], RATE, END));
#ifdef LATE
               na[i] = AGED(na[i], 1, DEAD);
#endif
#ifdef BY_RECEIPT
               ga[i] = AGED(ga[i], 1, DEAD)
#endif
           }
           i = 0;
           SAY("a tick passes; the holder has %d until D + F\n", d)
       }
    od
}

/* ---- the holder of epoch e ---- */

/* Grant: "h serves until D = t_n + L_h, n being the newest beat that a majority of voters
 * named as clear", and is fenced F later. */
#ifdef BY_RECEIPT
#define ECHO(v) ga[v]
#else
#define ECHO(v) ea[v]
#endif
#define OLDER(v, w) (ECHO(v) > ECHO(w) -> ECHO(v) : ECHO(w))
#define LEFT(v, w) (OLDER(v, w) < DEAD -> LH + F - OLDER(v, w) : 0)

/* Fence: "the same epoch may resume once a majority is clear again, unless released". */
inline grant(v, w)
{
    if
    :: !rel && LEFT(v, w) > d ->
#ifdef REACH_RESUMED
       assert(!(served && d == 0));
       served = true;
#endif
       d = LEFT(v, w);
       SAY("the holder goes by voters %d and %d: %d until D + F\n", v, w, d);
       assert(!acted) /* another holder may serve by now */
    :: else
    fi
}

#if defined(LATE) || defined(BY_RECEIPT)
#define ECHOES_ARRIVE() skip
#else
#define ECHOES_ARRIVE() grant(0, 1); grant(0, 2); grant(1, 2)
#endif

proctype Holder()
{
    byte i;
    do
#if defined(LATE) || defined(BY_RECEIPT)
    :: d_step { !rel && LEFT(0, 1) > d -> grant(0, 1) }
    :: d_step { !rel && LEFT(0, 2) > d -> grant(0, 2) }
    :: d_step { !rel && LEFT(1, 2) > d -> grant(1, 2) }
#endif
#ifdef RELEASES_AFTER_F /* by its own clock, whenever the helper gets to know */
    :: d_step {
           (c1 || c2) && !rel ->
           rel = true;
           timer = F;
           SAY("the holder applies the intent\n")
       }
    :: d_step {
           rel && !told ->
           told = true;
           d = (d > F -> F : d);
           SAY("the helper begins to fence\n")
       }
    :: d_step {
           rel && told && timer == 0 && !said && !acted ->
           said = true;
           SAY("the holder says released\n")
       }
#elif defined(HELPER)
    :: d_step {
           (c1 || c2) && !rel ->
           rel = true;
           SAY("the holder applies the intent\n")
       }
    /* The helper confirms; or it says nothing until nothing of it can be left. */
    :: d_step {
           rel && !said && !acted && !gone ->
           d = 0;
           said = true;
           SAY("the helper has fenced, the holder says released\n")
       }
    :: d_step {
           rel && !said && !acted && gone && d == 0 && w >= BLIND ->
           said = true;
           SAY("the holder says released without a word of its helper\n")
       }
    :: d_step {
           !gone ->
           gone = true;
           k = (d > 0 -> K : 0);
           w = 0;
#ifdef HELPER_RESUMES
           kept = d;
#endif
           SAY("the helper dies or stands still, with %d until D + F\n", d)
       }
    /* Fence: it takes down what it finds, or what is due, before it does anything else; the
     * daemon says again what it said last. */
    :: d_step {
           gone ->
           gone = false;
           w = 0;
#if defined(HELPER_RESUMES)
           d = kept;
           kept = 0;
           k = 0;
#elif defined(HELPER_FORGETS)
           orphan = (k > 0);
           d = 0;
#else
           k = 0;
#endif
           SAY("the helper is back, with %d until D + F\n", d);
           assert(d == 0 || !acted) /* another holder may serve by now */
       }
#else
    /* Move: "`released` in a beat sent after seeing the intent (it then ignores older
     * echoes)". Its address has to be down by then: the helper confirms. */
    :: d_step {
           (c1 || c2) && !rel ->
#ifndef RELEASES_UNFENCED
           d = 0;
#endif
           rel = true;
           said = !acted;
           SAY("the holder applies the intent and says released\n")
       }
#endif
    /* The daemon starts again while the helper goes on: it has forgotten its release, and goes
     * by no echo of its former start. (Beats of it still count here: more than in truth.) */
    :: d_step {
           rel = false;
#ifdef RELEASES_AFTER_F
           told = false;
#endif
#ifdef NEW_DAEMON_SPEAKS
           w = K; /* it has told its helper nothing */
#endif
           for (i : 0 .. 2) {
               ea[i] = DEAD;
#ifdef LATE
               na[i] = DEAD;
#endif
#ifdef BY_RECEIPT
               answer[i] = false;
               ga[i] = DEAD
#endif
           }
           i = 0;
           SAY("the holder's daemon starts again\n")
       }
#ifdef BY_RECEIPT
    :: d_step { answer[0] -> answer[0] = false; ga[0] = 0; SAY("the holder reads of voter 0\n") }
    :: d_step { answer[1] -> answer[1] = false; ga[1] = 0; SAY("the holder reads of voter 1\n") }
    :: d_step { answer[2] -> answer[2] = false; ga[2] = 0; SAY("the holder reads of voter 2\n") }
#endif
#ifdef DAEMON_FENCES
    :: d_step { frozen = !frozen; SAY("the holder's daemon freezes or thaws: %d\n", frozen) }
#endif
    od
}

/* ---- voters ---- */

/* Grant: its own beat names the newest one that it took, and says clear. */
#if defined(RAFT_LEASE) || defined(LEASE_BY_TERM) /* what it follows in Raft, not its log */
#define NAMES(v) (VOICE(v) && !new_term[v] && NA(v) < ea[v])
#elif defined(UNHEARD_NO_MAJORITY) /* any beat of its own, whichever of the holder's it names */
#define NAMES(v) (VOICE(v) && CLEAR(v) && !answer[v])
#else
#define NAMES(v) (VOICE(v) && CLEAR(v) && NA(v) < ea[v])
#endif

inline echo(v)
{
    if
    :: NAMES(v) ->
#ifndef UNHEARD_NO_MAJORITY
       ea[v] = NA(v);
#endif
#ifdef BY_RECEIPT
       answer[v] = true;
#endif
       SAY("voter %d echoes a beat of age %d\n", v, NA(v));
       ECHOES_ARRIVE()
    :: else
    fi
}

/* Grant: takes a beat of the holder, newer than any before, and says at once if it is clear. */
inline hear(v, age)
{
    d_step {
#ifdef LATE
        age < na[v] -> na[v] = age;
#else
        ra[v] > 0 ->
#endif
        ra[v] = 0;
        SAY("voter %d hears a beat of age %d\n", v, age);
#ifndef BY_RECEIPT
        echo(v)
#endif
    }
}

/* Move: "age_v = time since it received h's newest beat, or since its own start if later".
 * (Unless LATE, it has just heard one as well: there is always one that it could have.) */
inline start_again(v)
{
#ifdef FORGETS_AT_RESTART
    ra[v] = END; /* has never heard of the holder: as good as long ago */
#else
    ra[v] = 0;
#endif
#ifdef DISKS
    cur[v] = dsk[v];
#endif
#ifdef CLEAR_UNTIL_APPLIED
    app[v] = false;
#endif
    if
    :: v == 0 -> lead[0] = false
    :: v == 1 -> lead[1] = false; barrier = false
    :: else
    fi
}

proctype Voter(byte v)
{
    do
    :: hear(v, 0)
#ifdef LATE
    :: hear(v, 1)
#if LH > 2
    :: hear(v, 2)
#endif
    :: d_step { na[v] == DEAD && ra[v] > 0 -> ra[v] = 0 } /* one too late to prolong anything */
#endif
    :: d_step { NAMES(v) -> echo(v) }
    /* Move: "reports, per holder, age_v". */
    :: d_step {
           VOICE(v) && REPORTS(v) && !acted && (rep[v] == NONE || rep[v] < ra[v]) ->
           rep[v] = ra[v];
           SAY("voter %d reports: heard the holder %d ago\n", v, ra[v])
       }
#ifdef DISKS
    :: d_step { cur[v] != dsk[v] -> dsk[v] = cur[v]; SAY("voter %d: log %d on disk\n", v, cur[v]) }
#endif
#ifdef CLEAR_UNTIL_APPLIED
    :: d_step { !app[v] && COMMITTED(v) -> app[v] = true; SAY("voter %d applies\n", v) }
#endif
    :: d_step { start_again(v); SAY("voter %d starts again\n", v) }
#ifdef WIPE
    :: d_step {
           v == 2 && !lost ->
           lost = true;
           out = true;
           dsk[2] = NOTHING;
           new_term[2] = false;
           start_again(2);
           SAY("voter 2 loses its disk and starts again\n")
       }
#endif
    od
}

/* ---- movers ---- */

#define WAITED(v) (rep[v] != NONE && rep[v] >= LS)
#define WAITED_SELF(m) (REPORTS(m) && ra[m] >= LS)

/* Move: "`act` is appended when the intent is committed and, over a majority Q of storers,
 * now >= max over Q of (rx_v - age_v) + L_s, or every holder reported released". */
inline act(m, v, w)
{
    atomic {
        lead[m] && KNOWN(m) && !acted &&
        (said || TWO(WAITED_SELF(m), WAITED(v), WAITED(w))) ->
        SAY("mover %d acts; released: %d\n", m + 1, said);
#ifdef REACH_MOVED
        assert(said);
#endif
#ifdef REACH_RELEASED
        assert(!said);
#endif
#ifdef REACH_INHERITED
        assert(m == 0 || !c1);
#endif
#ifdef HELPER
#ifdef REACH_OUTLIVED
        assert(!ANSWERS);
#endif
        assert(!said || !ANSWERS);
#endif
        acted = true;
        said = false; /* of no use any more */
        rep[0] = NONE;
        rep[1] = NONE;
        rep[2] = NONE;
        assert(d == 0) /* the holder of e may still serve */
    }
}

/* Membership changes are entries, made one by one: the old id is out when both others have
 * the leader's log up to there, and who has stored that it is a voter has all before that. */
inline replace_voter_2(m)
{
#ifdef WIPE
    if
    :: d_step {
           out && !removed && lead[m] && (m == 1 || !new_term[1]) &&
           dsk[0] == cur[m] && dsk[1] == cur[m] ->
           removed = true;
           SAY("voter 2 is removed under its old id\n")
       }
    :: d_step {
           out && removed && lead[m] && (m == 1 || !new_term[1]) ->
           out = false;
           removed = false;
           new_term[2] = (m == 1);
           cur[2] = cur[m];
           dsk[2] = cur[m];
           SAY("voter 2 is a voter under its new id\n")
       }
    fi
#else
    false
#endif
}

inline append_1(v)
{
    d_step {
        lead[0] && cur[0] == I1 && !new_term[v] && cur[v] == NOTHING && MEMBER(v) ->
        cur[v] = I1;
        SAY("voter %d stores the intent of term 1\n", v)
    }
}

proctype Mover1()
{
    do
    /* Move: "a leader whose own-term barrier is applied appends intent(R, e -> e+1)". */
    :: d_step { lead[0] && cur[0] == NOTHING -> cur[0] = I1; SAY("mover 1 appends its intent\n") }
    :: append_1(1)
    :: append_1(2)
    :: d_step { lead[0] && !c1 && MAJORITY(HAS_I1) -> c1 = true; SAY("it is committed\n") }
    :: act(0, 1, 2)
    :: replace_voter_2(0)
    od
}

/* Raft: by the votes of itself and w, whose log must not be newer. */
inline elect(w)
{
    d_step {
        !new_term[1] && !new_term[w] && MEMBER(w) && (HAS_I1(cur[1]) || !HAS_I1(cur[w])) ->
        new_term[1] = true;
        new_term[w] = true;
        lead[1] = true;
        if
        :: w == 0 -> lead[0] = false
        :: else
        fi;
        SAY("mover 2 is elected in term 2, by voter %d\n", w)
    }
}

/* Raft: the log of v becomes the leader's. What was reported of an intent that is taken back
 * counts for no other one: it reports "(term, index)". */
inline append_2(v)
{
    d_step {
        lead[1] && cur[1] != NOTHING && cur[1] != I1 && cur[v] != cur[1] && MEMBER(v) ->
        new_term[v] = true;
#ifdef STORERS
        rep[v] = (HAS_I1(cur[v]) && !HAS_I1(cur[1]) -> NONE : rep[v]);
#endif
        cur[v] = cur[1];
        if
        :: v == 0 -> lead[0] = false
        :: else
        fi;
        SAY("voter %d stores log %d of term 2\n", v, cur[v])
    }
}

proctype Mover2()
{
    do
    :: elect(0)
    :: elect(2)
    :: d_step { lead[1] && cur[1] == NOTHING -> cur[1] = B2; SAY("mover 2 finds no intent\n") }
    :: d_step { lead[1] && cur[1] == I1 -> cur[1] = I1B2; SAY("mover 2 inherits the intent\n") }
    :: append_2(0)
    :: append_2(2)
    :: d_step { lead[1] && !c1 && MAJORITY(HAS_I1B2) -> c1 = true; SAY("it is committed\n") }
    :: d_step { lead[1] && !barrier && MAJORITY(HAS_B2) -> barrier = true }
    :: d_step {
           lead[1] && barrier && cur[1] == B2 ->
           cur[1] = B2I2;
           SAY("mover 2 appends its intent\n")
       }
    :: d_step { lead[1] && !c2 && MAJORITY(HAS_I2) -> c2 = true; SAY("it is committed\n") }
    :: act(1, 0, 2)
    :: replace_voter_2(1)
    od
}

init {
    byte i;
    d_step {
        for (i : 0 .. 2) {
            ra[i] = END;
            ea[i] = DEAD;
#ifdef LATE
            na[i] = DEAD;
#endif
#ifdef BY_RECEIPT
            ga[i] = DEAD
#endif
        }
        lead[0] = true;
        i = 0
    }
    atomic {
        run Clock();
        run Holder();
        run Voter(0);
        run Voter(1);
        run Voter(2);
        run Mover1();
        run Mover2()
    }
}
