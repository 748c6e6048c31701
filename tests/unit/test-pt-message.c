/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Message mode: which transfers come of which guest events, policy by policy;
 * lib/passthrough/message-mode.c and passthrough/targets.c. Reads are in
 * test-pt-read.c.
 */
#include <errno.h>

#include <unistd.h>

#include "pt-table.h"

static const struct pt_row writes[] = {
    {"kept until STOP, then one transfer", "", "W48 10 20 30 P", "A AAA A",
     "w48:? w48:102030", "transactions=1 transfers=2 bytes-written=3 probes=1"},
    {"kept until a repeated START", "", "W48 10 20 W48 30 P", "A AA A A A",
     "w48:? w48:1020 w48:30", "transactions=1"},
    {"joined to the read", "", "W48 10 R48 r2 P", "A A A a0a1 A",
     "w48:? w48:10+r48:34~ took2", "over-read=32 bytes-read=2"},
    {"to another address: not joined", "", "W48 10 R49 r P", "A A A a0 A",
     "w48:? w48:10 r49:1~ took1", "transactions=1"},
    {"a long write", "", "W48 55x300 P",
     "A AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "A"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "A"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "A"
     "AAAAAAA A",
     "w48:? w48:*300", "bytes-written=300"},
    {"absent: nothing is sent", "", "!x W48 10 20 P", "N NN A", "w48:?!x",
     "nacks=3 late-faults=0 bytes-written=0"},
    {"after a NACKed START a repeated one is a new one", "",
     "!xo W48 10 W48 20 P", "N N A A A", "w48:?!x w48:? w48:20", NULL},
    {"misuse", "", "10 r P W48 r P R48 10 P", "E E A A E A A E A", NULL, NULL},
    {"STOP without a transaction", "", "P n P W48 10 P P", "AA AA AA",
     "w48:? w48:10", "transactions=1"},
    {"a START to somebody else is a STOP", "", "W48 10 W33 20 r P W48 P",
     "AA E E E A AA", "w48:? w48:10 w48:", "transactions=2"},
    {"its fault is told at the next START there", "",
     "!oh W48 1 2 W33 W49 P W48 P W48 P", "AAA E AA NA AA", NULL,
     "late-faults=1"},
    {"what it began goes on", "", "!oox W48 1 W33 W20 P", "AA E NA",
     "w48:? w48:01 w20:?!x", NULL},
    {"not ours", "", "W21 W80 R00 R78 P", "E E E E A", "", "transactions=0"},
};
PT_ROWS_TEST(write_row, writes)

static const struct pt_row presences[] = {
    {"quick write where i2cdetect does so", "", "W20 P W48 P", "AA AA",
     "w20:? w48:?", "probes=2"},
    {"receive byte where a write may disturb", "", "W50 P", "AA",
     "r50:1? w50:", "probes=1"},
    {"receive byte at 0x30-0x37 and 0x50-0x5f, quick write around them",
     "addresses=any",
     "W2f 1 P W30 1 P W37 1 P W38 1 P W4f 1 P W50 1 P W5f 1 P W60 1 P",
     "AAA AAA AAA AAA AAA AAA AAA AAA",
     "w2f:? w2f:01 r30:1? w30:01 r37:1? w37:01 w38:? w38:01 w4f:? w4f:01 "
     "r50:1? w50:01 r5f:1? w5f:01 w60:? w60:01",
     NULL},
    {"known for presence-ms", "presence-ms=1000",
     "W48 10 P +1000 W48 11 P +1001 W48 12 P", "AAA AAA AAA",
     "w48:? w48:10 w48:11 w48:? w48:12", "probes=2"},
    {"always asked", "presence-ms=0", "W48 10 P +1 W48 11 P", "AAA AAA",
     "w48:? w48:10 w48:? w48:11", NULL},
    {"every success renews it", "presence-ms=1000",
     "W48 10 P +900 W48 11 P +900 W48 12 P", "AAA AAA AAA",
     "w48:? w48:10 w48:11 w48:12", "probes=1"},
    {"a failure ends it", "busy-retry-ms=0",
     "W48 10 P !d W48 11 12 P W48 W48 P", "AAA AAAA NA A", NULL, NULL,
     BLOCKING},
    {"a read knows too", "", "R48 r P W48 1 P", "A a0 A AAA",
     "r48:1~ took1 w48:01", "probes=0"},
    {"probe=off: no asking", "probe=off", "W48 10 P", "AAA", "w48:10",
     "probes=0"},
    {"no command for it: no asking", "", "W48 10 P W50 11 P", "AAA AAA",
     "w48:10 r50:1? w50:11", NULL, .config = {.functionality = I2CPT_FUNC_I2C}},
    {"refused as not supported: ACK, and not tried again", "",
     "!u W48 10 P +2000 W48 11 P", "AAA AAA", "w48:?!u w48:10 w48:11",
     "late-faults=0 nacks=0"},
    {"not in the trace: ACK, the transfer will tell", "", "!m W48 10 P", "AAA",
     "w48:?!m w48:10", "mismatches=0"},
    {"a probe that times out is no answer", "", "!t W48 10 P", "N N A",
     "w48:?!t", "timeouts=1"},
    {"phase hidden: no answer", "", "!h W48 10 P", "N N A", "w48:?!h", NULL},
    {"each address has its own", "", "W48 1 P W49 1 P W48 1 P", "AAA AAA AAA",
     "w48:? w48:01 w49:? w49:01 w48:01", "probes=2"},
    {"the host's address", "address=0x10,hostaddr=0x48", "W10 7 R10 r P",
     "AAA a0 A", "w48:? w48:07+r48:34~ took1", NULL},
};
PT_ROWS_TEST(presence_row, presences)

static const struct pt_row zero_lengths[] = {
    {"the probe was it", "", "W48 P", "AA", "w48:?", "transfers=1"},
    {"known present: out once at STOP", "", "W48 1 P W48 P", "AAA AA",
     "w48:? w48:01 w48:", NULL},
    {"probed by a read: out once at STOP", "", "W50 P", "AA",
     "r50:1? w50:", NULL},
    {"never retried, never late", "", "W48 1 P !xxx W48 P R48 P", "AAA AA N A",
     "w48:? w48:01 w48:!x r48:34~!x", "late-faults=0 resends=0", BLOCKING},
    {"told at the STOP where it waits", "", "W48 1 P !x W48 P W48 P",
     "AAA AN A A", "w48:? w48:01 w48:!x w48:?", "late-faults=0", ASYNC},
    {"refused as not supported: nobody's fault", "", "W48 1 P !u W48 P",
     "AAA AA", "w48:? w48:01 w48:!u", "late-faults=0 nacks=0"},
    {"before a repeated START", "", "W48 1 P W48 W48 2 P", "AAA AAAA",
     "w48:? w48:01 w48: w48:02", NULL},
    {"no command for it", "", "W48 P", "AA", "", "late-faults=0",
     .config = {.functionality = I2CPT_FUNC_I2C}},
    {"quick read stays one", "", "W48 1 P R48 r P R48 P", "AAA Aa0A AA",
     "w48:? w48:01 r48:34~ took1 r48:0", NULL},
    {"quick read before a repeated START", "", "W48 1 P R48 r P R48 W48 2 P",
     "AAA Aa0A AAAA", "w48:? w48:01 r48:34~ took1 r48:0 w48:02", NULL},
    {"quick read, refused: not late", "", "W48 1 P R48 r P !x R48 P W48 P",
     "AAA Aa0A AA AA", "w48:? w48:01 r48:34~ took1 r48:0!x w48:?",
     "late-faults=0", BLOCKING},
    {"quick read to an unknown address: at START, exactly", "", "R48 P", "AA",
     "r48:1~ took0", "over-read=1"},
    {"unknown and absent", "", "!x R48 r P", "N -- A", "r48:1~!x",
     "late-faults=0"},
    {"a scan tells the truth", "", "!oxxo W20 P W48 P W49 P W50 P",
     "AA NA NA AA", "w20:? w48:?!x w49:?!x r50:1? w50:", "nacks=2"},
};
PT_ROWS_TEST(zero_length_row, zero_lengths)

static const struct pt_row promises[] = {
    {"sent again until taken", "", "W50 1 P !xxo W50 2 P W50 P", "AAA AAA AA",
     "r50:1? w50:01 w50:02!x . w50:02&!x . w50:02& w50:",
     "busy-retries=2 late-faults=0"},
    {"a read that polls is told at its START", "",
     "W50 1 P !xxo R50 P R50 P R50 r P", "AAA NA NA A a0 A",
     "r50:1? w50:01 r50:34~!x r50:34~!x r50:34~ took1",
     "late-faults=0 nacks=2"},
    {"a read later on: at START too", "", "W50 1 P +31 !x R50 r P R50 r P",
     "AAA N--A Aa0A", "r50:1? w50:01 r50:34~!x r50:34~ took1", NULL},
    {"with the read behind it", "", "W50 1 P !xo W50 0 R50 r P", "AAA AAA a0 A",
     "r50:1? w50:01 w50:00+r50:34~!x . w50:00+r50:34&~ took1",
     "busy-retries=1"},
    {"one message, the host does not number it", "", "W50 1 P !zo W50 2 P",
     "AAA AAA", "r50:1? w50:01 w50:02!z . w50:02&", NULL},
    {"two messages, it does not say which: not again", "",
     "W50 1 P !z W50 2 R50 P", "AAA AAN A", "r50:1? w50:01 w50:02+r50:34~!z",
     "busy-retries=0 late-faults=1"},
    {"a later message: reported there, never again", "",
     "W48 1 P !y W48 2 R48 r P", "AAA AAN -- A",
     "w48:? w48:01 w48:02+r48:34~!y", "busy-retries=0 late-faults=0 nacks=2"},
    {"phase unknown: never", "", "W48 1 P !h W48 2 P W48 W48 P", "AAA AAA NAA",
     "w48:? w48:01 w48:02!h w48:?",
     "busy-retries=0 "
     "late-faults=1",
     BLOCKING},
    {"a data byte: never", "", "W48 1 P !d W48 2 3 P", "AAA AAAA",
     "w48:? w48:01 w48:0203!d", "busy-retries=0 late-faults=1", BLOCKING},
    {"busy-retry-ms=0: never", "busy-retry-ms=0", "W48 1 P !x W48 2 P",
     "AAA AAA", "w48:? w48:01 w48:02!x", "busy-retries=0 late-faults=1",
     BLOCKING},
    {"until the time is up", "busy-retry-ms=2", "W48 1 P !xxxxxxxx W48 2 P",
     "AAA AAA",
     "w48:? w48:01 w48:02!x . w48:02&!x . w48:02&!x . w48:02&!x . w48:02&!x",
     "busy-retries=4 late-faults=1", BLOCKING},
    {"until the time is up, and the STOP tells", "busy-retry-ms=1",
     "W48 1 P !xxxx W48 2 P W48 P", "AAA AAN NA",
     "w48:? w48:01 w48:02!x . w48:02&!x . w48:02&!x w48:?!x",
     "busy-retries=2 late-faults=1", ASYNC},
    {"an ACK told to a poll is kept at the next write", "",
     "W48 1 P !xxxo W48 P W48 2 P", "AAA AA AAA",
     "w48:? w48:01 w48:!x w48:?!x . w48:?&!x . w48:?& w48:02",
     "late-faults=0 nacks=0", BLOCKING},
    {"also where the phase is hidden", "", "W50 1 P !hho W50 P W50 2 P",
     "AAA AA AAA", "r50:1? w50:01 w50:!h r50:1?!h . r50:1?& w50:02", "nacks=0",
     BLOCKING, .config = {.no_stream = true}},
    {"but not where the STOP has told", "", "W48 1 P !xx W48 P W48 2 P",
     "AAA AN NNA", "w48:? w48:01 w48:!x w48:?!x", NULL, ASYNC},
    {"nor when the poll was long ago", "", "W48 1 P !xx W48 P +31 W48 2 P",
     "AAA AA NNA", "w48:? w48:01 w48:!x w48:?!x", NULL, BLOCKING},
    {"nor with busy-retry-ms=0", "busy-retry-ms=0",
     "W48 1 P !xx W48 P +1 W48 2 P", "AAA AA NNA",
     "w48:? w48:01 w48:!x w48:?!x", NULL, BLOCKING},
    {"and only once", "busy-retry-ms=1", "W48 1 P !xxxxx W48 P W48 P W48 P",
     "AAA AA NA NA",
     "w48:? w48:01 w48:!x w48:?!x . w48:?&!x . w48:?&!x w48:?!x", NULL,
     BLOCKING},
    {"at a repeated START it is told there", "busy-retry-ms=0",
     "W48 1 P !x W48 2 W48 3 P W48 4 P", "AAA AANNA AAA",
     "w48:? w48:01 w48:02!x w48:? w48:04", "late-faults=1"},
};
/* the host of these tells phases from the start */
PT_ROWS_TEST(promise_row, promises)

static const struct pt_row readies[] = {
    {"phase not known: a probe before the second write", "",
     "W50 1 P +5 W50 2 P", "AAA AAA", "r50:1? w50:01 r50:1? w50:02",
     "probes=2 busy-retries=0", .config = {.no_stream = true}},
    {"repeated until ACK", "", "W50 1 P !hho W50 2 P", "AAA AAA",
     "r50:1? w50:01 r50:1?!h . r50:1?&!h . r50:1?& w50:02",
     "probes=4 late-faults=0", .config = {.no_stream = true}},
    {"before write and read too", "", "W50 1 P W50 2 R50 r P", "AAA AAA a0 A",
     "r50:1? w50:01 r50:1? w50:02+r50:34~ took1", NULL,
     .config = {.no_stream = true}},
    {"not after busy-retry-ms", "", "W50 1 P +31 W50 2 P", "AAA AAA",
     "r50:1? w50:01 w50:02", "probes=1", .config = {.no_stream = true}},
    {"not after a read", "", "W50 1 R50 r P W50 2 P", "AAA a0 A AAA",
     "r50:1? w50:01+r50:34~ took1 w50:02", "probes=1",
     .config = {.no_stream = true}},
    {"not to another address", "", "W50 1 P W48 2 P", "AAA AAA",
     "r50:1? w50:01 w48:? w48:02", "probes=2", .config = {.no_stream = true}},
    {"not without data", "", "W50 1 P W50 P", "AAA AA",
     "r50:1? w50:01 w50:", "probes=1", .config = {.no_stream = true}},
    {"not where START has just asked", "presence-ms=0", "W50 1 P W50 2 P",
     "AAA AAA", "r50:1? w50:01 r50:1? w50:02", "probes=2",
     .config = {.no_stream = true}},
    {"not with probe=off", "probe=off", "W50 1 P W50 2 P", "AAA AAA",
     "w50:01 w50:02", NULL, .config = {.no_stream = true}},
    {"not once the host has named a phase", "", "!x W20 P W50 1 P W50 2 P",
     "NA AAA AAA", "w20:?!x r50:1? w50:01 w50:02", NULL,
     .config = {.no_stream = true}},
    {"but again once it has hidden one", "", "!xh W20 P W48 P W50 1 P W50 2 P",
     "NA NA AAA AAA", "w20:?!x w48:?!h r50:1? w50:01 r50:1? w50:02", NULL,
     .config = {.no_stream = true}},
    {"by whatever code", "", "!xi W20 P W48 P W50 1 P W50 2 P", "NA NA AAA AAA",
     "w20:?!x w48:?!i r50:1? w50:01 r50:1? w50:02", NULL,
     .config = {.no_stream = true}},
    {"never ready: not sent, reported late", "busy-retry-ms=1",
     "W50 1 P !hhhhh W50 2 P W50 P", "AAA AAA NA",
     "r50:1? w50:01 r50:1?!h . r50:1?&!h . r50:1?&!h", "late-faults=1",
     .forms = BLOCKING, .config = {.no_stream = true}},
    {"another fault: not sent", "", "W50 1 P !t W50 2 P", "AAA AAA",
     "r50:1? w50:01 r50:1?!t", "late-faults=1 timeouts=1", .forms = BLOCKING,
     .config = {.no_stream = true}},
    {"not supported: sent", "", "W50 1 P !u W50 2 P W50 3 P", "AAA AAA AAA",
     "r50:1? w50:01 r50:1?!u w50:02 w50:03", NULL,
     .config = {.no_stream = true}},
};
PT_ROWS_TEST(ready_row, readies)

static const struct pt_row lates[] = {
    {"told at the next START to that address", "busy-retry-ms=0",
     "W48 1 P !x W48 2 P W49 3 P W48 W48 4 P", "AAA AAA AAA NAAA",
     "w48:? w48:01 w48:02!x w49:? w49:03 w48:? w48:04", "late-faults=1 nacks=1",
     BLOCKING},
    {"a read START tells it too", "", "W48 1 P !d W48 2 3 P R48 P R48 r P",
     "AAA AAAA NA Aa0A", "w48:? w48:01 w48:0203!d r48:34~ took1", NULL,
     BLOCKING},
    {"of a read at its first byte", "", "W48 1 P R48 r P +50 !x R48 r2 P R48 P",
     "AAA Aa0A A ---- A NA", "w48:? w48:01 r48:34~ took1 r48:1~!x",
     "late-faults=1 nacks=3", BLOCKING},
    {"an embedder that waits was told at the byte", "",
     "W48 1 P R48 r P +50 !x R48 r2 P R48 r P", "AAA Aa0A A ---- A Aa0A",
     "w48:? w48:01 r48:34~ took1 r48:1~!x r48:1~ took1",
     "late-faults=1 nacks=2", ASYNC},
    {"or at its STOP", "busy-retry-ms=0", "W48 1 P !x W48 2 P W48 3 P",
     "AAA AAN AAA", "w48:? w48:01 w48:02!x w48:? w48:03", "late-faults=1",
     ASYNC},
    {"timed out", "", "W48 1 P !t W48 2 P W48 P", "AAA AAA NA",
     "w48:? w48:01 w48:02!t", "late-faults=1 timeouts=1", BLOCKING},
    {"differs from the trace", "", "W48 1 P !m W48 2 P W48 P", "AAA AAA NA",
     "w48:? w48:01 w48:02!m", "late-faults=1 mismatches=1", BLOCKING},
    {"a read differs from the trace", "", "!m R48 r P", "N -- A", "r48:1~!m",
     "mismatches=1 late-faults=0"},
    {"never to another address at a repeated START", "busy-retry-ms=0",
     "W48 1 P !x W48 2 W49 3 P W48 P", "AAA AAAAA NA",
     "w48:? w48:01 w48:02!x w49:? w49:03", "late-faults=1"},
    {"reset forgets it", "busy-retry-ms=0", "W48 1 P !x W48 2 P Z W48 3 P",
     "AAA AAA AAA", "w48:? w48:01 w48:02!x w48:? w48:03", NULL, BLOCKING},
};
PT_ROWS_TEST(late_row, lates)

static const struct pt_row posteds[] = {
    {"STOP does not wait, the next START does", "posted-writes=on",
     "W48 1 P W48 2 P W49 3 P", "AAA AAA AAA",
     "w48:? w48:01 w48:02 w49:? w49:03", NULL},
    {"its fault is told at the next START to that address",
     "posted-writes=on,busy-retry-ms=0", "!oox W48 1 P W48 2 P W49 3 P W48 P",
     "AAA AAA AAA NA", "w48:? w48:01 w48:02!x w49:? w49:03", "late-faults=1"},
    {"its promise is kept before the next START", "posted-writes=on",
     "!ooxxo W48 1 P W48 2 P W48 3 P", "AAA AAA AAA",
     "w48:? w48:01 w48:02!x . w48:02&!x . w48:02& w48:03", "busy-retries=2"},
    {"drain waits for it", "posted-writes=on", "!ooxo W48 1 P W48 2 P D W48 P",
     "AAA AAA AA", "w48:? w48:01 w48:02!x . w48:02& flush w48:", NULL},
    {"reads are not posted", "posted-writes=on", "W48 1 R48 r P W48 2 P",
     "AAA a0 A AAA", "w48:? w48:01+r48:34~ took1 w48:02", NULL},
};
PT_ROWS_TEST(posted_row, posteds)

static const struct pt_row readonlys[] = {
    {"a pointer is joined to its read", "readonly=on", "W48 10 R48 r P",
     "AAA a0 A", "w48:10+r48:34~ took1", "blocked=0"},
    {"also after a STOP", "readonly=on", "W48 10 P R48 r P", "AAA A a0 A",
     "w48:10+r48:34~ took1", "blocked=0"},
    {"but not sent by itself", "readonly=on", "W48 10 P", "AAA", "", NULL},
    {"nor by what follows", "readonly=on", "W48 10 P W48 11 P R49 r P",
     "AAA AAA Aa0A", "r49:1~ took1", "blocked=2"},
    {"only once", "readonly=on", "W48 10 P R48 r P R48 r P",
     "AAA A a0 A A a0 A", "w48:10+r48:34~ took1 r48:1~ took1", NULL},
    {"a longer write never", "readonly=on", "W48 10 11 12 13 P", "A AANN A", "",
     "blocked=1 bytes-written=2"},
    {"nor with its read", "readonly=on", "W48 10 11 12 R48 r P", "A AAN A a0 A",
     "r48:1~ took1", "blocked=1"},
    {"the limit is pointer-bytes", "readonly=on,pointer-bytes=3",
     "W48 10 11 12 R48 r P", "A AAA A a0 A", "w48:101112+r48:34~ took1",
     "blocked=0"},
    {"pointer-bytes=0: none at all", "readonly=on,pointer-bytes=0",
     "W48 10 P R48 r P", "ANA A a0 A", "r48:1~ took1", "blocked=1"},
    {"quick writes never, as probes neither", "readonly=on",
     "W48 P W48 R48 r P", "AA A A a0 A", "r48:1~ took1", "blocked=2 probes=0"},
    {"a probe that reads is none", "readonly=on", "W50 P", "AA", "r50:1?",
     "blocked=1 probes=1"},
};
PT_ROWS_TEST(readonly_row, readonlys)

static const struct pt_row ends[] = {
    {"reset drops what was kept", "", "W48 1 2 Z W48 3 P", "AAA AAA",
     "w48:? w48:03", "transactions=2"},
    {"and nothing is open", "", "W48 1 Z 2 r P", "AA E E A", "w48:?", NULL},
    {"reset in a read", "", "R48 r Z R48 r P", "Aa0 Aa0A",
     "r48:1~ took1 r48:1~ took1", NULL},
    {"what was learned stays", "", "W48 1 R48 r6 Z W48 1 R48 r6 P",
     "AAAa0a1a2a3a4a5 AAAa0a1a2a3a4a5A",
     "w48:? w48:01+r48:34~ took6 w48:01+r48:6~ took6", "over-read=28"},
    {"drain is a STOP", "", "W48 1 2 D 3 P W48 4 P", "AAA N A AAA",
     "w48:? w48:0102 flush w48:04", NULL},
    {"drain: NACK until the guest's own STOP", "", "W48 1 D W48 R48 r P W48 P",
     "AA N N -- A AA", "w48:? w48:01 flush w48:", NULL},
    {"drain in a read", "", "R48 r D r P", "Aa0 -- A", "r48:1~ took1 flush",
     NULL},
    {"drain when idle", "", "D", "", "flush", NULL},
};
PT_ROWS_TEST(end_row, ends)

/* A guest that writes without STOP for ever must not eat the memory. */
START_TEST(endless_write)
{
    struct fake_config config = {0};
    struct fake_guest g;
    uint32_t i;

    pt_guest_open(&g, FORM_BLOCKING, &config, "");
    pt_guest_run(&g, "W48");
    for (i = 0; i < I2CPT_MSG_MAX; i++) {
        ck_assert_int_eq(pt_guest_write(&g, 0x55), I2CPT_ACK);
    }
    for (i = 0; i < 1000; i++) {
        ck_assert_int_eq(pt_guest_write(&g, 0x55), I2CPT_NACK);
    }
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_BYTES_WRITTEN),
                      I2CPT_MSG_MAX);
    pt_guest_run(&g, "P");
    pt_guest_close(&g);
    ck_assert_str_eq(fake_log(), "w48:? w48:*1048576 flush");
}
END_TEST

/* Late faults and mismatches are logged once per address. */
static int log_lines;

static void count_line(int level, const char *line, void *user)
{
    log_lines++;
    ck_assert_ptr_nonnull(
        strstr(line, log_lines < 3 ? "(ETIMEDOUT)" : "(EMISMATCH)"));
    ck_assert_ptr_nonnull(strstr(line, "0x4"));
}

START_TEST(logged_once)
{
    struct fake_config config = {0};
    struct fake_guest g;
    int i;

    log_lines = 0;
    i2cpt_set_log(count_line, NULL);
    pt_guest_open(&g, FORM_BLOCKING, &config, "probe=off");
    for (i = 0; i < 3; i++) {
        pt_guest_run(&g, "!t W48 1 2 P W48 P +5000");
    }
    ck_assert_int_eq(log_lines, 1);
    pt_guest_run(&g, "!t W49 1 2 P");
    ck_assert_int_eq(log_lines, 2);
    pt_guest_run(&g, "W49 P !mm R49 P R49 P");
    ck_assert_int_eq(log_lines, 3);
    pt_guest_close(&g);
    i2cpt_set_log(NULL, NULL);
}
END_TEST

/* A call while one is pending. */
START_TEST(busy_while_pending)
{
    struct fake_config config = {0};
    struct fake_guest g;
    uint8_t byte;

    pt_guest_open(&g, FORM_WORKER, &config, "");
    ck_assert_int_eq(i2cpt_passthrough_start(g.pt, 0x48, 0, 0), I2CPT_PENDING);
    ck_assert_int_eq(i2cpt_passthrough_start(g.pt, 0x48, 0, 0), -EBUSY);
    ck_assert_int_eq(i2cpt_passthrough_write(g.pt, 1), -EBUSY);
    ck_assert_int_eq(i2cpt_passthrough_read(g.pt, &byte), -EBUSY);
    ck_assert_int_eq(i2cpt_passthrough_stop(g.pt), -EBUSY);
    i2cpt_passthrough_nack(g.pt);
    while (!g.completions) {
        i2cpt_passthrough_wait(g.pt, 1000);
    }
    ck_assert_int_eq(g.completions, 1);
    ck_assert_int_eq(g.answer, I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_wait(g.pt, 0), 0);
    pt_guest_run(&g, "1 P");
    pt_guest_close(&g);
}
END_TEST

/* Reset while pending: complete() does not come. */
START_TEST(reset_while_pending)
{
    struct fake_config config = {0};
    struct fake_guest g;
    int i;

    pt_guest_open(&g, FORM_WORKER, &config, "");
    for (i = 0; i < 100; i++) {
        i2cpt_passthrough_start(g.pt, 0x48, I2CPT_M_RD, 0);
        i2cpt_passthrough_reset(g.pt);
        i2cpt_passthrough_dispatch(g.pt);
        ck_assert_int_eq(g.completions, 0);
    }
    pt_guest_run(&g, "W48 1 P");
    ck_assert_str_eq(g.answers, "AAA");
    pt_guest_close(&g);
}
END_TEST

/* The event's deadline ends the tries, however long busy-retry-ms is. */
static void pause_a_while(void *user, uint64_t ns)
{
    usleep(1000);
}

START_TEST(tries_end_at_the_deadline)
{
    struct fake_config config = {0};
    struct fake_guest g;

    pt_guest_open_config(&g, FORM_BLOCKING, &config, "fake,timeout-ms=20",
                         "probe=off,busy-retry-ms=1000");
    pt_set_pause(g.pt, pause_a_while, NULL);
    for (int i = 0; i < 240; i++) {
        fake_script("x");
    }
    pt_guest_run(&g, "W50 10 20 P");
    ck_assert_uint_lt(pt_guest_count(&g, I2CPT_COUNT_BUSY_RETRIES), 100);
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_LATE_FAULTS), 1);
    pt_guest_close(&g);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pt-message");
    TCase *tc = tcase_create("tables");

    PT_ROWS_ADD(tc, write_row, writes);
    PT_ROWS_ADD(tc, presence_row, presences);
    PT_ROWS_ADD(tc, zero_length_row, zero_lengths);
    PT_ROWS_ADD(tc, promise_row, promises);
    PT_ROWS_ADD(tc, ready_row, readies);
    PT_ROWS_ADD(tc, late_row, lates);
    PT_ROWS_ADD(tc, posted_row, posteds);
    PT_ROWS_ADD(tc, readonly_row, readonlys);
    PT_ROWS_ADD(tc, end_row, ends);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    tc = tcase_create("others");
    tcase_add_test(tc, endless_write);
    tcase_add_test(tc, logged_once);
    tcase_add_test(tc, busy_while_pending);
    tcase_add_test(tc, reset_while_pending);
    tcase_add_test(tc, tries_end_at_the_deadline);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
