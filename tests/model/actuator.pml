/* Late commands (protocol.md): what was ordered under epoch 1 in term 1 meets what is ordered
 * under epoch 2 in term 2 at one actuator, which may never go back to epoch 1. Each call may
 * stand still anywhere for any time, end anywhere, or begin again; epoch 1 has two of them.
 *
 *   default  HAProxy: "take a token (`prepare map` version), re-check leadership by echoes,
 *            then commit with the token (a stale `commit map @n` is refused)"
 *   DNS      "a TXT epoch as prerequisite in the *same* UPDATE"
 *   AGENT    "a small agent, sole owner of the socket, persists and compares (epoch, step)" */

#ifndef TRIES
#define TRIES 3 /* of each call */
#endif

#define SAY printf

byte epoch;           /* in force */
byte version, newest; /* HAProxy: version of the map in force, and the last one given out */
byte told, kept;      /* agent: newest epoch it was told, in memory and on disk */
bool term2;           /* a majority of voters is in term 2 */

inline obey(order)
{
    SAY("told of epoch %d, with %d in force\n", order, epoch);
    assert(order >= epoch);
    epoch = order
}

/* Whether a majority echoes, of the term that this was ordered in, a beat sent after now. Any
 * such majority has a voter that the leader of a newer term needs. Raft's own word, that a
 * node leads, stays true until the news comes. */
#ifdef RAFT_LEADERSHIP
#define STILL_LEADS(term) true
#else
#define STILL_LEADS(term) ((term) == 2 || !term2)
#endif

inline by_token(order)
{
#ifdef CHECK_BEFORE_TOKEN
    may = STILL_LEADS(order);
#endif
    d_step { newest++; token = newest; SAY("epoch %d takes token %d\n", order, token) };
    may = (epoch <= order); /* looks what is in force, as the driver does */
#ifndef CHECK_BEFORE_TOKEN
    if
    :: may -> may = STILL_LEADS(order)
    :: else
    fi;
#endif
    if
    :: atomic { may && token > version -> version = token; obey(order) }
    :: !may || token <= version /* outdated */
    fi;
    d_step { token = 0; may = false }
}

/* `set server` and its like obey anyone. */
inline by_leave(order)
{
    may = STILL_LEADS(order);
    if
    :: may -> atomic { obey(order) }
    :: else
    fi;
    may = false
}

inline by_update(order)
{
#ifdef PREREQUISITE_APART
    may = (epoch <= order); /* asks first, updates then */
    if
    :: may -> atomic { obey(order) }
    :: else
    fi;
    may = false
#else
    atomic {
        if
        :: epoch <= order -> obey(order)
        :: else
        fi
    }
#endif
}

inline by_agent(order)
{
    atomic {
        if
        :: told <= order ->
           told = order;
#ifndef AGENT_FORGETS
           kept = order;
#endif
           obey(order)
        :: else
        fi
    }
}

proctype Call(byte order) /* its epoch, and its term */
{
    byte token, tries;
    bool may;

    (order == 1 || term2);
    do
    :: tries < TRIES ->
       tries++;
#if defined(NO_TOKEN)
       by_leave(order)
#elif defined(DNS)
       by_update(order)
#elif defined(AGENT)
       by_agent(order)
#else
       by_token(order)
#endif
    :: break
    od
#ifdef REACH_OBEYED
    ;
    assert(epoch != 2)
#endif
}

init {
    atomic {
        run Call(1);
        run Call(1);
        run Call(2)
    }
    d_step { term2 = true; SAY("term 2 begins\n") };
    do
    :: d_step { told != kept -> told = kept; SAY("the agent starts again\n") }
    :: break
    od
}
