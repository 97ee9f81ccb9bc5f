/* The inequality behind the promise (protocol.md, Grant and Move), with clocks that drift and
 * are read in whole milliseconds: one beat of the holder, one voter that hears it, one mover
 * that acts on the voter's report. promise.pml has all that goes on around it.
 *
 *   The address answers until D + F, D = t_n + L_h; the mover acts at
 *   now >= (rx - age) + L_s, L_s = (L_h + F)(1 + rho)/(1 - rho) + 2 ms
 *
 * At every tick each clock goes on by SLOW or by FAST units, as it likes: rho = 1/5, larger
 * than life, so that every part of L_s can be seen to be needed. */

#define SLOW 2
#define FAST 3
#define MS 8 /* units */

#define LH 4
#define F 2

#define SCALED(ms) (((ms) * FAST + SLOW - 1) / SLOW) /* rounded up */

#if defined(NO_FENCE_TIME)
#define LS (SCALED(LH) + 2)
#elif defined(NO_SKEW)
#define LS (LH + F + 2)
#elif defined(NO_ROUNDING)
#define LS SCALED(LH + F)
#elif defined(ONE_MS)
#define LS (SCALED(LH + F) + 1)
#else
#define LS (SCALED(LH + F) + 2)
#endif

byte holder, voter, mover; /* clocks, in units */
byte age;                  /* as the voter reports it */
bool reported;

#define UP (holder < (LH + F) * MS) /* t_n is 0 ms */
#define READ(clock) ((clock) / MS)

inline tick(h, v, m)
{
    d_step { UP -> holder = holder + h; voter = voter + v; mover = mover + m }
}

proctype Time()
{
    do
    :: tick(SLOW, SLOW, SLOW)
    :: tick(SLOW, SLOW, FAST)
    :: tick(SLOW, FAST, SLOW)
    :: tick(SLOW, FAST, FAST)
    :: tick(FAST, SLOW, SLOW)
    :: tick(FAST, SLOW, FAST)
    :: tick(FAST, FAST, SLOW)
    :: tick(FAST, FAST, FAST)
    :: !UP -> break
    od
}

/* Grant: the voter takes the beat, whenever it comes. Move: it reports the age, whenever it
 * likes. */
proctype Voter()
{
    byte rx;

    rx = READ(voter);
    d_step { age = READ(voter) - rx; rx = 0; reported = true }
}

/* Move: the report arrives, whenever it does; the mover acts as soon as it may, or later. */
proctype Mover()
{
    byte arrived;

    d_step { reported -> arrived = READ(mover) };
    atomic {
        READ(mover) + age >= arrived + LS ->
        printf("acts %d ms after the report, of age %d ms; LS is %d ms\n",
               READ(mover) - arrived, age, LS);
        assert(!UP)
    }
}

init {
    atomic {
        /* The beat leaves when the holder's clock reads 0 ms; each is anywhere within one. */
        select(holder : 0 .. MS - 1);
        select(voter : 0 .. MS - 1);
        select(mover : 0 .. MS - 1);
        run Time();
        run Voter();
        run Mover()
    }
}
