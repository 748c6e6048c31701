/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest on a passthrough over the backend `fake`, in short text. */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "pt-fake.h"
#include "unit.h"

/* Hooks are called with no lock held: nobody else is there who could. */
static void check_unlocked(struct fake_guest *g)
{
    if (g->pt && !g->threads) {
        ck_assert_int_eq(pthread_mutex_trylock(&g->pt->lock), 0);
        pthread_mutex_unlock(&g->pt->lock);
    }
}

static uint64_t guest_now(void *user)
{
    struct fake_guest *g = user;

    check_unlocked(g);
    return __atomic_load_n(&g->now_ns, __ATOMIC_RELAXED);
}

static void guest_timer(void *user, uint64_t when_ns)
{
    struct fake_guest *g = user;

    check_unlocked(g);
    g->timer_ns = when_ns;
}

static void guest_complete(void *user, int answer, uint8_t byte)
{
    struct fake_guest *g = user;

    check_unlocked(g);
    g->completions++;
    g->answer = answer;
    g->byte = byte;
}

static void guest_pause(void *user, uint64_t ns)
{
    struct fake_guest *g = user;

    check_unlocked(g);
    fake_say(". ");
    g->now_ns += ns;
}

static struct i2cpt_policy *make_policy(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, ",", 0);
    bool addressed = strstr(text, "address=") || strstr(text, "addresses=") ||
                     strstr(text, "hostaddr=");
    struct i2cpt_policy *policy;
    struct i2cpt_fault fault;
    size_t i;

    i2cpt_policy_new(&policy);
    i2cpt_policy_set(policy, "transfer", "message", NULL);
    if (!addressed) {
        i2cpt_policy_set(policy, "addresses", "0x20:0x48:0x49:0x50", NULL);
    }
    for (i = 0; words[i]; i++) {
        char *value = strchr(words[i], '=');

        *value++ = 0;
        ck_assert_msg(!i2cpt_policy_set(policy, words[i], value, &fault), "%s",
                      fault.text);
    }
    return policy;
}

void pt_guest_open_spec(struct fake_guest *g, enum pt_form form,
                        const char *spec, const char *text)
{
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks),
        .user = g,
        .complete = form == FORM_BLOCKING ? NULL : guest_complete,
        .now_ns = guest_now,
        .timer = guest_timer,
    };
    struct i2cpt_policy *policy = make_policy(text);
    struct i2cpt_fault fault;

    memset(g, 0, sizeof(*g));
    g->form = form;
    g->now_ns = 1000000000;
    g->timer_ns = UINT64_MAX;
    ck_assert_msg(!i2cpt_adapter_open(spec, &g->adapter, &fault), "%s",
                  fault.text);
    ck_assert_msg(
        !i2cpt_passthrough_new(g->adapter, policy, &hooks, &g->pt, &fault),
        "%s", fault.text);
    pt_set_pause(g->pt, guest_pause, g);
    i2cpt_policy_free(policy);
}

void pt_guest_open(struct fake_guest *g, enum pt_form form,
                   const struct fake_config *config, const char *text)
{
    pt_guest_open_config(g, form, config, "fake,timeout-ms=60000", text);
}

void pt_guest_open_config(struct fake_guest *g, enum pt_form form,
                          const struct fake_config *config, const char *spec,
                          const char *text)
{
    fake_install(config, form == FORM_INSTANT, &g->now_ns);
    pt_guest_open_spec(g, form, spec, text);
}

void pt_guest_close(struct fake_guest *g)
{
    i2cpt_passthrough_free(g->pt);
    i2cpt_adapter_unref(g->adapter);
    g->pt = NULL;
    g->adapter = NULL;
}

uint64_t pt_guest_count(struct fake_guest *g, enum i2cpt_counter which)
{
    return i2cpt_passthrough_counter(g->pt, which);
}

/* The answer now, or what complete() says. */
static int answer_of(struct fake_guest *g, int answer)
{
    int before = g->completions;

    if (answer != I2CPT_PENDING) {
        return answer;
    }
    ck_assert_int_ne(g->form, FORM_BLOCKING);
    while (g->completions == before) {
        ck_assert_int_ne(i2cpt_passthrough_wait(g->pt, 1000000), -EINVAL);
    }
    ck_assert_int_eq(g->completions, before + 1);
    return g->answer;
}

int pt_guest_start(struct fake_guest *g, uint16_t addr, uint16_t flags,
                   uint32_t expect)
{
    return answer_of(g, i2cpt_passthrough_start(g->pt, addr, flags, expect));
}

int pt_guest_write(struct fake_guest *g, uint8_t byte)
{
    return answer_of(g, i2cpt_passthrough_write(g->pt, byte));
}

int pt_guest_read(struct fake_guest *g, uint8_t *byte)
{
    int answer = i2cpt_passthrough_read(g->pt, byte);

    if (answer == I2CPT_PENDING) {
        answer = answer_of(g, answer);
        *byte = g->byte;
    }
    if (answer != I2CPT_ACK) {
        ck_assert_uint_eq(*byte, 0xff);
    }
    return answer;
}

int pt_guest_stop(struct fake_guest *g)
{
    return answer_of(g, i2cpt_passthrough_stop(g->pt));
}

void pt_guest_pass(struct fake_guest *g, uint64_t ns)
{
    uint64_t end = g->now_ns + ns;

    while (g->timer_ns <= end) {
        g->now_ns = MAX(g->now_ns, g->timer_ns);
        g->timer_ns = UINT64_MAX;
        i2cpt_passthrough_timer(g->pt);
    }
    g->now_ns = MAX(g->now_ns, end);
}

static void tell(struct fake_guest *g, int answer)
{
    g_strlcat(g->answers,
              answer < 0             ? "E"
              : answer == I2CPT_ACK  ? "A"
              : answer == I2CPT_NACK ? "N"
                                     : "?",
              sizeof(g->answers));
}

static void run_reads(struct fake_guest *g, unsigned n)
{
    char hex[3];
    uint8_t byte;
    int answer;

    while (n--) {
        answer = pt_guest_read(g, &byte);
        snprintf(hex, sizeof(hex), "%02x", byte);
        g_strlcat(g->answers,
                  answer < 0             ? "E"
                  : answer == I2CPT_NACK ? "--"
                                         : hex,
                  sizeof(g->answers));
    }
}

static void run_writes(struct fake_guest *g, const char *word)
{
    unsigned byte = 0, n = 1;

    ck_assert_msg(sscanf(word, "%2xx%u", &byte, &n) >= 1, "word '%s'", word);
    while (n--) {
        tell(g, pt_guest_write(g, (uint8_t)byte));
    }
}

static void run_start(struct fake_guest *g, const char *word)
{
    unsigned addr = 0, expect = 0;

    sscanf(word + 1, "%x:%u", &addr, &expect);
    tell(g, pt_guest_start(g, (uint16_t)addr, word[0] == 'R' ? I2CPT_M_RD : 0,
                           expect));
}

static void run_word(struct fake_guest *g, const char *word)
{
    switch (word[0]) {
    case 'W':
    case 'R':
        run_start(g, word);
        break;
    case 'r':
        run_reads(g, word[1] ? (unsigned)strtoul(word + 1, NULL, 10) : 1);
        break;
    case 'P':
        tell(g, pt_guest_stop(g));
        break;
    case 'n':
        i2cpt_passthrough_nack(g->pt);
        break;
    case 'Z':
        i2cpt_passthrough_reset(g->pt);
        break;
    case 'D':
        i2cpt_passthrough_drain(g->pt);
        break;
    case '+':
        pt_guest_pass(g, strtoul(word + 1, NULL, 10) * PT_NS_PER_MS);
        break;
    case '!':
        fake_script(word + 1);
        break;
    case '=':
        fake_data(word + 1);
        break;
    default:
        run_writes(g, word);
        break;
    }
}

void pt_guest_run(struct fake_guest *g, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 0);
    size_t i;

    for (i = 0; words[i]; i++) {
        if (*words[i]) {
            run_word(g, words[i]);
        }
    }
}
