#include "web/mailbox.h"
#include "base/mem.h"

struct message *message_new(enum message_kind kind, uint64_t place, int number)
{
    struct message *message = mem_zalloc(1, sizeof *message);

    message->kind = kind;
    message->place = place;
    message->number = number;
    return message;
}

void message_free(struct message *message)
{
    if (message == NULL)
        return;
    buf_free(&message->bytes);
    mem_free(message);
}

bool mailbox_put(struct mailbox *box, struct message *message)
{
    struct message *newest = atomic_load_explicit(&box->newest, memory_order_relaxed);

    do
        message->next = newest;
    while (!atomic_compare_exchange_weak_explicit(&box->newest, &newest, message,
                                                  memory_order_release, memory_order_relaxed));
    return newest == NULL;
}

struct message *mailbox_take(struct mailbox *box)
{
    struct message *newest = atomic_exchange_explicit(&box->newest, NULL, memory_order_acquire);
    struct message *oldest = NULL, *next;

    for (; newest != NULL; newest = next) {
        next = newest->next;
        newest->next = oldest;
        oldest = newest;
    }
    return oldest;
}
