/* Transfers in threads. libcurl 7.88 waits inside of one call for SMTP's answer to the message, and
 * to QUIT for two minutes: on the loop a slow mail server would stop everything else. */
#include "base/check.h"
#include "base/clock.h"
#include "transfer/inside.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

/* libcurl asks at least once a second, whatever it waits for. */
static int go_on(void *context, curl_off_t down, curl_off_t downed, curl_off_t up, curl_off_t upped)
{
    struct transfer *transfer = context;

    return atomic_load(&transfer->abort) || clock_boot_ms() > transfer->deadline_ms;
}

static void run(void *context)
{
    struct transfer *transfer = context;
    struct transfers *transfers = transfer->transfers;

    transfer->code = curl_easy_perform(transfer->easy);
    atomic_store(&transfer->over, true);
    /* The loop may take the transfer from here on. Its owner waits for this thread, so the
     * handle is there. */
    uv_async_send(&transfers->ended);
}

static struct transfer *take_over(struct transfers *transfers)
{
    for (struct transfer **at = &transfers->apart; *at != NULL; at = &(*at)->next) {
        struct transfer *transfer = *at;

        if (atomic_load(&transfer->over)) {
            *at = transfer->next;
            return transfer;
        }
    }
    return NULL;
}

/* `done` may start others. It may also close all, once the last has ended. */
static void on_ended(uv_async_t *async)
{
    struct transfers *transfers = async->data;
    struct transfer *transfer;

    while (!uv_is_closing((uv_handle_t *)async) && (transfer = take_over(transfers)) != NULL) {
        if (transfer->threaded)
            CHECK(uv_thread_join(&transfer->thread) == 0);
        if (transfers->apart == NULL)
            uv_unref((uv_handle_t *)async);
        transfer_ended(transfer, transfer->code);
    }
}

static void on_async_closed(uv_handle_t *handle)
{
    transfers_release(handle->data);
}

void transfers_open_apart(struct transfers *transfers)
{
    CHECK(uv_async_init(transfers->loop, &transfers->ended, on_ended) == 0);
    transfers->ended.data = transfers;
    uv_unref((uv_handle_t *)&transfers->ended);
    transfers->handles++;
}

void transfers_close_apart(struct transfers *transfers)
{
    CHECK(transfers->apart == NULL);
    uv_close((uv_handle_t *)&transfers->ended, on_async_closed);
}

/* Signals are the loop's, and a peer that is gone is no reason for SIGPIPE. */
static int start_thread(struct transfer *transfer)
{
    sigset_t all, before;
    int rv;

    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    rv = uv_thread_create(&transfer->thread, run, transfer);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return rv;
}

void transfer_start_apart(struct transfer *transfer, int timeout_ms)
{
    struct transfers *transfers = transfer->transfers;
    CURL *easy = transfer->easy;
    int rv;

    transfer->started = transfer->apart = true;
    transfer->deadline_ms = clock_boot_ms() + timeout_ms;
    atomic_store(&transfer->abort, false);
    atomic_store(&transfer->over, false);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, go_on);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
    transfer->next = transfers->apart;
    transfers->apart = transfer;
    uv_ref((uv_handle_t *)&transfers->ended);
    rv = start_thread(transfer);
    transfer->threaded = rv == 0;
    if (rv != 0) {
        snprintf(transfer->text, sizeof transfer->text, "no thread: %s", uv_strerror(rv));
        transfer->code = CURLE_OUT_OF_MEMORY;
        atomic_store(&transfer->over, true);
        uv_async_send(&transfers->ended);
    }
}

void transfer_abort(struct transfer *transfer)
{
    CHECK(transfer->apart);
    atomic_store(&transfer->abort, true);
}
