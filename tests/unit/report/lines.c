#include "lines.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void lines_free(struct lines *lines)
{
    buf_free(&lines->text);
    *lines = (struct lines){0};
}

void lines_start(struct buf *out, uint64_t seq, int64_t time_ms, const char *category,
                 const char *type)
{
    char time[UTC_TEXT_MAX];

    utc_format(time_ms, time);
    buf_printf(out,
               "{\"v\":1,\"seq\":%" PRIu64 ",\"index\":%" PRIu64
               ",\"term\":3,\"time\":\"%s\",\"category\":\"%s\",\"type\":\"%s\"",
               seq, seq + 10, time, category, type);
}

void lines_add(struct lines *lines, const char *category, const char *type, const char *more, ...)
{
    char text[1024];
    va_list args;

    CHECK(lines->n < LINES_MAX);
    va_start(args, more);
    vsnprintf(text, sizeof text, more, args);
    va_end(args);
    lines->at[lines->n] = lines->text.len;
    lines_start(&lines->text, lines->n, lines->time_ms, category, type);
    buf_printf(&lines->text, "%s}\n", text);
    lines->n++;
    lines->at[lines->n] = lines->text.len;
    lines->time_ms += 1000;
}

void lines_verdict(struct lines *lines)
{
    lines_add(lines, "verdict", "up",
              ",\"check\":\"voice@voice-1\",\"target\":\"voice-1\",\"need\":2,\"agree\":3,"
              "\"assigned\":3,\"fail_since\":null,\"good_before\":null,\"ballots\":["
              "{\"observer\":\"mirror-1\",\"site\":\"osaka\",\"opinion\":\"up\",\"reason\":\"ok\","
              "\"abstain\":false,\"fail_age_ms\":null,\"good_age_ms\":12,\"arrived_age_ms\":3}]");
}

const char *lines_get(const struct lines *lines, uint64_t i, size_t *len)
{
    CHECK(i < lines->n);
    *len = lines->at[i + 1] - lines->at[i] - 1;
    return (const char *)lines->text.data + lines->at[i];
}

struct model *lines_model(void)
{
    struct model *model = model_new();

    strcpy(model->cluster, "call-centre");
    model->functions = mem_zalloc(2, sizeof *model->functions);
    model->n_functions = 2;
    strcpy(model->functions[0].name, "calling");
    strcpy(model->functions[0].label_ja, "発信");
    strcpy(model->functions[1].name, "login");
    model->services = mem_zalloc(1, sizeof *model->services);
    model->n_services = 1;
    strcpy(model->services[0].name, "call-centre");
    model->services[0].critical = mem_zalloc(2, sizeof(int));
    model->services[0].critical[1] = 1;
    model->services[0].n_critical = 2;
    strcpy(model->contract.name, "sheet-b");
    strcpy(model->contract.timezone, "Asia/Tokyo");
    model->contract.terms.target_micro = 98000000;
    memset(model->contract.terms.down_severity, 0, sizeof model->contract.terms.down_severity);
    model->contract.terms.down_severity[SEVERITY_EMERGENCY] = true;
    return model;
}
