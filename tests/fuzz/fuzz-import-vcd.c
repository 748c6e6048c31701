/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Seeds and words for the importer of value change dumps. */
#include "fuzz.h"
#include "fuzz-import.h"
#include "importers/import.h"

#define HEAD "$timescale 1 us $end\n$var wire 1 c SCL $end\n"
#define WIRES                                                     \
    HEAD "$var wire 1 d SDA $end\n$var wire 8 v bus [7:0] $end\n" \
         "$enddefinitions $end\n#0\n1c\n1d\n"
/* A letter from '@' on has --line. */
#define LINES                                                                  \
    "$timescale 100 ns $end\n$scope module top $end\n$var wire 1 c SCL $end\n" \
    "$var wire 1 d SDA $end\n$var wire 1 i INT $end\n$upscope $end\n"          \
    "$var wire 8 v bus [7:0] $end\n$enddefinitions $end\n#0\n1c\n1d\n"
#define ONE  "1d\n#2\n1c\n#3\n0c\n#4\n"
#define ZERO "0d\n#2\n1c\n#3\n0c\n#4\n"

const char *const fuzz_seeds[] = {
    "0" WIRES "#1\n0d\n#2\n0c\n#3\n1d\n#4\n1c\n#5\n0c\n#6\n1c\n#7\n0c\n#8\n"
    "1c\n#9\n0c\n#10\n1c\n#11\n0c\n#12\n1c\n#13\n1d\n",
    "1" WIRES "$dumpvars xc zd b0101 v $end $comment x $end\n#1 0d r1.5 q\n",
    "2" HEAD "$var reg 1 d sda [0] $end $enddefinitions $end #5 1c 0c #5 0d",
    "p" LINES "xi\nb0 v\n#1\n0i\n#2\n1i\n#5\n0d\n#6\n0c\n0i\n#7\nb1000 v\n"
    "#8\n1c\n1d\n#9\n0i\n",
    "@" HEAD "$scope module top $end $scope module a $end $upscope $end "
    "$var wire 1 d sda $end $var wire 4 v bus[3:0] $end $var wire 1 i INT $end "
    "$enddefinitions $end bz v #1 1i #2 0i 1i",
    "4$comment a $end $timescale 10\nns $end\n",
    NULL,
};
const char *const fuzz_words[] = {
    ONE,
    ZERO,
    "#",
    "\n",
    "$end ",
    "$var wire 1 d SDA $end\n",
    "0c\n",
    "1c\n",
    "zd\n",
    "b11 v ",
    "$comment ",
    "0i\n",
    "1i\n",
    "xi\n",
    "b1000 v\n",
    "$scope module top $end\n",
    "$upscope $end\n",
    "#99999999999999999999\n",
    NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_import(import_vcd, data, size);
    return 0;
}
