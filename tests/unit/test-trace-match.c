/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a trace answers: each mode, each end, messages and streams, and the
 * marks that a passthrough leaves. */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "replay.h"
#include "unit.h"

#define PER  "match=per-address"
#define STR  "match=strict"
#define LOOK "match=lookup"
#define MUX  ",mux=0x70"
#define CHANNELS \
    "w1@0x70 01\nw1@0x38 00 r1 = 14\nw1@0x70 02\nw1@0x38 00 r1 = 28\n"

/* clang-format off */
static const struct replay_scenario scenarios[] = {
    /* ---- plain requests */
    {"in order", STR, "w1@0x48 00 r2 = 1a c0\nw2@0x49 01 02\n",
     {{"m w1@0x48 0 r2", "ok 1a c0"}, {"m w2@0x49 1 2", "ok"},
      {"m w2@0x49 1 2", "mismatch"}}, "2/2 mismatches=1"},
    {"strict means all addresses", STR, "w1@0x48 00\nw1@0x49 01\n",
     {{"m w1@0x49 1", "mismatch"}, {"m w1@0x48 0", "ok"},
      {"m w1@0x49 1", "ok"}}, "2/2 mismatches=1"},
    {"per address", PER, "w1@0x48 00\nw1@0x49 01\nw1@0x48 02\n",
     {{"m w1@0x49 1", "ok"}, {"m w1@0x48 0", "ok"}, {"m w1@0x48 0", "mismatch"},
      {"m w1@0x48 2", "ok"}}, "3/3 mismatches=1"},
    {"left over", PER, "w1@0x48 00\nw1@0x49 01\nw1@0x48 02\n",
     {{"m w1@0x48 0", "ok"}}, "1/3 next=3"},
    {"left over, strict", STR, "w1@0x48 00\nw1@0x49 01\nw1@0x48 02\n",
     {{"m w1@0x48 0", "ok"}}, "1/3 next=3"},
    {"absent", PER, "w1@0x48 00\n", {{"m w0@0x50", "ENXIO address 0 -"},
      {"s W50 P", "ENXIO a"}, {"p w0@0x50", "ENXIO address 0 -"}},
     "0/1 absent=3 next=2"},
    {"absent, strict", STR, "w1@0x48 00\n",
     {{"m w0@0x50", "ENXIO address 0 -"}, {"s W50 P", "ENXIO a"},
      {"p w0@0x50", "ENXIO address 0 -"}, {"m w1@0x48 0", "ok"},
      {"m w0@0x50", "ENXIO address 0 -"}}, "1/1 absent=4"},
    {"other byte, length, direction, number of messages", STR,
     "w2@0x48 00 01 r2 = 02 03\n",
     {{"m w2@0x48 0 2 r2", "mismatch"}, {"m w1@0x48 0 r2", "mismatch"},
      {"m w3@0x48 0 1 2 r2", "mismatch"}, {"m w2@0x48 0 1 r1", "mismatch"},
      {"m w2@0x48 0 1 r3", "mismatch"}, {"m w2@0x48 0 1", "mismatch"},
      {"m w2@0x48 0 1 r2 w0", "mismatch"}, {"m r2@0x48", "mismatch"},
      {"m w2@0x48 0 1 iw0", "mismatch"}, {"m iw2@0x48 0 1 r2", "mismatch"},
      {"m w2@0x48 0 1 r2@0x49", "mismatch"}, {"m w2@0x48 0 1 r2", "ok 02 03"}},
     "1/1 mismatches=11"},
    {"volatile and redacted", STR, "w3@0x48 00~ ?? 05 r3 = ?? 07~ ??\n",
     {{"m w3@0x48 9 8 4 r3", "mismatch"},
      {"m w3@0x48 9 8 5 r3", "ok ff 07 ff"}}, "1/1 mismatches=1 redacted=2"},
    {"ten bits", PER, "w0@0x48/10\nw1@0x48 01\n",
     {{"m w1@0x48 1", "ok"}, {"m w0@0x48", "mismatch"}},
     "1/2 mismatches=1 next=2"},
    {"other bus", PER, "i2c-1: w1@0x48 00\nw1@0x48 01\ni2c-0: w1@0x48 02\n",
     {{"m w1@0x48 1", "ok"}, {"m w1@0x48 2", "ok"}}, "2/2"},
    {"that bus", "match=strict,bus=1",
     "i2c-1: w1@0x48 00\nw1@0x49 01\ni2c-0: w1@0x48 02\n",
     {{"m w1@0x48 0", "ok"}, {"m w1@0x49 1", "ENXIO address 0 -"}},
     "1/1 absent=1"},
    /* ---- faults */
    {"faults", STR,
     "w0@0x48 ! ENXIO phase=address msg=0\n"
     "w2@0x48 01 02 ! EIO phase=data msg=0 byte=1\n"
     "w1@0x48 00 r2 ! EREMOTEIO\n"
     "w1@0x48 00 r2 = 07 ! EAGAIN phase=data msg=1 byte=1\n"
     "w1@0x48 05 ! ETIMEDOUT phase=stop\n",
     {{"m w0@0x48", "ENXIO address 0 -"}, {"m w2@0x48 1 2", "EIO data 0 1"},
      {"m w1@0x48 0 r2", "EREMOTEIO - - -"},
      {"m w1@0x48 0 r2", "EAGAIN data 1 1"},
      {"m w1@0x48 5", "ETIMEDOUT stop - -"}}, "5/5"},
    {"faults in a stream", STR,
     "w0@0x48 ! ENXIO phase=address msg=0\n"
     "w3@0x48 01 02 03 ! EIO phase=data msg=0 byte=1\n"
     "w1@0x48 00 r2 ! ENXIO phase=address msg=1\n"
     "w1@0x48 00 r2 = 07 ! EAGAIN phase=data msg=1 byte=1\n"
     "w1@0x48 00 r2 ! EREMOTEIO\nw2@0x48 05 06 ! EREMOTEIO\n"
     "w1@0x48 05 ! ETIMEDOUT phase=stop\nw0@0x48 ! EREMOTEIO\n",
     {{"s W48 P", "ENXIO a"}, {"s W48 01 02 P", "a a EIO a"},
      {"s W48 00 R48 P", "a a ENXIO a"},
      {"s W48 00 R48 . . P", "a a a 07 EAGAIN a"},
      {"s W48 00 R48 P", "a a EREMOTEIO a"}, {"s W48 05 06 P", "a a EREMOTEIO a"},
      {"s W48 05 P", "a a ETIMEDOUT"}, {"s W48 P", "EREMOTEIO a"}}, "8/8"},
    {"a stream's fault, asked for by messages", STR,
     "w2@0x48 01 02 ! EIO phase=data msg=0 byte=1\n"
     "w0@0x48 ! ENXIO phase=address msg=0\n"
     "w1@0x48 00 r0 ! ENXIO phase=address msg=1\n",
     {{"m w3@0x48 1 2 3", "EIO data 0 1"},
      {"m w3@0x48 1 2 3", "ENXIO address 0 -"},
      {"m w1@0x48 0 r6", "ENXIO address 1 -"}}, "3/3"},
    {"a message's fault is the whole request", STR,
     "w3@0x48 01 02 03 ! EIO phase=data msg=0 byte=1\n",
     {{"m w3@0x48 1 2 4", "mismatch"}, {"m w2@0x48 1 2", "mismatch"},
      {"m w3@0x48 1 2 3", "EIO data 0 1"}}, "1/1 mismatches=2"},
    {"after a refusal a stream goes on as anew", STR,
     "w0@0x48 ! ENXIO phase=address msg=0\nw1@0x48 07\n",
     {{"s W48 00 W48 07 P", "ENXIO EIO a a a"}}, "2/2"},
    /* ---- streams */
    {"stream", STR, "w1@0x48 00 r2 = 1a c0\nr1@0x48 = 05\nw0@0x48\nr0@0x48\n",
     {{"s W48 00 R48 . . P", "a a a 1a c0 a"}, {"s R48 . P", "a 05 a"},
      {"s W48 P", "a a"}, {"s R48 P", "a a"}}, "4/4"},
    {"stream differs", STR, "w2@0x48 00 01 r2 = 1a c0\n",
     {{"s W48 01 P", "a mismatch a"}, {"s W48 00 P", "a a mismatch"},
      {"s W48 00 R48 P", "a a mismatch a"},
      {"s W48 00 01 02 P", "a a a mismatch a"},
      {"s W48 00 01 R48 . P", "a a a a 1a mismatch"},
      {"s W48 00 01 R48 . . . P", "a a a a 1a c0 mismatch a"},
      {"s R48 . P", "mismatch mismatch a"},
      {"s W48 00 01 R48 . . P", "a a a a 1a c0 a"}}, "1/1 mismatches=7"},
    {"no byte taken", STR, "r1@0x48 %took-0\nr1@0x48 = 07\n",
     {{"s R48 P", "a a"}, {"s R48 P", "a a"}}, "2/2"},
    {"blocks in a stream", STR, "w1@0x0b 20 r? = 02 61 62\n",
     {{"s W0b 20 R0b . . . P", "a a a 02 61 62 a"}}, "1/1"},
    {"messages without START", STR, "w1@0x48 00 sw2 01 02\nw1@0x48 00 sw1 01\n",
     {{"s W48 00 01 02 P", "a a a a a"}, {"m w1@0x48 0 sw1 1", "ok"}}, "2/2"},
    /* ---- blocks */
    {"blocks", STR,
     "w1@0x0b 20 r? = 02 61 62\nw1@0x0b 20 r? = 02 61 62\n"
     "w1@0x0b 20 r3 = 02 61 62\nr?@0x0b ! EPROTO\nr3@0x0b = 00 01 02\n",
     {{"m w1@0x0b 0x20 r?", "ok 02 61 62"}, {"m w1@0x0b 0x20 r3", "ok 02 61 62"},
      {"m w1@0x0b 0x20 r?", "ok 02 61 62"}, {"m r?@0x0b", "EPROTO - - -"},
      {"m r?@0x0b", "mismatch"}}, "4/5 mismatches=1 next=6"},
    /* ---- a message mode recording */
    {"took: the same guess", STR, "w1@0x48 00 r4 = 1a c0 ff ff %took-2\n",
     {{"g w1@0x48 0 r4", "ok 1a c0 ff ff"}, {"k 2", ""}}, "1/1"},
    {"took: known better", STR, "w1@0x48 00 r4 = 1a c0 ff ff %took-2\n",
     {{"m w1@0x48 0 r2", "ok 1a c0"}}, "1/1"},
    {"took: exactly what was asked for", STR,
     "w1@0x48 00 r4 = 1a c0 ff ff %took-2\n",
     {{"m w1@0x48 0 r3", "mismatch"}, {"m w1@0x48 0 r4", "ok 1a c0 ff ff"}},
     "1/1 mismatches=1"},
    {"took: by stream", STR, "w1@0x48 00 r4 = 1a c0 ff ff %took-2\n",
     {{"s W48 00 R48 . . P", "a a a 1a c0 a"}}, "1/1"},
    {"took: stream takes another number", STR,
     "w1@0x48 00 r4 = 1a c0 ff ff %took-2\n",
     {{"s W48 00 R48 . P", "a a a 1a mismatch"},
      {"s W48 00 R48 . . . P", "a a a 1a c0 mismatch a"}},
     "0/1 mismatches=2 next=2"},
    {"took: another number later", STR, "w1@0x48 00 r4 = 1a c0 ff ff %took-2\n",
     {{"g w1@0x48 0 r34", "ok 1a c0 ff ff"}, {"k 3", ""}}, "1/1 mismatches=1"},
    {"guess against what a stream read", STR, "w1@0x48 00 r2 = 1a c0\n",
     {{"g w1@0x48 0 r34", "ok 1a c0"}, {"k 2", ""}}, "1/1"},
    {"guess too short, then again", STR, "r2@0x48 = 1a c0\nw1@0x48 01\n",
     {{"g r1@0x48", "ok 1a"}, {"k 1", ""}, {"G r2@0x48", "ok 1a c0"},
      {"k 2", ""}, {"m w1@0x48 1", "ok"}}, "2/2"},
    {"guess too short, with its pointer again", STR, "r2@0x48 = 1a c0\n",
     {{"g r1@0x48", "ok 1a"}, {"k 1", ""}, {"G w1@0x48 0 r34", "ok 1a c0"},
      {"k 2", ""}}, "1/1"},
    {"guest wants more than there is", STR, "r2@0x48 = 1a c0\n",
     {{"g r34@0x48", "ok 1a c0"}, {"k 2", ""}, {"G r68@0x48", "mismatch"}},
     "1/1 mismatches=1"},
    {"reads on", STR, "r3@0x48 = 01 02 03\nw1@0x48 07\n",
     {{"g r1@0x48", "ok 01"}, {"k 1", ""}, {"C r1@0x48", "ok 02"},
      {"C r1@0x48", "ok 03"}, {"m w1@0x48 7", "ok"}}, "2/2"},
    {"reads on too far", STR, "r2@0x48 = 01 02\n",
     {{"g r1@0x48", "ok 01"}, {"k 1", ""}, {"C r1@0x48", "ok 02"},
      {"C r1@0x48", "mismatch"}}, "1/1 mismatches=1"},
    {"reads on too little", STR, "r3@0x48 = 01 02 03\nw1@0x48 07\n",
     {{"g r1@0x48", "ok 01"}, {"k 1", ""}, {"C r1@0x48", "ok 02"},
      {"m w1@0x48 7", "ok"}}, "2/2 mismatches=1"},
    {"recorded reading on", STR,
     "r1@0x48 = 01 %took-1\nr1@0x48 = 02 %continue\nw1@0x48 07\n",
     {{"g r1@0x48", "ok 01"}, {"k 1", ""}, {"C r1@0x48", "ok 02"},
      {"m w1@0x48 7", "ok"}}, "2/2"},
    {"recorded reading on, as a stream", STR,
     "r1@0x48 = 01 %took-1\nr1@0x48 = 02 %continue\nr1@0x48 = 03 %continue\n"
     "w1@0x48 07\n",
     {{"s R48 . . . P", "a 01 02 03 a"}, {"m w1@0x48 7", "ok"}}, "2/2"},
    {"recorded reading on, as one message", STR,
     "r1@0x48 = 01 %took-1\nr1@0x48 = 02 %continue\n",
     {{"m r2@0x48", "ok 01 02"}}, "1/1"},
    {"recorded too short", STR,
     "w1@0x48 00 r2 = 1a c0 %took-2\nw1@0x48 00 r4 = ee ee 05 06 %resend "
     "%took-3\nw1@0x48 07\n",
     {{"g w1@0x48 0 r2", "ok 1a c0"}, {"k 2", ""},
      {"G w1@0x48 0 r4", "ok 1a c0 05 06"}, {"k 3", ""}, {"m w1@0x48 7", "ok"}},
     "2/2"},
    {"recorded too short, as a stream", STR,
     "w1@0x48 00 r2 = 1a c0 %took-2\nw1@0x48 00 r4 = ee ee 05 06 %resend "
     "%took-3\nw1@0x48 07\n",
     {{"s W48 00 R48 . . . P", "a a a 1a c0 05 a"}, {"s W48 07 P", "a a a"}},
     "2/2"},
    {"recorded too short, seeded", STR,
     "w1@0x48 00 r2 = 1a c0 %took-2\nw1@0x48 00 r4 = ee ee 05 06 %resend "
     "%took-3\nw1@0x48 07\n",
     {{"g w1@0x48 0 r3", "ok 1a c0 05"}, {"k 3", ""}, {"m w1@0x48 7", "ok"}},
     "2/2"},
    {"recorded too short with its pointer again, as a stream", STR,
     "r1@0x48 = 1a %took-1\nw1@0x48 00 r4 = ee 05 06 07 %resend %took-3\n",
     {{"s R48 . . . P", "a 1a 05 06 a"}}, "1/1"},
    {"resend skipped where not asked for", STR,
     "w1@0x48 00 r2 = 1a c0\nw1@0x48 00 r3 = 01 02 03 %resend\nw1@0x48 07\n",
     {{"m w1@0x48 0 r2", "ok 1a c0"}, {"m w1@0x48 7", "ok"}}, "2/2"},
    {"promised ACK kept, by the same policy", STR,
     "w1@0x50 00 ! ENXIO phase=address msg=0\nw1@0x50 00 ! ENXIO phase=address "
     "msg=0 %resend\nw1@0x50 00 %resend\nw1@0x50 01\n",
     {{"m w1@0x50 0", "ok"}, {"m w1@0x50 1", "ok"}}, "2/2"},
    {"promised ACK kept, as a stream", STR,
     "w1@0x50 00 ! ENXIO phase=address msg=0\nw1@0x50 00 ! ENXIO phase=address "
     "msg=0 %resend\nw1@0x50 00 %resend\nw1@0x50 01\n",
     {{"s W50 00 P", "a a a"}, {"s W50 01 P", "a a a"}}, "2/2"},
    {"never taken", STR,
     "w1@0x50 00 ! ENXIO phase=address msg=0\nw1@0x50 00 ! ENXIO phase=address "
     "msg=0 %resend\nw1@0x50 01\n",
     {{"m w1@0x50 0", "ENXIO address 0 -"}, {"R w1@0x50 0", "ENXIO address 0 -"},
      {"m w1@0x50 1", "ok"}}, "2/2"},
    {"the guest's ack polling, kept by a passthrough", STR,
     "w1@0x50 00\nw0@0x50 ! ENXIO phase=address msg=0\n"
     "w0@0x50 ! ENXIO phase=address msg=0\nw1@0x50 01\n",
     {{"m w1@0x50 0", "ok"}, {"m w1@0x50 1", "ENXIO address 0 -"},
      {"R w1@0x50 1", "ENXIO address 0 -"}, {"R w1@0x50 1", "ok"}}, "4/4"},
    {"probe: as recorded", STR,
     "w0@0x48 %probe\nw1@0x48 00\nw0@0x1d ! ENXIO phase=address msg=0 %probe\n",
     {{"p w0@0x48", "ok"}, {"m w1@0x48 0", "ok"},
      {"p w0@0x1d", "ENXIO address 0 -"}}, "1/1"},
    {"probe: not asked for", STR,
     "w0@0x48 %probe\nw1@0x48 00\nr1@0x50 = 07 %probe\nw1@0x50 00\n",
     {{"m w1@0x48 0", "ok"}, {"s W50 00 P", "a a a"}}, "2/2"},
    {"probe: none recorded", STR,
     "w1@0x48 00\nw0@0x49 ! ENXIO phase=address msg=0\nw1@0x50 00\n",
     {{"p w0@0x48", "ok"}, {"m w1@0x48 0", "ok"},
      {"p w0@0x49", "ENXIO address 0 -"}, {"p r1@0x50", "ok ff"},
      {"m w1@0x50 0", "ok"}}, "3/3"},
    {"probe: was the guest's quick write", STR,
     "w0@0x48 %probe\nw0@0x49\nw0@0x48 %probe\n",
     {{"s W48 P", "a a"}, {"p w0@0x49", "ok"}, {"m w0@0x48", "ok"}}, "1/1"},
    {"probe: by reading, then the quick write itself", STR,
     "r1@0x50 = 07 %probe\nw0@0x50\nw1@0x50 01\n",
     {{"s W50 P", "a a"}, {"m w1@0x50 1", "ok"}}, "2/2"},
    {"probe: refused for the guest's START", PER,
     "w0@0x48 ! ENXIO phase=address msg=0 %probe\nw0@0x48 %probe\nw1@0x48 00\n"
     "r1@0x50 ! ENXIO phase=address msg=0 %probe\nw1@0x50 01\n",
     {{"s W48 00 P", "ENXIO EIO a"}, {"s W48 00 P", "a a a"},
      {"m w1@0x50 1", "ENXIO address 0 -"}, {"m w1@0x50 1", "ok"}}, "2/2"},
    {"probe: repeated until ACK", STR,
     "w1@0x50 00\nw0@0x50 ! EREMOTEIO %probe\nw0@0x50 ! EREMOTEIO %probe "
     "%resend\nw0@0x50 %probe %resend\nw1@0x50 01\n",
     {{"s W50 00 P", "a a a"}, {"s W50 01 P", "a a a"}}, "2/2"},
    {"probe: repeated until ACK, asked for", STR,
     "w1@0x50 00\nw0@0x50 ! EREMOTEIO %probe\nw0@0x50 %probe %resend\n"
     "w1@0x50 01\n",
     {{"m w1@0x50 0", "ok"}, {"p w0@0x50", "ok"}, {"m w1@0x50 1", "ok"}},
     "2/2"},
    {"a %probe of another address in the way", STR,
     "w0@0x49 ! ENXIO phase=address msg=0 %probe\nw0@0x4a %probe\nw1@0x48 00\n",
     {{"m w1@0x48 0", "ok"}}, "1/1"},
    /* ---- ends */
    {"end=hold", "match=per-address,end=hold", "r1@0x48 = 01\nr1@0x48 = 02\n",
     {{"m r1@0x48", "ok 01"}, {"m r1@0x48", "ok 02"}, {"m r1@0x48", "ok 02"},
      {"s R48 . P", "a 02 a"}, {"m r2@0x48", "mismatch"}},
     "2/2 mismatches=1"},
    {"end=hold, strict", "match=strict,end=hold", "r1@0x48 = 01\nr1@0x49 = 02\n",
     {{"m r1@0x48", "ok 01"}, {"m r1@0x49", "ok 02"}, {"m r1@0x49", "ok 02"},
      {"m r1@0x48", "mismatch"}}, "2/2 mismatches=1"},
    {"end=loop", "match=per-address,end=loop",
     "r1@0x48 = 01\nr1@0x49 = 02\nr1@0x48 = 03\n",
     {{"m r1@0x48", "ok 01"}, {"m r1@0x48", "ok 03"}, {"m r1@0x48", "ok 01"}},
     "2/3 next=3"},
    {"end=loop, strict", "match=strict,end=loop", "r1@0x48 = 01\nr1@0x49 = 02\n",
     {{"m r1@0x48", "ok 01"}, {"m r1@0x49", "ok 02"}, {"m r1@0x48", "ok 01"},
      {"s R49 . P", "a 02 a"}, {"m r1@0x49", "mismatch"}},
     "2/2 mismatches=1"},
    /* ---- lookup */
    {"lookup", LOOK,
     "w1@0x48 00 r1 = 01\nw1@0x48 05 r1 = 51\nw1@0x48 00 r1 = 02\n",
     {{"m w1@0x48 5 r1", "ok 51"}, {"m w1@0x48 0 r1", "ok 01"},
      {"m w1@0x48 0 r1", "ok 02"}, {"m w1@0x48 0 r1", "ok 02"},
      {"m w1@0x48 5 r1", "ok 51"}, {"m w1@0x48 6 r1", "mismatch"},
      {"m w1@0x49 0", "ENXIO address 0 -"}}, "3/3 mismatches=1 absent=1"},
    {"lookup: the last write is part of it", LOOK,
     "w1@0x48 00\nr1@0x48 = 01\nw1@0x48 05\nr1@0x48 = 51\n",
     {{"m w1@0x48 5", "ok"}, {"m r1@0x48", "ok 51"}, {"m w1@0x48 0", "ok"},
      {"m r1@0x48", "ok 01"}, {"m r1@0x48", "ok 01"}}, "4/4"},
    {"lookup by stream", LOOK,
     "w1@0x48 00 r1 = 01\nw1@0x48 05 r2 = 51 52\nw1@0x48 00 r1 = 02\n"
     "w2@0x48 07 08\nr1@0x48 = 09\nw1@0x48 07\n",
     {{"s W48 05 R48 . . P", "a a a 51 52 a"}, {"s W48 00 R48 . P", "a a a 01 a"},
      {"s W48 00 R48 . P", "a a a 02 a"}, {"s W48 00 R48 . P", "a a a 02 a"},
      {"s W48 07 P", "a a a"}, {"s R48 . P", "mismatch mismatch a"},
      {"s W48 07 08 P", "a a a a"}, {"s R48 . P", "a 09 a"},
      {"s W48 03 P", "a mismatch a"}}, "6/6 mismatches=2"},
    {"lookup: lengths", LOOK, "w1@0x48 00 r1 = 01\nw1@0x48 00 r3 = 02 03 04\n",
     {{"m w1@0x48 0 r3", "ok 02 03 04"}, {"s W48 00 R48 . P", "a a a 01 a"},
      {"s W48 00 R48 . . . P", "a a a 02 03 04 a"}}, "2/2"},
    {"lookup: guess", LOOK, "w1@0x48 00 r1 = 01\nw1@0x48 05 r3 = 02 03 04\n",
     {{"g w1@0x48 5 r34", "ok 02 03 04"}, {"k 3", ""},
      {"g w1@0x48 5 r1", "ok 02"}, {"k 1", ""}, {"G w1@0x48 5 r34", "ok 02 03 04"},
      {"k 3", ""}, {"p w0@0x48", "ok"}}, "1/2 next=2"},
    {"lookup: refusals in turn", LOOK,
     "w1@0x50 00\nw0@0x50 ! ENXIO phase=address msg=0\nw1@0x50 01\n",
     {{"s W50 00 P", "a a a"}, {"s W50 P", "ENXIO a"}, {"s W50 01 P", "a a a"},
      {"s W50 01 P", "a a a"}}, "3/3"},
    {"lookup: end=loop", "match=lookup,end=loop", "r1@0x48 = 01\nr1@0x48 = 02\n",
     {{"m r1@0x48", "ok 01"}, {"m r1@0x48", "ok 02"}, {"m r1@0x48", "ok 01"}},
     "2/2"},
    {"lookup: too short, then again, recorded", LOOK,
     "w1@0x48 00 r2 = 1a c0 %took-2\nw1@0x48 00 r4 = ee ee 05 06 %resend "
     "%took-3\nw1@0x48 07\n",
     {{"s W48 00 R48 . . . P", "a a a 1a c0 05 a"}, {"s W48 07 P", "a a a"},
      {"g w1@0x48 0 r2", "ok 1a c0"}, {"k 2", ""},
      {"G w1@0x48 0 r4", "ok 1a c0 05 06"}, {"k 3", ""}}, "2/2"},
    /* ---- behind a multiplexer */
    {"lookup: mux, the other channel first", LOOK MUX, CHANNELS,
     {{"m w1@0x70 2", "ok"}, {"m w1@0x38 0 r1", "ok 28"},
      {"m w1@0x70 1", "ok"}, {"m w1@0x38 0 r1", "ok 14"},
      {"m w1@0x38 0 r1", "ok 14"}, {"m w1@0x70 2", "ok"},
      {"m w1@0x38 0 r1", "ok 28"}}, "4/4"},
    {"lookup: mux, byte by byte", LOOK MUX, CHANNELS,
     {{"s W70 02 P", "a a a"}, {"s W38 00 R38 . P", "a a a 28 a"},
      {"s W70 01 P", "a a a"}, {"s W38 00 R38 . P", "a a a 14 a"}}, "4/4"},
    {"lookup: no mux", LOOK, CHANNELS,
     {{"m w1@0x70 2", "ok"}, {"m w1@0x38 0 r1", "ok 14"}}, "2/4 next=2"},
    {"lookup: mux, a channel that was never asked", LOOK MUX, CHANNELS,
     {{"m w1@0x38 0 r1", "mismatch"}, {"m w1@0x70 1", "ok"},
      {"m w1@0x38 1 r1", "mismatch"}, {"m w1@0x38 0 r1", "ok 14"}},
     "2/4 mismatches=2 next=4"},
    {"lookup: mux, each chip has its own pointer", LOOK MUX,
     "w1@0x70 01\nw1@0x38 00\nr1@0x38 = 10\nw1@0x70 02\nw1@0x38 05\n"
     "r1@0x38 = 25\nw1@0x70 01\nr1@0x38 = 11\n",
     {{"m w1@0x70 1", "ok"}, {"m w1@0x38 0", "ok"}, {"m w1@0x70 2", "ok"},
      {"m w1@0x38 5", "ok"}, {"m w1@0x70 1", "ok"}, {"m r1@0x38", "ok 10"},
      {"m w1@0x70 2", "ok"}, {"s R38 . P", "a 25 a"}, {"m w1@0x70 1", "ok"},
      {"m r1@0x38", "ok 11"}}, "8/8"},
    {"lookup: two muxes, which do not depend on each other",
     LOOK ",mux=0x70:0x71",
     "w1@0x70 01\nw1@0x38 00 r1 = 10\nw1@0x70 00\nw1@0x71 01\n"
     "w1@0x38 00 r1 = 20\nw1@0x71 00\n",
     {{"m w1@0x71 1", "ok"}, {"m w1@0x70 0", "ok"},
      {"m w1@0x38 0 r1", "ok 20"}, {"m w1@0x71 0", "ok"},
      {"m w1@0x70 1", "ok"}, {"m w1@0x38 0 r1", "mismatch"}},
     "5/6 mismatches=1 next=3"},
    {"lookup: a mux that refused has not switched", LOOK MUX,
     CHANNELS "w1@0x70 04 ! EIO phase=data msg=0 byte=0\n",
     {{"m w1@0x70 2", "ok"}, {"m w1@0x70 4", "EIO data 0 0"},
      {"m w1@0x38 0 r1", "ok 28"}, {"s W70 04 P", "a EIO a"},
      {"m w1@0x38 0 r1", "ok 28"}}, "3/5 next=2"},
    {"lookup: a mux's redacted write may be any", LOOK MUX,
     "w1@0x70 01\nw1@0x38 00 r1 = 10\nw1@0x70 ??\nw1@0x38 00 r1 = 20\n",
     {{"m w1@0x70 7", "ok"}, {"m w1@0x38 0 r1", "ok 20"},
      {"m w1@0x70 1", "ok"}, {"m w1@0x38 0 r1", "ok 10"}}, "4/4"},
    {"lookup: mux, a chip of one channel", LOOK MUX,
     "w1@0x70 01\nw1@0x38 00 r1 = 10\nw1@0x70 02\n"
     "w0@0x38 ! ENXIO phase=address msg=0\n",
     {{"m w1@0x70 2", "ok"}, {"p w0@0x38", "ENXIO address 0 -"},
      {"m w0@0x38", "ENXIO address 0 -"}, {"m w1@0x70 1", "ok"},
      {"p w0@0x38", "ok"}, {"m w1@0x38 0 r1", "ok 10"}}, "4/4"},
    {"lookup: mux and parts", LOOK MUX ",restarts=any", CHANNELS,
     {{"s W70 02 P", "a a a"}, {"s W38 00 P", "a a a"},
      {"s R38 . P", "a 28 a"}, {"m w1@0x70 1", "ok"}, {"m w1@0x38 0", "ok"},
      {"m r1@0x38", "ok 14"}}, "4/4 split=2"},
    {"lookup: mux and joins", LOOK MUX ",restarts=any",
     "w1@0x70 01\nw1@0x38 00\nr1@0x38 = 10\nw1@0x70 02\nw1@0x38 00\n"
     "r1@0x38 = 20\n",
     {{"m w1@0x70 2", "ok"}, {"m w1@0x38 0 r1", "ok 20"},
      {"m w1@0x70 1", "ok"}, {"s W38 00 R38 . P", "a a a 10 a"}},
     "6/6 joined=2"},
    {"lookup: the write to its own address", LOOK,
     "w1@0x48 00\nr1@0x48 = 10\nw1@0x48 01 w1@0x49 00\nr1@0x48 = 11\n",
     {{"m w1@0x48 1 w1@0x49 0", "ok"}, {"m r1@0x48", "ok 11"},
      {"s W48 00 P", "a a a"}, {"m r1@0x48", "ok 10"},
      {"s W48 01 W49 00 P", "a a a a a"}, {"m r1@0x48", "ok 11"}}, "4/4"},
};
/* clang-format on */

START_TEST(scenario)
{
    replay_scenario(&scenarios[_i]);
}
END_TEST

/* ----------------------------------------- whatever is recorded and asked for
 */

static void random_line(GRand *rand, GString *out)
{
    static const char *const lines[] = {
        "w1@0x48 0%d r2 = 1a c0",
        "w1@0x48 0%d r4 = 1a c0 01 02 %%took-%d",
        "w1@0x48 0%d r6 = 01 02",
        "w0@0x48 ! ENXIO phase=address msg=0 %%probe",
        "w0@0x48 %%probe",
        "r1@0x48 = 0%d %%probe",
        "w1@0x48 0%d r5 = 01 02 03 04 05 %%resend",
        "r1@0x48 = 0%d %%continue",
        "r?@0x48 = 0%d 61 62",
        "w1@0x48 0%d ! ENXIO phase=address msg=0",
        "w1@0x48 0%d ! ENXIO phase=address msg=0 %%resend",
        "w2@0x48 0%d 07 ! EIO phase=data msg=0 byte=1",
        "w1@0x48 0%d r3 = ?? 01~ ! EAGAIN phase=data msg=1 byte=2",
        "w1@0x49 0%d r1 = 05",
        "w1@0x48 0%d sw1 01",
        "w0@0x48 r0@0x49",
        "r2@0x48 ! EREMOTEIO %%resend",
        "w1@0x48 0%d r? ! EPROTO",
        "w0@0x48 ! E5 phase=stop",
        "r1@0x48 %%took-0"};
    const char *line = lines[g_rand_int_range(rand, 0, G_N_ELEMENTS(lines))];
    int a = g_rand_int_range(rand, 0, 3), b = g_rand_int_range(rand, 0, 5);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    g_string_append_printf(out, line, a, b);
#pragma GCC diagnostic pop
    g_string_append_c(out, '\n');
}

static void random_step(GRand *rand, char *out, size_t size)
{
    static const char *const words[] = {"W48", "W49", "R48", "00", "01",
                                        "07",  ".",   ".",   "."};
    static const char *const asked[] = {
        "w1@0x48 0 r2",    "w1@0x48 1 r34", "r1@0x48",      "r34@0x48",
        "r?@0x48",         "w0@0x48",       "w1@0x48 2",    "w2@0x48 1 7",
        "w1@0x49 0 r1",    "r0@0x48",       "w1@0x48 0 r?", "w1@0x48 1 r3",
        "w1@0x48 0 sw1 1", "w0@0x50"};
    int i, n = g_rand_int_range(rand, 1, 9);

    if (!g_rand_int_range(rand, 0, 5)) {
        snprintf(out, size, "k %d", g_rand_int_range(rand, 0, 5));
        return;
    }
    if (g_rand_boolean(rand)) {
        snprintf(out, size, "%c %s", "mgpRGPC"[g_rand_int_range(rand, 0, 7)],
                 asked[g_rand_int_range(rand, 0, G_N_ELEMENTS(asked))]);
        return;
    }
    snprintf(out, size, "s %s", words[g_rand_int_range(rand, 0, 3)]);
    for (i = 0; i < n; i++) {
        g_strlcat(out, " ", size);
        g_strlcat(out, words[g_rand_int_range(rand, 0, G_N_ELEMENTS(words))],
                  size);
    }
    g_strlcat(out, " P", size);
}

#define ROUNDS 40 /* in each of the cases of a loop */

static void try_anything(GRand *rand, const char *order, const char *end)
{
    GString *lines = g_string_new("");
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_adapter *a;
    char keys[64], step[128], out[256], *path;
    int i;

    for (i = g_rand_int_range(rand, 0, 12); i >= 0; i--) {
        random_line(rand, lines);
    }
    path = replay_write(lines->str);
    snprintf(keys, sizeof(keys), "match=%s,end=%s,restarts=%s%s", order, end,
             g_rand_boolean(rand) ? "any" : "exact",
             !strcmp(order, "lookup") && g_rand_boolean(rand) ? ",mux=0x49"
                                                              : "");
    a = replay_open(path, keys);
    for (i = 0; i < 30; i++) {
        random_step(rand, step, sizeof(step));
        replay_step(a, step, out);
    }
    ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, &v, NULL), 0);
    ck_assert_uint_le(v.consumed, 13);
    ck_assert_uint_le(v.remaining, 13);
    ck_assert_uint_le(v.consumed + v.remaining, 13);
    i2cpt_adapter_unref(a);
    replay_drop(path);
    g_string_free(lines, TRUE);
}

/* Nothing crashes or hangs, and the verdict adds up. */
START_TEST(anything)
{
    static const char *const orders[] = {"per-address", "strict", "lookup"};
    static const char *const ends[] = {"error", "hold", "loop"};
    GRand *rand = g_rand_new_with_seed((guint32)_i);
    int i;

    for (i = 0; i < ROUNDS; i++) {
        try_anything(rand, orders[_i % 3], ends[_i / 3 % 3]);
    }
    g_rand_free(rand);
}
END_TEST

static Suite *match_suite(void)
{
    Suite *suite = suite_create("trace-match");
    TCase *tcase = tcase_create("scenarios");

    tcase_add_loop_test(tcase, scenario, 0, G_N_ELEMENTS(scenarios));
    tcase_add_loop_test(tcase, anything, 0, 18);
    tcase_set_timeout(tcase, 30);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return unit_run(match_suite());
}
