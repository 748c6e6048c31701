/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "fuzz-import.h"
#include "import.h"

/* A line of tracefs at so many milliseconds, two digits. */
#define L(ms, event) " p-1 [000] ..... 7.0" ms "000: " event "\n"

const char *const fuzz_seeds[] = {
    "0# tracer: nop\n" L("00", "i2c_write: i2c-1 #0 a=049 f=0200 l=1 [00]")
        L("01", "i2c_read: i2c-1 #1 a=049 f=0201 l=2")
            L("02", "i2c_reply: i2c-1 #1 a=049 f=0201 l=2 [1a-c0]")
                L("03", "i2c_result: i2c-1 n=2 ret=2")
                    L("04", "i2c_read: i2c-1 #0 a=077 f=0001 l=1")
                        L("05", "i2c_result: i2c-1 n=1 ret=-6"),
    "1# tracer: nop\n" L("00", "i2c_write: i2c-1 #0 a=148 f=0010 l=3 [00-01]")
        L("01", "i2c_read: i2c-1 #1 a=00b f=0401 l=2")
            L("02", "i2c_reply: i2c-1 #1 a=00b f=0401 l=4 [02-61-62-00]")
                L("03", "i2c_result: i2c-1 n=2 ret=2")
                    L("04", "i2c_read: i2c-2 #0 a=00b f=0001 l=9")
                        L("05", "i2c_result: i2c-2 n=1 ret=1")
                            L("06", "i2c_write: i2c-2 #0 a=00b f=9800 l=0 []")
                                L("07", "i2c_read: i2c-2 #1 a=00b f=0001 l=1")
                                    L("08", "i2c_result: i2c-2 n=2 ret=1"),
    "0# tracer: nop\n" L("00", "smbus_read: i2c-1 a=048 f=0000 c=10 WORD_DATA")
        L("01", "i2c_write: i2c-1 #0 a=048 f=0000 l=1 [10]")
            L("02", "i2c_result: i2c-1 n=1 ret=1") L(
                "03",
                "smbus_reply: i2c-1 a=048 f=0000 c=10 WORD_DATA l=2 [11-12]")
                L("04",
                  "smbus_result: i2c-1 a=048 f=0000 c=10 WORD_DATA rd res=0"),
    "0# tracer: nop\n" L("00", "smbus_read: i2c-0 a=050 f=0004 c=20 WORD_DATA")
        L("01", "smbus_reply: i2c-0 a=050 f=0004 c=20 WORD_DATA l=2 [00-12]") L(
            "02", "smbus_result: i2c-0 a=050 f=0004 c=20 WORD_DATA rd res=0")
            L("03", "smbus_write: i2c-0 a=050 f=0004 c=21 BYTE_DATA l=1 [12]")
                L("04",
                  "smbus_result: i2c-0 a=050 f=0004 c=21 BYTE_DATA wr res=-6")
                    L("05", "smbus_write: i2c-0 a=051 f=0000 c=0 QUICK l=0 []")
                        L("06",
                          "smbus_result: i2c-0 a=051 f=0000 c=0 QUICK wr res=0")
                            L("07", "smbus_read: i2c-0 a=051 f=0000 c=0 BYTE")
                                L("08", "smbus_reply: i2c-0 a=051 f=0000 c=0 "
                                        "BYTE l=1 [07]")
                                    L("09", "smbus_result: i2c-0 a=051 f=0000 "
                                            "c=0 BYTE rd res=0"),
    "0# tracer: nop\n" L("00", "smbus_write: i2c-2 a=048 f=0004 c=5 BLOCK_DATA "
                               "l=4 [03-11-22-33]") L(
        "01", "smbus_result: i2c-2 a=048 f=0004 c=5 BLOCK_DATA wr res=0")
        L("02", "smbus_read: i2c-2 a=048 f=0004 c=5 BLOCK_DATA") L(
            "03",
            "smbus_reply: i2c-2 a=048 f=0004 c=5 BLOCK_DATA l=4 [03-11-22-33]")
            L("04", "smbus_result: i2c-2 a=048 f=0004 c=5 BLOCK_DATA rd res=0")
                L("05", "smbus_write: i2c-2 a=048 f=0000 c=8 I2C_BLOCK_DATA "
                        "l=3 [02-44-55]") L("06",
                                            "smbus_result: i2c-2 a=048 f=0000 "
                                            "c=8 I2C_BLOCK_DATA wr res=0")
                    L("07", "smbus_read: i2c-2 a=048 f=0000 c=8 I2C_BLOCK_DATA")
                        L("08", "smbus_reply: i2c-2 a=048 f=0000 c=8 "
                                "I2C_BLOCK_DATA l=3 [02-44-55]")
                            L("09", "smbus_result: i2c-2 a=048 f=0000 c=8 "
                                    "I2C_BLOCK_DATA rd res=0"),
    "0# tracer: nop\n" L(
        "00", "smbus_write: i2c-3 a=048 f=0000 c=10 PROC_CALL l=2 [34-12]")
        L("01", "smbus_reply: i2c-3 a=048 f=0000 c=10 PROC_CALL l=2 [78-56]") L(
            "02", "smbus_result: i2c-3 a=048 f=0000 c=10 PROC_CALL rd res=0")
            L("03", "smbus_write: i2c-3 a=048 f=0004 c=21 BLOCK_PROC_CALL l=3 "
                    "[02-01-02]") L("04", "smbus_reply: i2c-3 a=048 f=0004 "
                                          "c=21 BLOCK_PROC_CALL l=2 [01-ff]") L(
                "05", "smbus_result: i2c-3 a=048 f=0004 c=21 BLOCK_PROC_CALL "
                      "rd res=0")
                L("06",
                  "smbus_write: i2c-3 a=048 f=0000 c=8 I2C_BLOCK_BROKEN l=0 []")
                    L("07", "smbus_result: i2c-3 a=048 f=0000 c=8 "
                            "I2C_BLOCK_BROKEN wr res=0")
                        L("08", "smbus_read: i2c-3 a=048 f=0000 c=8 BLOCK_DATA")
                            L("09", "smbus_result: i2c-3 a=048 f=0000 c=8 "
                                    "BLOCK_DATA rd res=0") L("10", "sched: a"),
    "0CPU:0 [LOST 12 EVENTS]\n" L("00", "i2c_result: i2c-1 n=2 ret=2"),
    NULL,
};
const char *const fuzz_words[] = {
    "\n",
    L("01", "i2c_write: i2c-1 #0 a=048 f=0000 l=1 [00]"),
    L("01", "i2c_write: i2c-1 #1 a=048 f=0000 l=1 [00]"),
    L("02", "i2c_read: i2c-1 #0 a=048 f=0001 l=1"),
    L("02", "i2c_read: i2c-1 #1 a=048 f=0001 l=1"),
    L("03", "i2c_reply: i2c-1 #0 a=048 f=0001 l=1 [00]"),
    L("03", "i2c_reply: i2c-1 #1 a=048 f=0001 l=1 [00]"),
    L("04", "i2c_result: i2c-1 n=1 ret=1"),
    L("04", "i2c_result: i2c-1 n=2 ret=2"),
    L("05", "smbus_read: i2c-1 a=048 f=0000 c=10 BYTE"),
    L("06", "smbus_reply: i2c-1 a=048 f=0000 c=10 BYTE l=1 [00]"),
    L("07", "smbus_result: i2c-1 a=048 f=0000 c=10 BYTE rd res=0"),
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
