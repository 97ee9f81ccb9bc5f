/* Faults into the world: when they begin and end, and what they mean for the accounts. */
#include "base/check.h"
#include "base/mem.h"
#include "simulate/inject.h"

static void tell(struct injection *injection, const char *word)
{
    struct sim *sim = injection->sim;
    struct buf text = {0};

    fault_format(&injection->fault, sim->model, &text);
    sim_note(sim, NOTE_FAULT, SERVER_NONE, word, "%s", buf_cstr(&text));
    buf_free(&text);
}

static void end(struct injection *injection)
{
    if (!injection->on)
        return;
    tell(injection, "ends");
    inject_turn(injection, false);
    injection->on = false;
    callers_look(injection->sim);
}

/* After these the ledger's times are not the world's, or what a switch says is not what was
 * decided, or health is a matter of opinion. */
static bool is_murky(const struct fault *fault)
{
    return fault->kind == FAULT_STEP || fault->kind == FAULT_PAUSE || fault->kind == FAULT_SICK ||
           fault->kind == FAULT_SLOW || fault->kind == FAULT_FLAP || fault->kind == FAULT_UNSEEN ||
           fault->kind == FAULT_SPLIT || fault->kind == FAULT_DELAY ||
           fault->kind == FAULT_REPORT || fault->kind == FAULT_DRAIN ||
           (fault->kind == FAULT_CUT && fault->path) ||
           (fault->kind >= FAULT_MUTE && fault->kind <= FAULT_FORGET) || fault->kind == FAULT_FORCE;
}

/* Nobody can tell the actuators there what was decided, and the ledger counts until they were
 * told. */
static bool hides_an_actuator(const struct sim *sim, const struct fault *fault)
{
    server_set set = fault->kind == FAULT_HOST || fault->kind == FAULT_CUT
                         ? where_servers(&fault->what, sim->model)
                         : 0;
    int r, a;

    for (r = 0; r < sim->model->n_routes; r++)
        for (a = 0; a < sim->model->routes[r].n_actuators; a++) {
            int place = switches_place(sim->switches, r, a);

            if (place >= 0 && (set & server_bit(place)))
                return true;
        }
    return false;
}

static void on_begin(void *context, uint64_t index)
{
    struct sim *sim = context;
    struct injection *injection = &sim->injections[index];

    if (injection->over)
        return;
    tell(injection, "begins");
    inject_turn(injection, true);
    injection->on = true;
    sim->murky =
        sim->murky || is_murky(&injection->fault) || hides_an_actuator(sim, &injection->fault);
    callers_look(sim);
}

static void on_end(void *context, uint64_t index)
{
    struct sim *sim = context;

    end(&sim->injections[index]);
}

static void arm(struct sim *sim, const struct fault *fault)
{
    int i = sim->n_injections++;

    sim->injections[i] = (struct injection){.sim = sim, .fault = *fault};
    if (fault->kind == FAULT_UPGRADE)
        sim->old |= where_servers(&fault->what, sim->model);
    wheel_at(sim->wheel, sim->zero_ms + fault->at_ms, on_begin, sim, (uint64_t)i);
    if (fault->for_ms > 0)
        wheel_at(sim->wheel, sim->zero_ms + fault->at_ms + fault->for_ms, on_end, sim, (uint64_t)i);
}

void inject_plan(struct sim *sim, const struct fault *faults, int n)
{
    int i;

    sim->injections = mem_zalloc((size_t)n, sizeof sim->injections[0]);
    for (i = 0; i < n; i++)
        arm(sim, &faults[i]);
}

void sim_inject(struct sim *sim, const struct fault *fault)
{
    CHECK(fault->at_ms >= sim_now(sim));
    sim->injections =
        mem_realloc(sim->injections, (size_t)sim->n_injections + 1, sizeof sim->injections[0]);
    arm(sim, fault);
}

void inject_end_all(struct sim *sim)
{
    int i;

    for (i = 0; i < sim->n_injections; i++) {
        sim->injections[i].over = true;
        end(&sim->injections[i]);
    }
}

void inject_free(struct sim *sim)
{
    mem_free(sim->injections);
}
