/* Who is told by webhooks, as far as kirikae is concerned: takes any POST, and prints a line of
 * JSON for each, once it is whole.
 *
 *   receiver ADDRESS:PORT STATE_DIRECTORY
 *
 * The path's first part may be a file in STATE_DIRECTORY: the number in it is the answer's status,
 * "hold": no answer comes while the file says so. Without it: 200. */
#include "args.h"
#include "base/clock.h"
#include "base/jsonw.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BODY_MAX (64 << 10)
#define LOOK_NS 20000000

static const char *directory;

/* 0: hold. */
static int state_of(const char *url)
{
    char path[512], word[16] = "";
    FILE *file;
    int len = (int)strcspn(url + 1, "/");

    snprintf(path, sizeof path, "%s/%.*s", directory, len, url + 1);
    file = len > 0 ? fopen(path, "re") : NULL;
    if (file == NULL)
        return 200;
    if (fscanf(file, "%15s", word) != 1)
        word[0] = '\0';
    fclose(file);
    return strcmp(word, "hold") == 0 ? 0 : atoi(word);
}

static enum MHD_Result put_header(void *context, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    jsonw_str(context, key, value);
    return MHD_YES;
}

static void print(struct MHD_Connection *connection, const char *url, struct buf *body)
{
    struct buf line = {0};
    struct jsonw w;

    jsonw_begin(&w, &line);
    jsonw_object(&w, NULL);
    jsonw_int(&w, "at_ms", clock_utc_ms());
    jsonw_str(&w, "path", url);
    jsonw_object(&w, "headers");
    MHD_get_connection_values(connection, MHD_HEADER_KIND, put_header, &w);
    jsonw_end(&w);
    jsonw_str(&w, "body", buf_cstr(body));
    jsonw_end(&w);
    printf("%s\n", buf_cstr(&line));
    fflush(stdout);
    buf_free(&line);
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(3, "{}\n", MHD_RESPMEM_PERSISTENT);
    enum MHD_Result queued = MHD_queue_response(connection, status, response);

    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *part,
                                  size_t *len, void **request)
{
    struct buf *body = *request;
    int status;

    if (body == NULL) {
        *request = calloc(1, sizeof *body);
        return *request != NULL ? MHD_YES : MHD_NO;
    }
    if (*len > 0) {
        if (body->len + *len > BODY_MAX)
            return MHD_NO;
        buf_append(body, part, *len);
        *len = 0;
        return MHD_YES;
    }
    print(connection, url, body);
    while ((status = state_of(url)) == 0)
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    return answer(connection, (unsigned)status);
}

static void on_end(void *context, struct MHD_Connection *connection, void **request,
                   enum MHD_RequestTerminationCode code)
{
    if (*request != NULL)
        buf_free(*request);
    free(*request);
    *request = NULL;
}

int main(int argc, char **argv)
{
    struct sockaddr_storage address;
    struct MHD_Daemon *daemon;

    if (argc != 3 || !args_address(argv[1], &address)) {
        fprintf(stderr, "usage: receiver ADDRESS:PORT STATE_DIRECTORY\n");
        return 2;
    }
    directory = argv[2];
    daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0, NULL,
                         NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
                         MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "%s: cannot listen\n", argv[1]);
        return 1;
    }
    pause();
    return 0; /* threads that hold an answer back end with the process */
}
