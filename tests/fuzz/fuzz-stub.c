/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Load files of the stub, whatever is in them, with chips and lines, and the
 * keys line.NAME= that choose among those: opened or refused with a line that
 * says where; and what is then asked of the chips moves lines as it should.
 *
 * Input: keys, up to the first LF; what is asked, a letter each, up to the
 * next; and the file.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/threads.h"
#include "file.h"
#include "fuzz.h"
#include "i2cpt-lines.h"

#define CHIP "chip 0x48 registers\n"

const char *const fuzz_seeds[] = {
    "\nAaBbCc\n" CHIP "reg 0 type=clear-on-read = 01\nline drdy reg=0\n",
    "line.int=stub:b,line.int.active-low=on\nAabBc\n" CHIP
    "line a when=above reg=0 limit=1 bytes=2\n"
    "line b when=changed reg=2 mask=0x0f\n",
    "line.b.active-low=on\nabc\n" CHIP
    "line b reg=0 every-us=100 samples=3 counter=1\n",
    "\nABCabc\nchip 0x48 sensor\nreg 0 = 1a c0\nreg 1 = 20 00\n"
    "line alert when=below reg=0 limit=1\nfault nack on=read count=1\n",
    NULL,
};
const char *const fuzz_words[] = {
    "\n",         "line ",      "line.",      ".active-low=", "stub:",
    ",",          "when=set",   "when=above", "when=below",   "when=changed",
    " reg=",      " mask=",     " limit=",    " bytes=2",     " every-us=1000",
    " samples=2", " counter=1", " type=fifo", " = 01 ff",     "chip 0x48 ",
    "eeprom",     "smbus",      "measure",    "registers",    "gpiochip0/17",
    "gpio:",      "0xff",       "4294967296", "fault nack",   "delay byte-us=1",
    NULL,
};

/* ------------------------------------------------------- time and the thread
 */

int __wrap_i2cpt_thread_start(pthread_t *thread, void *(*run)(void *),
                              void *arg);
int __real_pthread_join(pthread_t thread, void **value);
int __wrap_pthread_join(pthread_t thread, void **value);
bool __wrap_i2cpt_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock,
                                  uint64_t until_ns);
uint64_t __wrap_i2cpt_now_ns(void);
void __wrap_i2cpt_sleep_until(uint64_t until_ns);

static uint64_t now_ns = 1;
static struct {
    void *(*run)(void *);
    void *arg;
    jmp_buf waits;
} thread_now;

int __wrap_i2cpt_thread_start(pthread_t *thread, void *(*run)(void *),
                              void *arg)
{
    *thread = pthread_self();
    thread_now.run = run;
    thread_now.arg = arg;
    return 0;
}

/* The thread of the lines runs until it waits, when it is given a turn. */
static void give_turn(void)
{
    if (thread_now.run && !setjmp(thread_now.waits)) {
        thread_now.run(thread_now.arg);
    }
}

bool __wrap_i2cpt_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock,
                                  uint64_t until_ns)
{
    if (until_ns <= now_ns) {
        fuzz_fail("a sample that stays due");
    }
    pthread_mutex_unlock(lock);
    longjmp(thread_now.waits, 1);
}

int __wrap_pthread_join(pthread_t thread, void **value)
{
    return pthread_equal(thread, pthread_self())
               ? 0
               : __real_pthread_join(thread, value);
}

uint64_t __wrap_i2cpt_now_ns(void)
{
    return now_ns;
}

void __wrap_i2cpt_sleep_until(uint64_t until_ns)
{
    now_ns = until_ns > now_ns ? until_ns : now_ns;
}

/* ---------------------------------------------------------------- the lines */

static struct {
    int n, levels[32];
} heard;

static void hear(struct i2cpt_adapter *a, unsigned line, int level,
                 uint64_t stamp_ns, void *user)
{
    if (line >= (unsigned)heard.n || level != !heard.levels[line]) {
        fuzz_fail("line %u becomes %d", line, level);
    }
    heard.levels[line] = level;
}

static void watch(struct i2cpt_adapter *a)
{
    heard.n = i2cpt_adapter_lines(a);
    if (heard.n < 0 || heard.n > 32) {
        fuzz_fail("%d lines", heard.n);
    }
    for (int i = 0; i < heard.n; i++) {
        const char *name = i2cpt_adapter_line_name(a, (unsigned)i);

        if (i2cpt_adapter_line_find(a, name) != i) {
            fuzz_fail("line %d of another's name '%s'", i, name);
        }
        heard.levels[i] = i2cpt_adapter_line_level(a, (unsigned)i);
    }
    if (heard.n && i2cpt_adapter_watch_lines(a, hear, NULL)) {
        fuzz_fail("lines that are not watched");
    }
}

static void check_levels(struct i2cpt_adapter *a)
{
    i2cpt_dispatch(a);
    for (int i = 0; i < heard.n; i++) {
        if (heard.levels[i] != i2cpt_adapter_line_level(a, (unsigned)i)) {
            fuzz_fail("a level of line %d that was not told", i);
        }
    }
}

/* --------------------------------------------------------------- the guest */

/* a-o: read two bytes of register 0-14; A-O: write them. */
static void ask(struct i2cpt_adapter *a, char what)
{
    bool writes = what >= 'A' && what <= 'O';
    uint8_t bytes[3] = {(uint8_t)((what - 'A') & 0x0f), (uint8_t)what, 0x80};
    uint8_t got[2];
    struct i2cpt_msg msgs[2] = {
        {.addr = 0x48, .len = writes ? 3 : 1, .buf = bytes},
        {.addr = 0x48, .flags = I2CPT_M_RD, .len = 2, .buf = got},
    };
    struct i2cpt_fault fault;
    int ret;

    /* and a thread that takes samples has its turn */
    now_ns += 1000000;
    give_turn();
    ret = i2cpt_transfer(a, msgs, writes ? 1 : 2, &fault);
    if (ret > 0 || fault.code != -ret) {
        fuzz_fail("%d with fault %d", ret, fault.code);
    }
    check_levels(a);
}

/* ------------------------------------------------------------------ opening */

/* Keys that write or read other files, or wait, are not what this is about. */
static bool is_about_lines(const char *keys)
{
    static const char *const others[] = {"record", "load", "file", "ms="};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strstr(keys, others[i])) {
            return false;
        }
    }
    return true;
}

static struct i2cpt_adapter *open_stub(const char *path, const char *keys)
{
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault;
    char spec[1024];

    snprintf(spec, sizeof(spec), "stub,load=%s%s%s", path, *keys ? "," : "",
             keys);
    if (!i2cpt_adapter_open(spec, &adapter, &fault)) {
        return adapter;
    }
    if (!fault.code || !*fault.text || strchr(fault.text, '\n')) {
        fuzz_fail("refused with '%s'", fault.text);
    }
    return NULL;
}

/* Up to LF, which is left out. */
static size_t take_line(const uint8_t **at, size_t *left)
{
    const uint8_t *end = memchr(*at, '\n', *left);
    size_t n = end ? (size_t)(end - *at) : *left;

    *at += n + (end ? 1 : 0);
    *left -= n + (end ? 1 : 0);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *at = data, *todo;
    char keys[512];
    size_t left = size, n = take_line(&at, &left);
    struct i2cpt_adapter *adapter;

    if (n >= sizeof(keys)) {
        return 0;
    }
    memcpy(keys, data, n);
    keys[n] = 0;
    todo = at;
    n = take_line(&at, &left);
    if (!is_about_lines(keys)) {
        return 0;
    }
    now_ns = 1;
    thread_now.run = NULL;
    adapter = open_stub(file_with(at, left), keys);
    if (adapter) {
        watch(adapter);
        for (size_t i = 0; i < n; i++) {
            ask(adapter, (char)todo[i]);
        }
        i2cpt_adapter_unref(adapter);
    }
    return 0;
}
