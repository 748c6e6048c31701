/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Message mode's reads: how much is fetched, what when it was too little;
 * lib/passthrough/message-read.c. */
#include <errno.h>

#include "pt-table.h"

#define SMBUS_ALL I2CPT_FUNC_SMBUS_EMUL_ALL
#define NO_BLOCK      \
    (I2CPT_FUNC_I2C | \
     (I2CPT_FUNC_SMBUS_EMUL_ALL & ~I2CPT_FUNC_SMBUS_READ_BLOCK_DATA))

static const struct pt_row starts[] = {
    {"unknown: runs at START, exactly", "", "!x R48 P", "N A", "r48:1~!x",
     "late-faults=0 nacks=1"},
    {"known: runs at the first byte", "", "W20 P R20 r P", "AA Aa0A",
     "w20:? r20:1~ took1", "over-read=0"},
    {"joined to a write: runs at START", "", "W48 1 !y R48 P", "AA N A",
     "w48:? w48:01+r48:34~!y", "late-faults=0"},
    {"the write's fault is told there", "", "W48 1 2 !d R48 P", "AAA N A",
     "w48:? w48:0102+r48:34~!d", "late-faults=1"},
    {"a command, then reads while it measures: each START tells", "",
     "W48 24 0 P !xx R48 r P R48 r P R48 r P", "AAAA N--A N--A Aa0A",
     "w48:? w48:2400 r48:34~!x r48:34~!x r48:34~ took1", "late-faults=0"},
    {"after presence-ms it is unknown again", "", "R48 r P +1001 R48 r P",
     "Aa0A Aa0A", "r48:1~ took1 r48:1~ took1", NULL},
};
PT_ROWS_TEST(start_row, starts)

static const struct pt_row lengths[] = {
    {"never seen, no write before: one byte, over-reads nothing", "",
     "R48 r3 P", "Aa0a1a2A", "r48:1~ took1 r48:2&~ took2 r48:3&~ took3",
     "over-read=0 resends=2"},
    {"never seen, after a write: read-ahead", "", "W48 1 R48 r2 P", "AAAa0a1A",
     "w48:? w48:01+r48:34~ took2", "over-read=32"},
    {"read-ahead=N", "read-ahead=7", "W48 1 R48 r2 P", "AAAa0a1A",
     "w48:? w48:01+r48:7~ took2", "over-read=5"},
    {"after a write and a STOP too", "", "W48 1 P R48 r2 P", "AAA Aa0a1A",
     "w48:? w48:01 r48:34~ took2", "over-read=32"},
    {"but not after a read in between", "", "W48 1 P R48 r2 P R48 r P",
     "AAA Aa0a1A Aa0A", "w48:? w48:01 r48:34~ took2 r48:1~ took1",
     "over-read=32"},
    {"the transaction before may have read as well", "",
     "W48 1 R48 r2 P R48 r P R48 r P", "AAAa0a1A Aa0A Aa0A",
     "w48:? w48:01+r48:34~ took2 r48:2~ took1 r48:1~ took1", NULL},
    {"other addresses do not come in between", "", "W48 1 P R49 r P R48 r P",
     "AAA Aa0A Aa0A", "w48:? w48:01 r49:1~ took1 r48:34~ took1", NULL},
    {"a second read in the same transaction", "", "W48 1 R48 r R48 r2 P",
     "AAAa0Aa0a1A",
     "w48:? w48:01+r48:34~ took1 r48:1~ took1 w48:01+r48:35&~ took2", NULL},
    {"read-length=N", "read-length=4", "W48 1 R48 r2 P R48 r4 P",
     "AAAa0a1A Aa0a1a2a3A", "w48:? w48:01+r48:4~ took2 r48:4~ took4",
     "over-read=2"},
    {"the controller knows: exactly", "", "R48:5 r5 P W48 1 R48:3 r3 P",
     "Aa0a1a2a3a4A AAAa0a1a2A", "r48:5 w48:01+r48:3", "over-read=0"},
    {"expect goes before read-length", "read-length=9", "R48:5 r5 P",
     "Aa0a1a2a3a4A", "r48:5", "over-read=0"},
    {"the controller was wrong", "", "R48:2 r3 P", "Aa0a1a2A",
     "r48:2 r48:3&~ took3", "resends=1"},
    {"nack ends it", "", "R48 r n r P", "Aa0--A", "r48:1~ took1", NULL},
    {"nack before the first byte: that one alone", "", "R48 n r r n r P",
     "A a0---- A", "r48:1~ took1", NULL},
    {"and of a known target it is fetched alone", "",
     "W48 1 2 P R48 n r r P W48 1 2 P R48 r2 P", "AAAA A a0-- A AAAA Aa0a1A",
     "w48:? w48:0102 r48:34~ took1 w48:0102 r48:1~ took1 w48:0102+r48:35&~ "
     "took2",
     NULL},
    {"at the first byte too", "", "R48 r2 P R48 n r r P R48 r2 P",
     "A a0a1 A A a0-- A A a0a1 A",
     "r48:1~ took1 r48:2&~ took2 r48:1 r48:2~ took2", NULL},
    {"joined to a write", "", "W48 1 R48 n r r P", "AAA a0-- A",
     "w48:? w48:01+r48:34~ took1", "over-read=33"},
    {"nack and no byte", "", "W20 P R20 n P", "AA A A", "w20:? r20:0", NULL},
    {"nack is for that read alone", "", "R48 n r R48 r2 P", "A a0 A a0a1 A",
     "r48:1~ took1 r48:1~ took1 r48:2&~ took2", NULL},
    {"a repeated START ends it", "", "R48 r R48 r P", "Aa0Aa0A",
     "r48:1~ took1 r48:1~ took1", NULL},
    {"nothing taken teaches nothing", "", "W48 1 R48 P W48 1 R48 r P",
     "AAAA AAAa0A", "w48:? w48:01+r48:34~ took0 w48:01+r48:34~ took1",
     "over-read=67"},
};
PT_ROWS_TEST(length_row, lengths)

static const struct pt_row learnings[] = {
    {"the second time exactly", "", "W48 1 R48 r6 P W48 1 R48 r6 P",
     "AAAa0a1a2a3a4a5A AAAa0a1a2a3a4a5A",
     "w48:? w48:01+r48:34~ took6 w48:01+r48:6~ took6", "over-read=28"},
    {"without a write too", "", "R48 r2 P R48 r2 P", "Aa0a1A Aa0a1A",
     "r48:1~ took1 r48:2&~ took2 r48:2~ took2", "over-read=0 resends=1"},
    {"the key is what was written", "",
     "W48 1 R48 r2 P W48 2 R48 r3 P W48 1 R48 r2 P",
     "AAAa0a1A AAAa0a1a2A AAAa0a1A",
     "w48:? w48:01+r48:34~ took2 w48:02+r48:34~ took3 w48:01+r48:2~ took2",
     NULL},
    {"and the address", "", "W48 1 R48 r2 P W49 1 R49 r2 P",
     "AAAa0a1A AAAa0a1A",
     "w48:? w48:01+r48:34~ took2 w49:? w49:01+r49:34~ took2", NULL},
    {"the longest stays", "", "W48 1 R48 r4 P W48 1 R48 r2 P W48 1 R48 r4 P",
     "AAAa0a1a2a3A AAAa0a1A AAAa0a1a2a3A",
     "w48:? w48:01+r48:34~ took4 w48:01+r48:4~ took2 w48:01+r48:4~ took4",
     NULL},
    {"two that agree speak for a third", "",
     "W48 1 R48 r2 P W48 2 R48 r2 P W48 3 R48 r2 P",
     "AAAa0a1A AAAa0a1A AAAa0a1A",
     "w48:? w48:01+r48:34~ took2 w48:02+r48:34~ took2 w48:03+r48:2~ took2",
     "over-read=64"},
    {"for those after writes as long, before all others", "",
     "W48 1 R48 r2 P W48 2 R48 r2 P W48 1 1 R48 r3 P W48 1 2 R48 r3 P "
     "W48 1 3 R48 r3 P W48 4 R48 r2 P W48 1 2 3 R48 r P",
     "AAAa0a1A AAAa0a1A AAAAa0a1a2A AAAAa0a1a2A AAAAa0a1a2A AAAa0a1A "
     "AAAAAa0A",
     "w48:? w48:01+r48:34~ took2 w48:02+r48:34~ took2 w48:0101+r48:2~ took2 "
     "w48:0101+r48:36&~ took3 w48:0102+r48:34~ took3 w48:0103+r48:3~ took3 "
     "w48:04+r48:2~ took2 w48:010203+r48:34~ took1",
     NULL},
    {"one that differs silences them", "",
     "W48 1 R48 r2 P W48 2 R48 r2 P W48 3 R48 r3 P W48 4 R48 r P",
     "AAAa0a1A AAAa0a1A AAAa0a1a2A AAAa0A",
     "w48:? w48:01+r48:34~ took2 w48:02+r48:34~ took2 w48:03+r48:2~ took2 "
     "w48:03+r48:36&~ took3 w48:04+r48:34~ took1",
     NULL},
    {"one of which nothing was taken does not", "",
     "W48 1 R48 r2 P W48 2 R48 r2 P W48 3 R48 P W48 4 R48 r2 P",
     "AAAa0a1A AAAa0a1A AAAA AAAa0a1A",
     "w48:? w48:01+r48:34~ took2 w48:02+r48:34~ took2 w48:03+r48:2~ took0 "
     "w48:04+r48:2~ took2",
     NULL},
    {"expect teaches as well", "", "W48 1 R48:6 r6 P W48 1 R48 r6 P",
     "AAAa0a1a2a3a4a5A AAAa0a1a2a3a4a5A",
     "w48:? w48:01+r48:6 w48:01+r48:6~ took6", "over-read=0"},
};
PT_ROWS_TEST(learning_row, learnings)

static const struct pt_row shorts[] = {
    {"the pair again, longer, and what was taken is dropped", "read-ahead=2",
     "W48 1 R48 r5 P", "AAAa0a1a2a3a4A",
     "w48:? w48:01+r48:2~ took2 w48:01+r48:4&~ took4 w48:01+r48:6&~ took5",
     "resends=2 over-read=1"},
    {"read-ahead=1 over-reads nothing", "read-ahead=1", "W48 1 R48 r3 P",
     "AAAa0a1a2A",
     "w48:? w48:01+r48:1~ took1 w48:01+r48:2&~ took2 w48:01+r48:3&~ took3",
     "resends=2 over-read=0"},
    {"also where the write was the transaction before", "read-ahead=2",
     "W48 1 P R48 r3 P", "AAA Aa0a1a2A",
     "w48:? w48:01 r48:2~ took2 w48:01+r48:4&~ took3", "resends=1"},
    {"a pointer of pointer-bytes", "read-ahead=2", "W48 1 2 R48 r3 P",
     "AAAAa0a1a2A", "w48:? w48:0102+r48:2~ took2 w48:0102+r48:4&~ took3", NULL},
    {"a longer write is never sent twice: reads on", "read-ahead=2",
     "W48 1 2 3 R48 r4 P", "AAAAAa0a1a2a3A",
     "w48:? w48:010203+r48:2~ took2 r48:1> r48:1>", "resends=0 continues=2",
     .config = {.continues = true}},
    {"pointer-bytes=3 allows it", "read-ahead=2,pointer-bytes=3",
     "W48 1 2 3 R48 r3 P", "AAAAAa0a1a2A",
     "w48:? w48:010203+r48:2~ took2 w48:010203+r48:4&~ took3", NULL},
    {"pointer-bytes=0: reads on after any write",
     "read-ahead=2,pointer-bytes=0", "W48 1 R48 r3 P", "AAAa0a1a2A",
     "w48:? w48:01+r48:2~ took2 r48:1>", "continues=1",
     .config = {.continues = true}},
    {"on-short=continue reads on", "on-short=continue,read-ahead=1",
     "W48 1 R48 r4 P W48 1 R48 r4 P", "AAAa0a1a2a3A AAAa4a5a6a7A",
     "w48:? w48:01+r48:1~ took1 r48:1> r48:1> r48:1> w48:01+r48:4~ took4",
     "over-read=0 continues=3 resends=0", .config = {.continues = true}},
    {"without a write as well", "on-short=continue", "R48 r3 P R48 r3 P",
     "Aa0a1a2A Aa3a4a5A", "r48:1~ took1 r48:1> r48:1> r48:3~ took3",
     "over-read=0", .config = {.continues = true}},
    {"refused then: 0xff, and told at the next START", "read-ahead=2",
     "W48 1 R48 !y r4 P W48 P", "AAAa0a1----A NA",
     "w48:? w48:01+r48:2~ took2 w48:01+r48:4&~!y", "late-faults=1", BLOCKING},
    {"busy then: tried again", "read-ahead=2", "W48 1 R48 !xo r3 P",
     "AAAa0a1a2A",
     "w48:? w48:01+r48:2~ took2 w48:01+r48:4&~!x . w48:01+r48:4&~ took3",
     "busy-retries=1"},
};
PT_ROWS_TEST(short_row, shorts)

static const struct pt_row blocks[] = {
    {"count and as many, twice: a block read", "",
     "=021122 W48 9 R48 r3 P =03112233 W48 9 R48 r4 P =0133 W48 9 R48 r2 P",
     "AAA021122A AAA03112233A AAA0133A",
     "w48:? w48:09+r48:34~ took3 w48:09+r48:3~ took3 w48:09+r48:37&~ took4 "
     "w48:09+R48:1~ took2",
     NULL},
    {"and with a PEC", "",
     "=02112255 W48 9 R48 r4 P W48 9 R48 r4 P =013355 W48 9 R48 r3 P",
     "AAA02112255A AAA02112255A AAA013355A",
     "w48:? w48:09+r48:34~ took4 w48:09+r48:4~ took4 w48:09+R48:2~ took3",
     NULL},
    {"once is not enough", "",
     "=021122 W48 9 R48 r3 P W48 9 R48 r2 P W48 9 R48 r3 P W48 9 R48 r3 P "
     "W48 9 R48 r3 P",
     "AAA021122A AAA0211A AAA021122A AAA021122A AAA021122A",
     "w48:? w48:09+r48:34~ took3 w48:09+r48:3~ took2 w48:09+r48:3~ took3 "
     "w48:09+r48:3~ took3 w48:09+R48:1~ took3",
     NULL},
    {"another number taken: it was none, and never again", "",
     "=021122 W48 9 R48 r3 P W48 9 R48 r3 P W48 9 R48 r2 P W48 9 R48 r3 P "
     "W48 9 R48 r3 P W48 9 R48 r3 P",
     "AAA021122A AAA021122A AAA0211A AAA021122A AAA021122A AAA021122A",
     "w48:? w48:09+r48:34~ took3 w48:09+r48:3~ took3 w48:09+R48:1~ took2 "
     "w48:09+r48:3~ took3 w48:09+r48:3~ took3 w48:09+r48:3~ took3",
     NULL},
    {"a count that is none: read plainly, and never again", "",
     "=021122 W48 9 R48 r3 P W48 9 R48 r3 P !p =001122 W48 9 R48 r3 P "
     "W48 9 R48 r3 P",
     "AAA021122A AAA021122A AAA001122A AAA001122A",
     "w48:? w48:09+r48:34~ took3 w48:09+r48:3~ took3 w48:09+R48:1~!p "
     "w48:09+r48:3&~ took3 w48:09+r48:3~ took3",
     "late-faults=0 resends=1"},
    {"the guest wants more than the block", "",
     "=021122 W48 9 R48 r3 P W48 9 R48 r3 P W48 9 R48 r4 P",
     "AAA021122A AAA021122A AAA02112202A",
     "w48:? w48:09+r48:34~ took3 w48:09+r48:3~ took3 w48:09+R48:1~ took3 "
     "w48:09+r48:37&~ took4",
     NULL},
    {"the host has no RECV_LEN", "",
     "=021122 W48 9 R48 r3 P W48 9 R48 r3 P W48 9 R48 r3 P",
     "AAA021122A AAA021122A AAA021122A",
     "w48:? w48:09+r48:34~ took3 w48:09+r48:3~ took3 w48:09+r48:3~ took3", NULL,
     .config = {.functionality = NO_BLOCK}},
    {"not where the controller knows", "",
     "=021122 W48 9 R48 r3 P W48 9 R48 r3 P W48 9 R48:3 r3 P",
     "AAA021122A AAA021122A AAA021122A",
     "w48:? w48:09+r48:34~ took3 w48:09+r48:3~ took3 w48:09+r48:3", NULL},
};
PT_ROWS_TEST(block_row, blocks)

/* A block of 32 bytes, its count before it. */
#define COUNT_32                       \
    "20000102030405060708090a0b0c0d0e" \
    "0f101112131415161718191a1b1c1d1e" \
    "1f"

/* Protocols by Linux's numbers: 0 quick, 1 byte, 2 byte data, 3 word data,
 * 4 process call, 8 I2C block. */
static const struct pt_row smbus_only[] = {
    {"32 where there are I2C blocks", "", "W48 7 R48 r3 P W48 7 R48 r3 P",
     "AAAa0a1a2A AAAa0a1a2A",
     "smbus0w@48:00? smbus8r@48:07/32~ took3 smbus8r@48:07/3~ took3",
     "over-read=29", .config = {.functionality = SMBUS_ALL, .no_stream = true}},
    {"a count of 32 and 32 bytes: a block read", "",
     "=" COUNT_32 " W48 7 R48 r33 P", "AAA" COUNT_32 "A",
     "smbus0w@48:00? smbus8r@48:07/32~ took32 smbus5r@48:07&~ took33",
     "resends=1", .config = {.functionality = SMBUS_ALL, .no_stream = true}},
    {"2 where there are words", "", "W48 7 R48 r2 P", "AAAa0a1A",
     "smbus0w@48:00? smbus3r@48:07~ took2", "over-read=0",
     .config = {.functionality = SMBUS_ALL & ~I2CPT_FUNC_SMBUS_READ_I2C_BLOCK,
                .no_stream = true}},
    {"1 where there are bytes only", "", "W48 7 R48 r P", "AAAa0A",
     "smbus0w@48:00? smbus2r@48:07~ took1", NULL,
     .config = {.functionality = SMBUS_ALL & ~(I2CPT_FUNC_SMBUS_READ_I2C_BLOCK |
                                               I2CPT_FUNC_SMBUS_READ_WORD_DATA),
                .no_stream = true}},
    {"more than that is not possible: 0xff, told late", "",
     "W48 7 R48 r3 P W48 P", "AAAa0a1--A NA",
     "smbus0w@48:00? smbus3r@48:07~ took2", "late-faults=1", BLOCKING,
     .config = {.functionality = SMBUS_ALL & ~I2CPT_FUNC_SMBUS_READ_I2C_BLOCK,
                .no_stream = true}},
    {"a read alone is one byte, then the pair", "", "W48 7 P R48 r2 P",
     "AAA Aa0a1A",
     "smbus0w@48:00? smbus1w@48:07 smbus1r@48:00~ took1 smbus0w@48:00? "
     "smbus8r@48:07/32&~ took2",
     NULL, .config = {.functionality = SMBUS_ALL, .no_stream = true}},
    {"a process call is two bytes", "", "W48 7 1 2 R48 r2 P", "AAAAAa0a1A",
     "smbus0w@48:00? smbus4w@48:07~ took2", NULL,
     .config = {.functionality = SMBUS_ALL, .no_stream = true}},
};
PT_ROWS_TEST(smbus_row, smbus_only)

/* What the deadline of 200 ms leaves; three quarters of it are used. */
static const struct pt_row slow[] = {
    {"25 ms a byte: the probe tells", "", "W48 1 R48 r2 P", "AAAa0a1A",
     "w48:? w48:01+r48:3~ took2", "over-read=1", .config = {.byte_us = 25000}},
    {"and it grows by as little", "", "W48 1 R48 r5 P", "AAAa0a1a2a3a4A",
     "w48:? w48:01+r48:3~ took3 w48:01+r48:4&~ took4 w48:01+r48:5&~ took5",
     "resends=2", .config = {.byte_us = 25000}},
    {"what was learned is asked for all the same", "",
     "W48 1 R48 r6 P W48 1 R48 r6 P", "AAAa0a1a2a3a4a5A AAAa0a1a2a3a4a5A",
     "w48:? w48:01+r48:3~ took3 w48:01+r48:4&~ took4 w48:01+r48:5&~ took5 "
     "w48:01+r48:6&~ took6 w48:01+r48:6~ took6",
     NULL, .config = {.byte_us = 25000}},
    {"not probed: the first expires, the second knows", "probe=off",
     "W48 1 !t R48 P W48 1 R48 r2 P", "AAN A AAAa0a1A",
     "w48:01+r48:34~!t w48:01+r48:3~ took2", "timeouts=1",
     .config = {.byte_us = 25000}},
    {"not more than there is time for", "read-ahead=7", "W48 1 R48 r2 P",
     "AAAa0a1A", "w48:? w48:01+r48:7~ took2", NULL,
     .config = {.byte_us = 1000}},
    {"by the frequency", "probe=off", "W48 1 R48 r2 P", "AAAa0a1A",
     "w48:01+r48:13~ took2", NULL, .config = {.frequency_hz = 1000}},
    {"100 kHz has time", "", "W48 1 R48 r2 P", "AAAa0a1A",
     "w48:? w48:01+r48:34~ took2", NULL,
     .config = {.frequency_hz = 100000, .byte_us = 90}},
    {"a host far away, not a slow chip: longer transfers tell", "",
     "W48 1 R48 r6 P W48 2 R48 r6 P", "AAAa0a1a2a3a4a5A AAAa0a1a2a3a4a5A",
     "w48:? w48:01+r48:1~ took1 w48:01+r48:9&~ took6 w48:02+r48:33~ took6",
     NULL, .config = {.transfer_us = 50000}},
    {"9 ms for a probe is the host, not the wire", "", "W48 1 R48 r2 P",
     "AAAa0a1A", "w48:? w48:01+r48:34~ took2", NULL,
     .config = {.transfer_us = 9000}},
    {"other addresses are others", "", "W48 1 P W49 1 R49 r2 P", "AAA AAAa0a1A",
     "w48:? w48:01 w49:? w49:01+r49:3~ took2", NULL,
     .config = {.byte_us = 25000}},
};

START_TEST(slow_row)
{
    const struct pt_row *row = &slow[_i];

    run_row_on(row, FORM_BLOCKING, "fake,timeout-ms=200");
    run_row_on(row, FORM_WORKER, "fake,timeout-ms=200");
}
END_TEST

/* A host of single bytes has no read behind a write at all: what is said is
 * what one of a byte would take, since that is the least. */
START_TEST(the_least_is_a_byte)
{
    struct fake_config config = {.functionality = I2CPT_FUNC_SMBUS_QUICK |
                                                  I2CPT_FUNC_SMBUS_READ_BYTE |
                                                  I2CPT_FUNC_SMBUS_WRITE_BYTE,
                                 .no_stream = true};
    struct i2cpt_fault fault;
    struct fake_guest g;

    pt_guest_open(&g, FORM_BLOCKING, &config, "probe=off");
    pt_guest_run(&g, "W48 1 R48 r");
    ck_assert_str_eq(g.answers, "AAN--");
    i2cpt_passthrough_fault(g.pt, &fault);
    ck_assert_int_eq(fault.code, EOPNOTSUPP);
    ck_assert_msg(strstr(fault.text, "SMBUS_READ_BYTE_DATA"), "%s", fault.text);
    pt_guest_close(&g);
}
END_TEST

/* 64 bytes with no write before them, never seen: nothing is over-read, and
 * past EXACT_MAX lengths double. */
START_TEST(grows)
{
    struct fake_config config = {0};
    struct fake_guest g;
    uint8_t byte;
    unsigned i;

    pt_guest_open(&g, FORM_BLOCKING, &config, "");
    pt_guest_run(&g, "R48");
    for (i = 0; i < 1000; i++) {
        ck_assert_int_eq(pt_guest_read(&g, &byte), I2CPT_ACK);
        ck_assert_uint_eq(byte, (uint8_t)(0xa0 + i));
        if (i == 127) {
            ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_RESENDS), 127);
        }
    }
    pt_guest_run(&g, "P");
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_RESENDS), 127 + 3);
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_OVER_READ), 1024 - 1000);
    pt_guest_run(&g, "R48");
    for (i = 0; i < 1000; i++) {
        pt_guest_read(&g, &byte);
    }
    pt_guest_run(&g, "P");
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_OVER_READ), 1024 - 1000);
    pt_guest_close(&g);
}
END_TEST

/* A guest that reads without STOP for ever must not eat the memory. */
START_TEST(endless_read)
{
    struct fake_config config = {0};
    struct fake_guest g;
    uint8_t byte;
    unsigned i;

    pt_guest_open(&g, FORM_BLOCKING, &config, "read-length=65535");
    pt_guest_run(&g, "W48 1 R48");
    for (i = 0; i < I2CPT_MSG_MAX; i++) {
        ck_assert_int_eq(pt_guest_read(&g, &byte), I2CPT_ACK);
    }
    ck_assert_int_eq(pt_guest_read(&g, &byte), I2CPT_NACK);
    ck_assert_int_eq(pt_guest_read(&g, &byte), I2CPT_NACK);
    pt_guest_run(&g, "P");
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_LATE_FAULTS), 1);
    pt_guest_close(&g);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pt-read");
    TCase *tc = tcase_create("tables");

    PT_ROWS_ADD(tc, start_row, starts);
    PT_ROWS_ADD(tc, length_row, lengths);
    PT_ROWS_ADD(tc, learning_row, learnings);
    PT_ROWS_ADD(tc, short_row, shorts);
    PT_ROWS_ADD(tc, block_row, blocks);
    PT_ROWS_ADD(tc, smbus_row, smbus_only);
    PT_ROWS_ADD(tc, slow_row, slow);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    tc = tcase_create("sizes");
    tcase_add_test(tc, grows);
    tcase_add_test(tc, endless_read);
    tcase_add_test(tc, the_least_is_a_byte);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
