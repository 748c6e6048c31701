/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm-modes MODEL BOARD, or --bus NAME N ADDR (registers there), or --at24 NAME
 * N BOARD (QEMU's EEPROM): in a guest, the passthrough's message mode on a
 * kernel's adapter beside its stream mode on the stub backend with the same
 * chips. Every answer and byte has to be the same, or else what docs/policy.md
 * says of it. Then EEPROM pages, written as firmware does. TAP.
 *
 * A guest of the emulator is a list of words, as in tests/unit/pt-fake.h:
 *   W48 R48  START; 10  write that byte, 10x3 three times; r6  read; P  STOP;
 *   K50      START and STOP until it is acknowledged
 * Its answers: A, N, and after an N nothing more until STOP; bytes in hex, --
 * where refused.
 */
#include <stdlib.h>
#include <string.h>

#include "vm-guest.h"

/* Whose rows they are. */
#define USB     1u /* the board's chips */
#define SMBUS   2u /* registers at 0x48, wherever they are */
#define RESTART 4u /* needs a repeated START, OSIF has none */
#define AT24    8u /* QEMU's EEPROM, which has no pages */

static const struct row {
    const char *kind, *policy, *words;
    unsigned who;
    const char *differs; /* what message mode answers instead; NULL: the same */
} rows[] = {
    {"registers, write and read", "", "W48 10 5a P W48 10 R48 r1 P",
     USB | SMBUS, NULL},
    {"registers, burst", "", "W48 20 01 02 03 04 P W48 20 R48 r4 P",
     USB | SMBUS, NULL},
    {"registers, STOP between", "", "W48 20 P R48 r1 P W48 10 P R48 r1 P",
     USB | SMBUS, NULL},
    {"registers, read of 200", "", "W48 00 R48 r200 P", USB, NULL},
    {"registers, poll", "", "W48 P R48 P", USB | SMBUS, NULL},
    {"nobody there", "", "W20 P R20 P W20 10 P", USB, NULL},
    {"sensor", "", "W49 00 R49 r2 P R49 r2 P R49 r4 P W49 01 R49 r1 P", USB,
     NULL},
    {"EEPROM of 8 bits", "",
     "W50 08 a0 a1 a2 a3 P K50 W50 08 R50 r8 P W50 0a P R50 r2 P", USB, NULL},
    {"EEPROM, page wraps", "", "W50 16 b0 b1 b2 b3 P K50 W50 10 R50 r8 P", USB,
     NULL},
    {"EEPROM, 256 bytes", "", "W50 00 R50 r256 P", USB, NULL},
    {"EEPROM, current address", "on-short=continue,read-length=1",
     "W50 10 R50 r3 P R50 r2 P R50 r4 P", USB, NULL},
    {"EEPROM of 16 bits", "",
     "W51 01 3e d0 d1 d2 d3 P K51 W51 01 3e R51 r4 P W51 01 00 R51 r2 P", USB,
     NULL},
    {"EEPROM of 16 bits, random reads", "",
     "W51 01 20 d0 d1 d2 d3 P K51 W51 01 20 R51 r4 P W51 01 22 P R51 r2 P",
     USB | AT24, NULL},
    {"EEPROM of 16 bits, a page", "",
     "W51 40 00 c3x64 P K51 W51 3f ff R51 r66 P", USB, NULL},
    {"EEPROM, refuses in its cycle", "", "W50 20 01 P W50 P K50", USB,
     "AAA A A"},
    {"FIFO", "on-short=continue,read-length=1",
     "W1d 06 R1d r3 P W1d 06 R1d r3 P R1d r2 P", USB, NULL},
    {"FIFO, default policy", "", "W1d 06 R1d r3 P W1d 06 R1d r3 P", USB,
     "AAA010203 AAA030405 "},
    {"NACK on demand", "", "W1e 00 01 P W1e 00 01 02 P W1e 00 P W1e 00 P", USB,
     "AAA AAAA N AA "},
    {"stretching", "", "W1f 00 77 P W1f 00 R1f r2 P", USB, NULL},
    {"SMBus word, block", "",
     "W0b 02 R0b r2 P W0b 20 R0b r4 P W0b 20 R0b r4 P W0b 20 R0b r4 P",
     USB | RESTART, NULL},
    {"SMBus process call", "", "W0b 30 12 34 R0b r2 P", USB | RESTART, NULL},
    {"SMBus, unknown command", "", "W0b 77 P W0b 02 P W0b 02 R0b r2 P",
     USB | RESTART, "AA N AAA3412 "},
};

static struct board board;
static int same, documented;

/* ------------------------------------------------------------------- guest */

struct guest {
    struct i2cpt_adapter *adapter;
    struct i2cpt_passthrough *pt;
    int refused; /* as firmware does, nothing more until STOP */
    char answers[2000];
};

static void guest_open(struct guest *g, struct i2cpt_adapter *a,
                       const char *more)
{
    struct i2cpt_policy *policy;
    char text[200], *word;

    g->adapter = a;
    g->answers[0] = 0;
    g->refused = 0;
    snprintf(text, sizeof(text), "%s,busy-retry-ms=2000", more);
    i2cpt_policy_new(&policy);
    for (word = strtok(text, ","); word; word = strtok(NULL, ",")) {
        char *value = strchr(word, '=');

        *value++ = 0;
        if (i2cpt_policy_set(policy, word, value, &guest_fault)) {
            report(0, "policy: %s", guest_fault.text);
            exit(1);
        }
    }
    if (i2cpt_passthrough_new(a, policy, NULL, &g->pt, &guest_fault)) {
        report(0, "passthrough: %s", guest_fault.text);
        exit(1);
    }
    i2cpt_policy_free(policy);
}

static void say(struct guest *g, const char *what)
{
    size_t at = strlen(g->answers);

    snprintf(g->answers + at, sizeof(g->answers) - at, "%s", what);
}

static void tell(struct guest *g, int answer)
{
    say(g, answer < 0 ? "E" : answer == I2CPT_ACK ? "A" : "N");
    g->refused |= answer != I2CPT_ACK;
}

/* Until it is acknowledged; how often it was not is another matter. */
static void poll_chip(struct guest *g, uint16_t addr)
{
    int i, answer = I2CPT_NACK;

    for (i = 0; i < 1000 && answer == I2CPT_NACK; i++) {
        answer = i2cpt_passthrough_start(g->pt, addr, 0, 0);
        i2cpt_passthrough_stop(g->pt);
    }
    tell(g, answer);
}

static void read_bytes(struct guest *g, unsigned n)
{
    char hex[3];
    uint8_t byte;

    while (n--) {
        int answer = i2cpt_passthrough_read(g->pt, &byte);

        snprintf(hex, sizeof(hex), "%02x", byte);
        say(g, answer ? "--" : hex);
    }
}

static void write_bytes(struct guest *g, const char *word)
{
    unsigned byte = 0, n = 1;

    sscanf(word, "%2xx%u", &byte, &n);
    while (n-- && !g->refused) {
        tell(g, i2cpt_passthrough_write(g->pt, (uint8_t)byte));
    }
}

static void run_word(struct guest *g, const char *word)
{
    uint16_t addr = (uint16_t)strtoul(word + 1, NULL, 16);

    if (g->refused && word[0] != 'P') {
        return;
    }
    switch (word[0]) {
    case 'W':
    case 'R':
        tell(g, i2cpt_passthrough_start(g->pt, addr,
                                        word[0] == 'R' ? I2CPT_M_RD : 0, 0));
        break;
    case 'K':
        poll_chip(g, addr);
        break;
    case 'P':
        i2cpt_passthrough_stop(g->pt);
        g->refused = 0;
        say(g, " ");
        break;
    case 'r':
        read_bytes(g, (unsigned)atoi(word + 1));
        break;
    default:
        write_bytes(g, word);
    }
}

static void guest_run(struct guest *g, const char *words)
{
    char text[400], *word;

    snprintf(text, sizeof(text), "%s", words);
    for (word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        run_word(g, word);
    }
}

/* -------------------------------------------------------------------- rows */

static uint64_t count_of(struct guest *g, enum i2cpt_counter which)
{
    return i2cpt_passthrough_counter(g->pt, which);
}

static void run_row(const struct row *row, struct i2cpt_adapter *stub,
                    const char *stub_policy, struct i2cpt_adapter *kernel,
                    const char *kernel_policy)
{
    struct guest s, k;
    char policy[200];
    const char *wanted;
    int ok;

    snprintf(policy, sizeof(policy), "transfer=stream,hold-timeout-ms=60000,%s",
             stub_policy);
    guest_open(&s, stub, policy);
    guest_run(&s, row->words);
    snprintf(policy, sizeof(policy), "transfer=message,%s%s%s", kernel_policy,
             row->policy[0] ? "," : "", row->policy);
    guest_open(&k, kernel, policy);
    guest_run(&k, row->words);
    wanted = row->differs ? row->differs : s.answers;
    ok = !strcmp(k.answers, wanted);
    same += ok && !row->differs;
    documented += ok && row->differs;
    if (ok) {
        report(1, "%s | %s (over-read %u, probes %u, resends %u)", row->kind,
               row->differs ? "the documented difference" : "same",
               (unsigned)count_of(&k, I2CPT_COUNT_OVER_READ),
               (unsigned)count_of(&k, I2CPT_COUNT_PROBES),
               (unsigned)count_of(&k, I2CPT_COUNT_RESENDS));
    } else {
        report(0, "%s | %s: %s, message mode here %s", row->kind,
               row->differs ? "documented" : "stream mode on the stub", wanted,
               k.answers);
    }
    if (row->differs && !strcmp(row->differs, s.answers)) {
        report(0, "%s | there is no difference left", row->kind);
    }
    i2cpt_passthrough_free(s.pt);
    i2cpt_passthrough_free(k.pt);
}

/* ------------------------------------------------------------ EEPROM pages */

static const char *const habits[] = {
    "polls with its address",
    "polls with the page itself",
    "polls with a read",
    "does not poll",
};

static int send_page(struct guest *g, uint16_t addr, const uint8_t *bytes,
                     unsigned n)
{
    int ret = i2cpt_passthrough_start(g->pt, addr, 0, 0);
    unsigned i;

    for (i = 0; i < n && ret == I2CPT_ACK; i++) {
        ret = i2cpt_passthrough_write(g->pt, bytes[i]);
    }
    i2cpt_passthrough_stop(g->pt);
    return ret;
}

static void wait_page(struct guest *g, uint16_t addr, unsigned habit)
{
    uint8_t byte;
    int i, ret = I2CPT_NACK;

    for (i = 0; i < 1000 && ret != I2CPT_ACK && habit == 0; i++) {
        ret = send_page(g, addr, NULL, 0);
    }
    for (i = 0; i < 1000 && ret != I2CPT_ACK && habit == 2; i++) {
        ret = i2cpt_passthrough_start(g->pt, addr, I2CPT_M_RD, 0);
        if (ret == I2CPT_ACK) {
            i2cpt_passthrough_read(g->pt, &byte);
        }
        i2cpt_passthrough_stop(g->pt);
    }
}

static uint8_t value_at(unsigned at, unsigned habit)
{
    return (uint8_t)(at * 7 + habit * 31 + 1);
}

static void write_pages(struct guest *g, uint16_t addr, unsigned page,
                        unsigned pages, unsigned habit)
{
    uint8_t bytes[2 + 64];
    unsigned i, k, n, tries;

    for (i = 0; i < pages; i++) {
        n = 0;
        if (addr == 0x51) {
            bytes[n++] = (uint8_t)(i * page >> 8);
        }
        bytes[n++] = (uint8_t)(i * page);
        for (k = 0; k < page; k++) {
            bytes[n++] = value_at(i * page + k, habit);
        }
        for (tries = 0; send_page(g, addr, bytes, n) && tries < 1000; tries++) {
            if (habit != 1) {
                break;
            }
        }
        wait_page(g, addr, habit);
    }
}

static unsigned bytes_lost(uint16_t addr, unsigned size, unsigned habit)
{
    unsigned at, k, value, lost = 0;

    for (at = 0; at < size; at += 64) {
        const char *hex = board_tell(&board, "peek %x %x", addr, at);

        for (k = 0; k < 64; k++) {
            lost += sscanf(hex + 2 * k, "%2x", &value) != 1 ||
                    value != value_at(at + k, habit);
        }
    }
    return lost;
}

static void run_pages(struct i2cpt_adapter *kernel, uint16_t addr,
                      unsigned page, unsigned pages)
{
    struct guest g;
    unsigned habit, lost;

    for (habit = 0; habit < sizeof(habits) / sizeof(habits[0]); habit++) {
        guest_open(&g, kernel, "transfer=message,addresses=0x50-0x51");
        poll_chip(&g, addr);
        write_pages(&g, addr, page, pages, habit);
        i2cpt_passthrough_drain(g.pt);
        lost = bytes_lost(addr, page * pages, habit);
        report(!lost,
               "EEPROM 0x%02x, %u pages, firmware that %s | %u of %u bytes "
               "lost (%u sent again, %u probes, %u late)",
               addr, pages, habits[habit], lost, page * pages,
               (unsigned)count_of(&g, I2CPT_COUNT_BUSY_RETRIES),
               (unsigned)count_of(&g, I2CPT_COUNT_PROBES),
               (unsigned)count_of(&g, I2CPT_COUNT_LATE_FAULTS));
        i2cpt_passthrough_free(g.pt);
    }
}

/* -------------------------------------------------------------------- main */

static void run_rows(unsigned who, struct i2cpt_adapter *stub,
                     const char *stub_policy, struct i2cpt_adapter *kernel,
                     const char *kernel_policy)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if ((rows[i].who & who) &&
            !(!strcmp(guest_name, "osif") && (rows[i].who & RESTART))) {
            run_row(&rows[i], stub, stub_policy, kernel, kernel_policy);
        }
    }
}

static void run_board(const char *model, const char *file)
{
    struct i2cpt_adapter *stub, *kernel;
    char spec[200], mirror[200];

    board_begin(&board, model, file);
    if (!board_plug(&board, spec)) {
        report(0, "the kernel does not see the adapter");
        exit(1);
    }
    snprintf(mirror, sizeof(mirror), "stub,load=%s,timeout-ms=5000", file);
    stub = open_spec(mirror, "");
    kernel = open_spec(spec, ",timeout-ms=10000");
    run_rows(USB, stub, "addresses=any", kernel, "addresses=any");
    run_pages(kernel, 0x50, 8, 32);
    run_pages(kernel, 0x51, 64, 6);
    i2cpt_adapter_unref(stub);
    i2cpt_adapter_unref(kernel);
    board_end(&board);
}

static void run_bus(const char *bus, const char *addr)
{
    struct i2cpt_adapter *stub, *kernel;
    char spec[200], policy[100];

    snprintf(spec, sizeof(spec), "i2c-dev,device=/dev/i2c-%s", bus);
    snprintf(policy, sizeof(policy), "address=0x48,hostaddr=%s", addr);
    stub = open_spec("stub,chips=0x48", "");
    kernel = open_spec(spec, ",timeout-ms=10000");
    run_rows(SMBUS, stub, "address=0x48", kernel, policy);
    i2cpt_adapter_unref(stub);
    i2cpt_adapter_unref(kernel);
}

/* An EEPROM at the address that ours has. */
static void run_at24(const char *bus, const char *file)
{
    struct i2cpt_adapter *stub, *kernel;
    char spec[200], mirror[200];

    snprintf(spec, sizeof(spec), "i2c-dev,device=/dev/i2c-%s", bus);
    snprintf(mirror, sizeof(mirror), "stub,load=%s,timeout-ms=5000", file);
    stub = open_spec(mirror, "");
    kernel = open_spec(spec, ",timeout-ms=10000");
    run_rows(AT24, stub, "address=0x51", kernel, "address=0x51");
    i2cpt_adapter_unref(stub);
    i2cpt_adapter_unref(kernel);
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        guest_name = argv[1];
        run_board(argv[1], argv[2]);
    } else if (argc == 5 && !strcmp(argv[1], "--at24")) {
        guest_name = argv[2];
        run_at24(argv[3], argv[4]);
    } else if (argc == 5 && !strcmp(argv[1], "--bus")) {
        guest_name = argv[2];
        run_bus(argv[3], argv[4]);
    } else {
        fprintf(stderr, "usage: vm-modes MODEL BOARD | --bus NAME N ADDR | "
                        "--at24 NAME N BOARD\n");
        return 2;
    }
    printf("# %s: message mode on it, stream mode on the stub: %d same, %d "
           "as documented, %d failed\n",
           guest_name, same, documented, guest_failed);
    return guest_failed != 0;
}
