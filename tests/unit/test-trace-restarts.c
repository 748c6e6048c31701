/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Repeated STARTs that got lost: what is split and joined, for whom, and what
 * is not. And how a replay goes on behind a mismatch. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "replay.h"
#include "unit.h"

#define PER  "match=per-address"
#define STR  "match=strict"
#define LOOK "match=lookup"
#define ANY  ",restarts=any"

#define PAIR  "w1@0x48 00 r2 = 1a c0\n"
#define PARTS "w1@0x48 00\nr2@0x48 = 1a c0\n"

/* What a driver that can have a guest of bcm2835 ask for in one call, and what
 * becomes of it there. */
#define SEVERAL                                \
    "w1@0x48 00 r2 = 1a 80 w1 03 r2 = 46 80\n" \
    "w1@0x48 03 w1 00 r2 = 1a 80\n"            \
    "r2@0x48 = 1a 80 r2 = 1a 80\n"             \
    "w2@0x48 01 40 w1 01 r1 = 40\n"            \
    "w1@0x48 00 r5 = 1a 80 ff ff ff\n"         \
    "w1@0x48 00 r2 = 1a 80\n"                  \
    "w1@0x48 01 r1 = 40\n"                     \
    "w0@0x48\n"
#define HALVES                                                            \
    "w1@0x48 03\nw0@0x48\nw2@0x48 01 40\nw0@0x48\n"                       \
    "w1@0x48 00\nr5@0x48 = 1a 80 ff ff ff\nw1@0x48 00\nr2@0x48 = 1a 80\n" \
    "w1@0x48 01\nr1@0x48 = 40\n"

/* clang-format off */
static const struct replay_scenario scenarios[] = {
    /* ---- split: exact askers have none of it */
    {"exact: no split, messages", PER, PAIR,
     {{"m w1@0x48 0", "mismatch"}, {"m w1@0x48 0 r2", "ok 1a c0"}},
     "1/1 mismatches=1"},
    {"exact: no split, bytes", PER, PAIR,
     {{"s W48 00 P", "a a mismatch"}, {"s W48 00 R48 . . P", "a a a 1a c0 a"}},
     "1/1 mismatches=1"},
    {"exact: no split, lookup", LOOK, PAIR,
     {{"m w1@0x48 0", "mismatch"}, {"s W48 00 P", "a a mismatch"}},
     "0/1 mismatches=2 next=2"},

    /* ---- split */
    {"messages", PER ANY, PAIR,
     {{"m w1@0x48 0", "ok"}, {"m r2@0x48", "ok 1a c0"}}, "1/1 split=1"},
    {"messages, strict", STR ANY, PAIR "w1@0x49 05\n",
     {{"m w1@0x48 0", "ok"}, {"m r2@0x48", "ok 1a c0"}, {"m w1@0x49 5", "ok"}},
     "2/2 split=1"},
    {"bytes", PER ANY, PAIR,
     {{"s W48 00 P", "a a a"}, {"s R48 . . P", "a 1a c0 a"}}, "1/1 split=1"},
    {"bytes, strict", STR ANY, PAIR "w1@0x49 05\n",
     {{"s W48 00 P", "a a a"}, {"s R48 . . P", "a 1a c0 a"},
      {"s W49 05 P", "a a a"}}, "2/2 split=1"},
    {"whole ones come first", PER ANY, PAIR PAIR,
     {{"m w1@0x48 0 r2", "ok 1a c0"}, {"m w1@0x48 0", "ok"},
      {"m r2@0x48", "ok 1a c0"}}, "2/2 split=1"},
    {"the rest has to be next", PER ANY, PAIR "w1@0x48 07\n",
     {{"m w1@0x48 0", "ok"}, {"m w1@0x48 7", "mismatch"},
      {"m r2@0x48", "ok 1a c0"}, {"m w1@0x48 7", "ok"}},
     "2/2 mismatches=1 split=1"},
    {"the rest has to be next, strict: of all", STR ANY, PAIR "w1@0x49 05\n",
     {{"m w1@0x48 0", "ok"}, {"m w1@0x49 5", "mismatch"},
      {"m r2@0x48", "ok 1a c0"}, {"m w1@0x49 5", "ok"}},
     "2/2 mismatches=1 split=1"},
    {"the rest has to be next, bytes", PER ANY, PAIR,
     {{"s W48 00 P", "a a a"}, {"s W48 00 P", "mismatch mismatch a"},
      {"s R48 . . P", "a 1a c0 a"}}, "1/1 mismatches=1 split=1"},
    {"per address: others may come between", PER ANY, PAIR "w1@0x49 05\n",
     {{"m w1@0x48 0", "ok"}, {"m w1@0x49 5", "ok"}, {"m r2@0x48", "ok 1a c0"}},
     "2/2 split=1"},
    {"four messages in three", PER ANY, "w1@0x48 00 r2 = 01 02 w1 03 r1 = 04\n",
     {{"m w1@0x48 0 r2", "ok 01 02"}, {"m w1@0x48 3", "ok"},
      {"s R48 . P", "a 04 a"}}, "1/1 split=1"},
    {"a part is not consumed", PER ANY, PAIR,
     {{"m w1@0x48 0", "ok"}}, "0/1 split=1 next=2"},
    {"only at a boundary", PER ANY, "w2@0x48 00 01 r2 = 1a c0\n",
     {{"m w1@0x48 0", "mismatch"}, {"s W48 00 P", "a a mismatch"}},
     "0/1 mismatches=2 next=2"},
    {"not before another address", PER ANY, "w1@0x48 00 r2@0x49 = 1a c0\n",
     {{"m w1@0x48 0", "mismatch"}, {"s W48 00 P", "a a mismatch"}},
     "0/1 mismatches=2 next=2"},
    {"not before a message without START", PER ANY, "w1@0x48 00 sw1 01\n",
     {{"m w1@0x48 0", "mismatch"}, {"s W48 00 P", "a a mismatch"}},
     "0/1 mismatches=2 next=2"},
    {"not behind a fault", PER ANY,
     "w1@0x48 00 r2 ! EIO phase=data msg=0 byte=0\n",
     {{"m w1@0x48 0", "mismatch"}}, "0/1 mismatches=1 next=2"},
    {"the fault is the rest's", PER ANY,
     "w1@0x48 00 r2 ! ENXIO phase=address msg=1\n",
     {{"m w1@0x48 0", "ok"}, {"m r2@0x48", "ENXIO address 0 -"}},
     "1/1 split=1"},
    {"the fault is the rest's, bytes", PER ANY,
     "w1@0x48 00 r2 ! ENXIO phase=address msg=1\n",
     {{"s W48 00 P", "a a a"}, {"s R48 P", "ENXIO a"}}, "1/1 split=1"},
    {"a guess in the rest", PER ANY, PAIR,
     {{"m w1@0x48 0", "ok"}, {"g r34@0x48", "ok 1a c0"}, {"k 2", ""}},
     "1/1 split=1"},
    {"end=hold", PER ANY ",end=hold", PAIR,
     {{"m w1@0x48 0", "ok"}, {"m r2@0x48", "ok 1a c0"}, {"m w1@0x48 0", "ok"},
      {"m r2@0x48", "ok 1a c0"}}, "1/1 split=2"},
    {"end=loop", PER ANY ",end=loop", PAIR,
     {{"s W48 00 P", "a a a"}, {"s R48 . . P", "a 1a c0 a"},
      {"s W48 00 P", "a a a"}, {"s R48 . . P", "a 1a c0 a"}}, "1/1 split=2"},

    /* ---- join */
    {"exact: no join, messages", PER, PARTS,
     {{"m w1@0x48 0 r2", "mismatch"}, {"m w1@0x48 0", "ok"}},
     "1/2 mismatches=1 next=3"},
    {"exact: no join, bytes", PER, PARTS,
     {{"s W48 00 R48 P", "a a mismatch a"}}, "0/2 mismatches=1 next=2"},
    {"exact: no join, lookup", LOOK, PARTS,
     {{"m w1@0x48 0 r2", "mismatch"}, {"s W48 00 R48 P", "a a mismatch a"}},
     "0/2 mismatches=2 next=2"},
    {"join, messages", PER ANY, PARTS,
     {{"m w1@0x48 0 r2", "ok 1a c0"}}, "2/2 joined=1"},
    {"join, bytes", PER ANY, PARTS,
     {{"s W48 00 R48 . . P", "a a a 1a c0 a"}}, "2/2 joined=1"},
    {"join, strict", STR ANY, PARTS "w1@0x49 05\n",
     {{"m w1@0x48 0 r2", "ok 1a c0"}, {"s W49 05 P", "a a a"}}, "3/3 joined=1"},
    {"join, strict, bytes", STR ANY, PARTS "w1@0x49 05\n",
     {{"s W48 00 R48 . . P", "a a a 1a c0 a"}, {"m w1@0x49 5", "ok"}},
     "3/3 joined=1"},
    {"strict: only the next of all", STR ANY,
     "w1@0x48 00\nw1@0x49 05\nr2@0x48 = 1a c0\n",
     {{"m w1@0x48 0 r2", "mismatch"}, {"s W48 00 R48 P", "a a mismatch a"}},
     "0/3 mismatches=2 next=2"},
    {"per address: the next of it", PER ANY,
     "w1@0x48 00\nw1@0x49 05\nr2@0x48 = 1a c0\n",
     {{"m w1@0x48 0 r2", "ok 1a c0"}, {"m w1@0x49 5", "ok"}}, "3/3 joined=1"},
    {"three in one", PER ANY, PARTS "w1@0x48 07\n",
     {{"s W48 00 R48 . . W48 07 P", "a a a 1a c0 a a a"}}, "3/3 joined=1"},
    {"a header allows it to everybody", PER, "restarts: any\n" PARTS PARTS,
     {{"m w1@0x48 0 r2", "ok 1a c0"},
      {"s W48 00 R48 . . P", "a a a 1a c0 a"}}, "4/4 joined=2"},
    {"... and no split", PER, "restarts: any\n" PAIR,
     {{"m w1@0x48 0", "mismatch"}}, "0/1 mismatches=1 next=3"},
    {"so does %restart", PER, "w1@0x48 00\nr2@0x48 = 1a c0 %restart\n",
     {{"s W48 00 R48 . . P", "a a a 1a c0 a"}}, "2/2 joined=1"},
    {"not behind a fault, join", PER ANY,
     "w1@0x48 00 ! EIO phase=data msg=0 byte=0\nr2@0x48 = 1a c0\n",
     {{"m w1@0x48 0 r2", "EIO data 0 0"}, {"m r2@0x48", "ok 1a c0"}}, "2/2"},
    {"a fault in the second", PER ANY,
     "w1@0x48 00\nr2@0x48 ! ENXIO phase=address msg=0\n",
     {{"m w1@0x48 0 r2", "ENXIO address 1 -"}}, "2/2 joined=1"},
    {"a fault in the second, bytes", PER ANY,
     "w1@0x48 00\nr2@0x48 ! ENXIO phase=address msg=0\n",
     {{"s W48 00 R48 P", "a a ENXIO a"}}, "2/2 joined=1"},
    {"our own probe between them", PER ANY,
     "w1@0x48 00\nw0@0x48 %probe\nr2@0x48 = 1a c0\n",
     {{"s W48 00 R48 . . P", "a a a 1a c0 a"}}, "2/2 joined=1"},
    {"... that was refused", PER ANY,
     "w1@0x48 00\nw0@0x48 ! ENXIO phase=address msg=0 %probe\n"
     "r2@0x48 = 1a c0\n",
     {{"s W48 00 R48 P", "a a mismatch a"}}, "0/2 mismatches=1 next=2"},
    {"taken less than read, then joined", PER ANY,
     "w1@0x48 00 r4 = 1a c0 ff ff %took-2\nw1@0x48 01 r1 = 60\n",
     {{"s W48 00 R48 . . W48 01 R48 . P", "a a a 1a c0 a a a 60 a"}},
     "2/2 joined=1"},
    {"split and joined: other parts than recorded", PER ANY,
     "w1@0x48 00 r2 = 01 02\nw1@0x48 03\nr1@0x48 = 04\n",
     {{"m w1@0x48 0", "ok"}, {"m r2@0x48 w1 3", "ok 01 02"},
      {"m r1@0x48", "ok 04"}}, "3/3 split=1 joined=1"},

    /* ---- message mode, which makes STOP and START of some by itself */
    {"its own split", PER, "w1@0x48 00 w1 01 r1 = 60\n",
     {{"e w1@0x48 0", "ok"}, {"b w1@0x48 1 r1", "ok 60"}}, "1/1 split=1"},
    {"behind a read the guest made a STOP", PER,
     "w1@0x48 00 r1 = 60 w1 01\n",
     {{"e w1@0x48 0 r1", "ok 60"}, {"m w1@0x48 1", "mismatch"},
      {"b w1@0x48 1", "ok"}}, "1/1 mismatches=1 split=1"},
    {"its own split, lookup", LOOK, "w1@0x48 00 w1 01 r1 = 60\n",
     {{"e w1@0x48 0", "ok"}, {"b w1@0x48 1 r1", "ok 60"}}, "1/1 split=1"},

    /* ---- lookup */
    {"lookup: parts", LOOK ANY, PAIR,
     {{"m w1@0x48 0", "ok"}, {"m r2@0x48", "ok 1a c0"},
      {"m r2@0x48", "ok 1a c0"}}, "1/1 split=1"},
    {"lookup: parts, bytes", LOOK ANY, PAIR,
     {{"s W48 00 P", "a a a"}, {"s R48 . . P", "a 1a c0 a"}}, "1/1 split=1"},
    {"lookup: the context is the part's write", LOOK ANY,
     PAIR "w1@0x48 01 r2 = 60 61\n",
     {{"m w1@0x48 1", "ok"}, {"m r2@0x48", "ok 60 61"}, {"m w1@0x48 0", "ok"},
      {"m r2@0x48", "ok 1a c0"}, {"s W48 01 P", "a a a"},
      {"s R48 . . P", "a 60 61 a"}}, "2/2 split=3"},
    {"lookup: in turn, whole or in parts", LOOK ANY,
     PAIR "w1@0x48 00 r2 = 02 03\n" "w1@0x48 00 r2 = 04 05\n",
     {{"m w1@0x48 0", "ok"}, {"m r2@0x48", "ok 1a c0"},
      {"m w1@0x48 0 r2", "ok 02 03"}, {"m r2@0x48", "ok 04 05"},
      {"m r2@0x48", "ok 04 05"}}, "3/3 split=1"},
    {"lookup: real ones first", LOOK ANY, PAIR "w1@0x48 00\nr2@0x48 = 07 08\n",
     {{"m w1@0x48 0", "ok"}, {"m r2@0x48", "ok 07 08"},
      {"m w1@0x48 0", "ok"}, {"m r2@0x48", "ok 1a c0"}}, "3/3 split=1"},
    {"lookup: join", LOOK ANY, PARTS,
     {{"m w1@0x48 0 r2", "ok 1a c0"},
      {"s W48 00 R48 . . P", "a a a 1a c0 a"}}, "2/2 joined=2"},
    {"lookup: join by header", LOOK, "restarts: any\n" PARTS
     "w1@0x48 01\nr2@0x48 = 60 61\n",
     {{"m w1@0x48 1 r2", "ok 60 61"}, {"m w1@0x48 0 r2", "ok 1a c0"}},
     "4/4 joined=2"},

    /* ---- always refused */
    {"refused all the time: so often, however asked", PER,
     "w0@0x1d ! ENXIO phase=address msg=0\n",
     {{"s W1d P", "ENXIO a"}, {"s W1d P", "ENXIO a"}, {"s R1d P", "ENXIO a"},
      {"m r1@0x1d", "ENXIO address 0 -"}}, "1/1 absent=3"},
    {"... strict, in another number", STR ANY,
     "w0@0x1d ! ENXIO phase=address msg=0\n"
     "w0@0x1d ! ENXIO phase=address msg=0\n" PAIR,
     {{"s W1d P", "ENXIO a"}, {"m w1@0x48 0 r2", "ok 1a c0"}}, "3/3"},
    {"refused and then there", PER,
     "w0@0x50 ! ENXIO phase=address msg=0\nw0@0x50\n",
     {{"s W50 P", "ENXIO a"}, {"s W50 P", "a a"}, {"s W50 P", "mismatch a"}},
     "2/2 mismatches=1"},

    /* ---- behind a mismatch */
    {"on where it fits", PER,
     "w1@0x48 01\nw1@0x48 02\nw1@0x48 03\nw1@0x48 04\n",
     {{"m w1@0x48 2", "mismatch"}, {"m w1@0x48 3", "ok"}, {"m w1@0x48 4", "ok"}},
     "2/4 mismatches=1"},
    {"on where it fits, strict", STR,
     "w1@0x48 01\nw1@0x49 02\nw1@0x48 03\nw1@0x49 04\nw1@0x48 05\n",
     {{"m w1@0x49 2", "mismatch"}, {"m w1@0x49 4", "ok"}, {"m w1@0x48 5", "ok"}},
     "2/5 mismatches=1"},
    {"on where it fits, bytes", PER,
     "w1@0x48 01\nr1@0x48 = 05\nw1@0x48 03\nw1@0x48 04\n",
     {{"s W48 02 P", "a mismatch a"}, {"s W48 03 P", "a a a"},
      {"s W48 04 P", "a a a"}}, "2/4 mismatches=1"},
    {"not before there was a mismatch", PER, "w1@0x48 01\nw1@0x48 02\n",
     {{"m w1@0x48 2", "mismatch"}, {"m w1@0x48 1", "ok"}, {"m w1@0x48 2", "ok"}},
     "2/2 mismatches=1"},
    {"on to the nearest", PER,
     "w1@0x48 01\nw1@0x48 02\nr1@0x48 = 05\nw1@0x48 02\n",
     {{"m w1@0x48 2", "mismatch"}, {"m w1@0x48 2", "ok"},
      {"m r1@0x48", "ok 05"}, {"m w1@0x48 2", "ok"}}, "3/4 mismatches=1"},
    {"firmware that polls goes on behind a write that differs", PER,
     "w2@0x48 01 05\n" PAIR PAIR PAIR,
     {{"m w2@0x48 1 6", "mismatch"}, {"s W48 00 R48 . . P", "a a a 1a c0 a"},
      {"m w1@0x48 0 r2", "ok 1a c0"}, {"m w1@0x48 0 r2", "ok 1a c0"}},
     "3/4 mismatches=1"},
    {"a read alone moves nothing", PER,
     "w1@0x48 01\nw1@0x48 02\nr2@0x48 = 1a c0\n",
     {{"m w1@0x48 2", "mismatch"}, {"m r2@0x48", "mismatch"},
      {"g r34@0x48", "mismatch"}, {"s R48 . . P", "mismatch mismatch mismatch a"},
      {"m w1@0x48 1", "ok"}, {"m w1@0x48 2", "ok"}},
     "2/3 mismatches=4 next=4"},
    {"a quick write moves nothing", PER,
     "w1@0x48 01\nw1@0x48 02\nw0@0x48\n",
     {{"m w1@0x48 2", "mismatch"}, {"m w0@0x48", "mismatch"},
      {"s W48 P", "a mismatch"}, {"m w1@0x48 1", "ok"}},
     "1/3 mismatches=3 next=3"},
    {"a stream that differs after all has not moved", PER,
     "w1@0x48 01\nw2@0x48 02 03\nw1@0x48 04\n",
     {{"m w1@0x48 9", "mismatch"}, {"s W48 02 04 P", "a a mismatch a"},
      {"m w1@0x48 1", "ok"}, {"m w2@0x48 2 3", "ok"}, {"m w1@0x48 4", "ok"}},
     "3/3 mismatches=2"},
    /* a guest whose driver (bcm2835) refuses some of what was recorded */
    {"on to a part, messages", PER ANY, SEVERAL,
     {{"m w1@0x48 3", "mismatch"}, {"m w0@0x48", "mismatch"},
      {"m w2@0x48 1 0x40", "ok"}, {"m w0@0x48", "mismatch"},
      {"m w1@0x48 0", "ok"}, {"m r5@0x48", "ok 1a 80 ff ff ff"},
      {"m w1@0x48 0", "ok"}, {"g r34@0x48", "ok 1a 80"}, {"k 2", ""},
      {"m w1@0x48 1", "ok"}, {"m r1@0x48", "ok 40"}, {"m w0@0x48", "ok"}},
     "4/8 mismatches=3 split=4"},
    {"on to a part, bytes", PER ANY, SEVERAL,
     {{"s W48 03 P", "a mismatch a"}, {"s W48 P", "a mismatch"},
      {"s W48 01 40 P", "a a a a"}, {"s W48 P", "a mismatch"},
      {"s W48 00 P", "a a a"}, {"s R48 . . . . . P", "a 1a 80 ff ff ff a"},
      {"s W48 00 P", "a a a"}, {"s R48 . . P", "a 1a 80 a"},
      {"s W48 01 P", "a a a"}, {"s R48 . P", "a 40 a"}, {"s W48 P", "a a"}},
     "4/8 mismatches=3 split=4"},
    {"a part of the wrong one, messages", PER ANY, SEVERAL,
     {{"m w1@0x48 3", "mismatch"}, {"m w1@0x48 0", "ok"},
      {"m r5@0x48", "ok 1a 80 ff ff ff"}, {"m w1@0x48 0", "ok"},
      {"m r2@0x48", "ok 1a 80"}}, "2/8 mismatches=1 split=2 next=8"},
    {"a part of the wrong one, bytes", PER ANY, SEVERAL,
     {{"s W48 03 P", "a mismatch a"}, {"s W48 00 P", "a a a"},
      {"s R48 . . . . . P", "a 1a 80 ff ff ff a"}, {"s W48 00 P", "a a a"},
      {"s R48 . . P", "a 1a 80 a"}}, "2/8 mismatches=1 split=2 next=8"},
    {"a part of the wrong one, at STOP", PER ANY,
     "w1@0x48 07\n" PAIR "w1@0x48 00 r1 = 1a\n" "w1@0x48 01\n",
     {{"m w1@0x48 8", "mismatch"}, {"s W48 00 P", "a a a"},
      {"s R48 . P", "a 1a a"}, {"m w1@0x48 1", "ok"}},
     "2/4 mismatches=1 split=1"},
    {"no part of the wrong one: the rest stays", PER ANY, PAIR "w1@0x48 01\n",
     {{"m w1@0x48 8", "mismatch"}, {"s W48 00 P", "a a a"},
      {"s R48 . . . P", "a 1a c0 mismatch a"}, {"m r2@0x48", "ok 1a c0"},
      {"m w1@0x48 1", "ok"}}, "2/2 mismatches=2 split=1"},
    {"what is a part moves nothing", PER ANY, "w1@0x48 01\n" PAIR,
     {{"m w1@0x48 9", "mismatch"}, {"b w1@0x48 0 r2", "mismatch"},
      {"m w1@0x48 0 r2", "ok 1a c0"}}, "1/2 mismatches=2"},
    /* and the other way round */
    {"on to several, messages", PER ANY, HALVES,
     {{"m w1@0x48 0 r2 w1 3 r2", "mismatch"}, {"m w1@0x48 3 w1 0 r2", "mismatch"},
      {"m r2@0x48 r2", "mismatch"}, {"m w2@0x48 1 0x40 w1 1 r1", "mismatch"},
      {"m w1@0x48 0 r5", "ok 1a 80 ff ff ff"}, {"m w1@0x48 0 r2", "ok 1a 80"},
      {"m w1@0x48 1 r1", "ok 40"}}, "6/10 mismatches=4 joined=3"},
    {"on to several, bytes", PER ANY, HALVES,
     {{"s W48 00 P", "a mismatch a"}, {"s W48 03 W48 00 P", "a a a mismatch a"},
      {"s R48 P", "mismatch a"}, {"s W48 01 40 W48 01 P", "a a a a mismatch a"},
      {"s W48 00 R48 . . . . . P", "a a a 1a 80 ff ff ff a"},
      {"s W48 00 R48 . . P", "a a a 1a 80 a"},
      {"s W48 01 R48 . P", "a a a 40 a"}}, "6/10 mismatches=4 joined=3"},
    {"on to several, strict", STR ANY, "w1@0x49 01\nw1@0x49 02\n" PARTS PAIR,
     {{"m w1@0x49 3", "mismatch"}, {"m w1@0x48 0 r2", "ok 1a c0"},
      {"m w1@0x48 0", "ok"}, {"m r2@0x48", "ok 1a c0"}},
     "3/5 mismatches=1 split=1 joined=1"},
    {"not further than eight", PER,
     "w1@0x48 00\nw1@0x48 01\nw1@0x48 02\nw1@0x48 03\nw1@0x48 04\n"
     "w1@0x48 05\nw1@0x48 06\nw1@0x48 07\nw1@0x48 08\nw1@0x48 09\n",
     {{"m w1@0x48 9", "mismatch"}, {"m w1@0x48 9", "mismatch"},
      {"m w1@0x48 8", "ok"}, {"m w1@0x48 9", "ok"}}, "2/10 mismatches=2"},
};
/* clang-format on */

START_TEST(scenario)
{
    replay_scenario(&scenarios[_i]);
}
END_TEST

static Suite *restarts_suite(void)
{
    Suite *suite = suite_create("trace-restarts");
    TCase *tcase = tcase_create("scenarios");

    tcase_add_loop_test(tcase, scenario, 0, G_N_ELEMENTS(scenarios));
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return unit_run(restarts_suite());
}
