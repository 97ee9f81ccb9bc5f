/* Mail, on real sockets: what goes out, and what each way of answering, or not, comes to. */
#include "base/check.h"
#include "notify_world.h"

#include <stdio.h>
#include <string.h>

#define TO_DATA                                                                                    \
    {PEER_SAY, "220 test ESMTP\r\n"}, {PEER_LINE, "EHLO"}, {PEER_SAY, "250 test\r\n"},             \
        {PEER_LINE, "MAIL FROM:<kirikae@example.org>"}, {PEER_SAY, "250 ok\r\n"},                  \
        {PEER_LINE, "RCPT TO:<ops@example.com>"}, {PEER_SAY, "250 ok\r\n"}, {PEER_LINE, "DATA"},   \
    {                                                                                              \
        PEER_SAY, "354 go on\r\n"                                                                  \
    }

static void test_mail(void **state)
{
    static const struct peer_step script[] = {TO_DATA,
                                              {PEER_DATA},
                                              {PEER_SAY, "250 2.0.0 Ok: queued as 4F1\r\n"},
                                              {PEER_LINE, "QUIT"},
                                              {PEER_SAY, "221 bye\r\n"},
                                              {0}};
    struct world *w = *state;

    exchange(w, "smtp", script);
    expect(w, 0, false, "250 2.0.0 Ok: queued as 4F1");
    expect_input(w, "\r\nMessage-ID: <" KEY "@example.org>\r\n");
    expect_input(w, "\r\nAuto-Submitted: auto-generated\r\n");
    expect_input(w, "\r\nX-Kirikae-Key: " KEY "\r\n");
    expect_input(w, "\r\nDate: Mon, 21 Sep 2026 14:13:20 +0000\r\n");
    assert_null(strstr(input(w), "X-Kirikae-Repeat"));
    assert_null(strstr(input(w), "In-Reply-To"));
    w->message.repeat = true;
    w->message.thread = "acme.outage-12";
    exchange(w, "smtp", script);
    expect(w, 0, false, "250 2.0.0");
    expect_input(w, "\r\nX-Kirikae-Repeat: yes\r\n");
    expect_input(w, "\r\nMessage-ID: <" KEY "@example.org>\r\n");
    expect_input(w, "\r\nReferences: <acme.outage-12@example.org>\r\n");
}

/* The message is accepted, whatever becomes of the farewell. */
static void test_mail_farewell(void **state)
{
    static const struct peer_step hangs[] = {
        TO_DATA, {PEER_DATA}, {PEER_SAY, "250 2.0.0 mine\r\n"}, {PEER_HANG}, {0}};
    static const struct peer_step resets[] = {
        TO_DATA, {PEER_DATA}, {PEER_SAY, "250 2.0.0 mine\r\n"}, {PEER_RESET}, {0}};
    struct world *w = *state;

    w->channel.timeout_ms = 300;
    exchange(w, "smtp", hangs);
    expect(w, 0, false, "250 2.0.0 mine");
    assert_true(w->result.took_ms < 3000);
    exchange(w, "smtp", resets);
    expect(w, 0, false, "250 2.0.0 mine");
}

static void test_mail_faults(void **state)
{
    static const struct {
        struct peer_step script[14];
        int code;
        bool unsure;
        const char *text;
    } cases[] = {
        {{{PEER_SAY, "554 go away\r\n"}, {0}}, ERR_REFUSED, false, "554 go away"},
        {{{PEER_RESET}, {0}}, ERR_IO, false, ""},
        {{{PEER_SAY, "220 x\r\n"},
          {PEER_LINE, "EHLO"},
          {PEER_SAY, "250 x\r\n"},
          {PEER_LINE, "MAIL"},
          {PEER_SAY, "450 4.2.0 greylisted\r\n"},
          {PEER_LINE, "QUIT"},
          {0}},
         ERR_REFUSED,
         false,
         "450 4.2.0 greylisted"},
        {{TO_DATA, {PEER_DATA}, {PEER_SAY, "451 4.3.0 later\r\n"}, {0}},
         ERR_REFUSED,
         false,
         "451 4.3.0 later"},
        {{TO_DATA, {PEER_DATA}, {PEER_SAY, "554 5.7.1 spam\r\n"}, {0}},
         ERR_REFUSED,
         false,
         "554 5.7.1 spam"},
        {{TO_DATA, {PEER_DATA}, {0}}, ERR_IO, true, "after all was sent"},
        {{TO_DATA, {PEER_DATA}, {PEER_RESET}}, ERR_IO, true, "after all was sent"},
        {{TO_DATA, {PEER_DATA}, {PEER_HANG}}, ERR_TIMEOUT, true, "after all was sent"},
        {{{PEER_SAY, "220 x\r\n"}, {PEER_HANG}}, ERR_TIMEOUT, false, ""},
    };
    struct world *w = *state;

    w->channel.timeout_ms = 400;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        exchange(w, "smtp", cases[i].script);
        expect(w, cases[i].code, cases[i].unsure, cases[i].text);
        assert_true(w->result.took_ms < 4000);
    }
}

/* Without TLS nothing is said that matters, unless the configuration has it so. */
static void test_mail_tls(void **state)
{
    static const struct peer_step none[] = {{PEER_SAY, "220 x\r\n"},
                                            {PEER_LINE, "EHLO"},
                                            {PEER_SAY, "250-x\r\n250 AUTH PLAIN\r\n"},
                                            {PEER_HANG}};
    static const struct peer_step good[] = {
        {PEER_SAY, "220 x\r\n"},
        {PEER_LINE, "EHLO"},
        {PEER_SAY, "250-x\r\n250 STARTTLS\r\n"},
        {PEER_LINE, "STARTTLS"},
        {PEER_SAY, "220 go\r\n"},
        {PEER_TLS},
        {PEER_LINE, "EHLO"},
        {PEER_SAY, "250-x\r\n250 AUTH PLAIN LOGIN GSSAPI NTLM\r\n"},
        {PEER_LINE, "AUTH PLAIN"},
        {PEER_SAY, "334 \r\n"},
        {PEER_LINE, "AG9wcwBzM2NyZXQtb2YtdGhlLWZpeHR1cmU="},
        {PEER_SAY, "235 ok\r\n"},
        {PEER_LINE, "MAIL"},
        {PEER_SAY, "250 ok\r\n"},
        {PEER_LINE, "RCPT"},
        {PEER_SAY, "250 ok\r\n"},
        {PEER_LINE, "DATA"},
        {PEER_SAY, "354 go\r\n"},
        {PEER_DATA},
        {PEER_SAY, "250 done\r\n"},
        {0}};
    static const struct peer_step denied[] = {{PEER_TLS},
                                              {PEER_SAY, "220 x\r\n"},
                                              {PEER_LINE, "EHLO"},
                                              {PEER_SAY, "250-x\r\n250 AUTH PLAIN\r\n"},
                                              {PEER_LINE, "AUTH PLAIN"},
                                              {PEER_SAY, "334 \r\n"},
                                              {PEER_LINE, ""},
                                              {PEER_SAY, "535 no, not with " SECRET "\r\n"},
                                              {0}};
    struct world *w = *state;

    w->channel.plain = false;
    snprintf(w->channel.ca_file, sizeof w->channel.ca_file, "%s", w->ca_file);
    snprintf(w->channel.user, sizeof w->channel.user, "ops");
    exchange(w, "smtp", none);
    expect(w, ERR_DENIED, false, "STARTTLS");
    assert_null(strstr(input(w), "AUTH"));
    exchange(w, "smtp", good);
    expect(w, 0, false, "250 done");
    exchange(w, "smtps", denied);
    expect(w, ERR_DENIED, false, "authentication refused (535)");
    /* The certificate is nobody's whom the system trusts. */
    w->channel.ca_file[0] = '\0';
    exchange(w, "smtps", denied);
    expect(w, ERR_DENIED, false, "certificate");
    assert_int_equal(w->peer.input.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NOTIFY_TEST(test_mail),
        NOTIFY_TEST(test_mail_farewell),
        NOTIFY_TEST(test_mail_faults),
        NOTIFY_TEST(test_mail_tls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
