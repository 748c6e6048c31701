/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Seeds and words for the importer of ftrace. */
#include "fuzz.h"
#include "fuzz-import.h"
#include "importers/import.h"

const char *const fuzz_seeds[] = {
    "0# tracer: nop\n"
    "p [0] 7.00: i2c_write: i2c-1 #0 a=049 f=0200 l=1 [00]\n"
    "p [0] 7.01: i2c_read: i2c-1 #1 a=049 f=0201 l=2\n"
    "p [0] 7.02: i2c_reply: i2c-1 #1 a=049 f=0201 l=2 [1a-c0]\n"
    "p [0] 7.03: i2c_result: i2c-1 n=2 ret=2\n"
    "p [0] 7.04: i2c_read: i2c-1 #0 a=077 f=0001 l=1\n"
    "p [0] 7.05: i2c_result: i2c-1 n=1 ret=-6\n",
    "1# tracer: nop\n"
    "p [0] 7.00: i2c_write: i2c-1 #0 a=148 f=0010 l=3 [00-01]\n"
    "p [0] 7.01: i2c_read: i2c-1 #1 a=00b f=0401 l=2\n"
    "p [0] 7.02: i2c_reply: i2c-1 #1 a=00b f=0401 l=4 [02-61-62-00]\n"
    "p [0] 7.03: i2c_result: i2c-1 n=2 ret=2\n"
    "p [0] 7.04: i2c_read: i2c-2 #0 a=00b f=0001 l=9\n"
    "p [0] 7.05: i2c_result: i2c-2 n=1 ret=1\n"
    "p [0] 7.06: i2c_write: i2c-2 #0 a=00b f=9800 l=0 []\n"
    "p [0] 7.07: i2c_read: i2c-2 #1 a=00b f=0001 l=1\n"
    "p [0] 7.08: i2c_result: i2c-2 n=2 ret=1\n",
    "0# tracer: nop\n"
    "p [0] 7.00: smbus_read: i2c-1 a=048 f=0000 c=10 WORD_DATA\n"
    "p [0] 7.01: i2c_write: i2c-1 #0 a=048 f=0000 l=1 [10]\n"
    "p [0] 7.02: i2c_result: i2c-1 n=1 ret=1\n"
    "p [0] 7.03: smbus_reply: i2c-1 a=048 f=0000 c=10 WORD_DATA l=2 "
    "[11-12]\n"
    "p [0] 7.04: smbus_result: i2c-1 a=048 f=0000 c=10 WORD_DATA rd res=0\n",
    "0# tracer: nop\n"
    "p [0] 7.00: smbus_read: i2c-0 a=050 f=0004 c=20 WORD_DATA\n"
    "p [0] 7.01: smbus_reply: i2c-0 a=050 f=0004 c=20 WORD_DATA l=2 "
    "[00-12]\n"
    "p [0] 7.02: smbus_result: i2c-0 a=050 f=0004 c=20 WORD_DATA rd res=0\n"
    "p [0] 7.03: smbus_write: i2c-0 a=050 f=0004 c=21 BYTE_DATA l=1 [12]\n"
    "p [0] 7.04: smbus_result: i2c-0 a=050 f=0004 c=21 BYTE_DATA wr "
    "res=-6\n"
    "p [0] 7.05: smbus_write: i2c-0 a=051 f=0000 c=0 QUICK l=0 []\n"
    "p [0] 7.06: smbus_result: i2c-0 a=051 f=0000 c=0 QUICK wr res=0\n"
    "p [0] 7.07: smbus_read: i2c-0 a=051 f=0000 c=0 BYTE\n"
    "p [0] 7.08: smbus_reply: i2c-0 a=051 f=0000 c=0 BYTE l=1 [07]\n"
    "p [0] 7.09: smbus_result: i2c-0 a=051 f=0000 c=0 BYTE rd res=0\n",
    "0# tracer: nop\n"
    "p [0] 7.00: smbus_write: i2c-2 a=048 f=0004 c=5 BLOCK_DATA l=4 "
    "[03-11-22-33]\n"
    "p [0] 7.01: smbus_result: i2c-2 a=048 f=0004 c=5 BLOCK_DATA wr res=0\n"
    "p [0] 7.02: smbus_read: i2c-2 a=048 f=0004 c=5 BLOCK_DATA\n"
    "p [0] 7.03: smbus_reply: i2c-2 a=048 f=0004 c=5 BLOCK_DATA l=4 "
    "[03-11-22-33]\n"
    "p [0] 7.04: smbus_result: i2c-2 a=048 f=0004 c=5 BLOCK_DATA rd res=0\n"
    "p [0] 7.05: smbus_write: i2c-2 a=048 f=0000 c=8 I2C_BLOCK_DATA "
    "l=3 [02-44-55]\n"
    "p [0] 7.06: smbus_result: i2c-2 a=048 f=0000 c=8 I2C_BLOCK_DATA "
    "wr res=0\n"
    "p [0] 7.07: smbus_read: i2c-2 a=048 f=0000 c=8 I2C_BLOCK_DATA\n"
    "p [0] 7.08: smbus_reply: i2c-2 a=048 f=0000 c=8 I2C_BLOCK_DATA "
    "l=3 [02-44-55]\n"
    "p [0] 7.09: smbus_result: i2c-2 a=048 f=0000 c=8 I2C_BLOCK_DATA "
    "rd res=0\n",
    "0# tracer: nop\n"
    "p [0] 7.00: smbus_write: i2c-3 a=048 f=0000 c=10 PROC_CALL l=2 "
    "[34-12]\n"
    "p [0] 7.01: smbus_reply: i2c-3 a=048 f=0000 c=10 PROC_CALL l=2 "
    "[78-56]\n"
    "p [0] 7.02: smbus_result: i2c-3 a=048 f=0000 c=10 PROC_CALL rd res=0\n"
    "p [0] 7.03: smbus_write: i2c-3 a=048 f=0004 c=21 "
    "BLOCK_PROC_CALL l=3 [02-01-02]\n"
    "p [0] 7.04: smbus_reply: i2c-3 a=048 f=0004 c=21 "
    "BLOCK_PROC_CALL l=2 [01-ff]\n"
    "p [0] 7.05: smbus_result: i2c-3 a=048 f=0004 c=21 "
    "BLOCK_PROC_CALL rd res=0\n"
    "p [0] 7.06: smbus_write: i2c-3 a=048 f=0000 c=8 "
    "I2C_BLOCK_BROKEN l=0 []\n"
    "p [0] 7.07: smbus_result: i2c-3 a=048 f=0000 c=8 "
    "I2C_BLOCK_BROKEN wr res=0\n"
    "p [0] 7.08: smbus_read: i2c-3 a=048 f=0000 c=8 BLOCK_DATA\n"
    "p [0] 7.09: smbus_result: i2c-3 a=048 f=0000 c=8 BLOCK_DATA rd res=0\n"
    "p [0] 7.10: sched: a\n",
    "0CPU:0 [LOST 12 EVENTS]\n"
    "p [0] 7.00: i2c_result: i2c-1 n=2 ret=2\n",
    NULL,
};
const char *const fuzz_words[] = {
    "\n",
    "p [0] 7.01: i2c_write: i2c-1 #0 a=048 f=0000 l=1 [00]\n",
    "p [0] 7.01: i2c_write: i2c-1 #1 a=048 f=0000 l=1 [00]\n",
    "p [0] 7.02: i2c_read: i2c-1 #0 a=048 f=0001 l=1\n",
    "p [0] 7.02: i2c_read: i2c-1 #1 a=048 f=0001 l=1\n",
    "p [0] 7.03: i2c_reply: i2c-1 #0 a=048 f=0001 l=1 [00]\n",
    "p [0] 7.03: i2c_reply: i2c-1 #1 a=048 f=0001 l=1 [00]\n",
    "p [0] 7.04: i2c_result: i2c-1 n=1 ret=1\n",
    "p [0] 7.04: i2c_result: i2c-1 n=2 ret=2\n",
    "p [0] 7.05: smbus_read: i2c-1 a=048 f=0000 c=10 BYTE\n",
    "p [0] 7.06: smbus_reply: i2c-1 a=048 f=0000 c=10 BYTE l=1 [00]\n",
    "p [0] 7.07: smbus_result: i2c-1 a=048 f=0000 c=10 BYTE rd res=0\n",
    "i2c-",
    " a=",
    " f=",
    " l=",
    " c=",
    "[",
    "]",
    "-",
    "ret=-",
    "0004",
    "0010",
    "0401",
    "65535",
    "1024",
    "PROC_CALL",
    "BLOCK_DATA",
    "WORD_DATA",
    "BLOCK_PROC_CALL",
    "I2C_BLOCK_DATA",
    NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_import(import_ftrace, data, size);
    return 0;
}
