/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Seeds and words for the importer of Saleae's tables. */
#include "fuzz.h"
#include "fuzz-import.h"
#include "importers/import.h"

#define LOGIC1 "Time [s],Packet ID,Address,Data,Read/Write,ACK/NAK\n"
#define LOGIC2 "name,type,start_time,duration,\"ack\",address,read,data\n"

const char *const fuzz_seeds[] = {
    "0" LOGIC1 "0.5,0,0x90,0x00,Write,ACK\n0.6,1,0x91,0x1A,Read,ACK\n"
    "0.7,1,0x91,0xC0,Read,NAK\n0.8,2,0xEE,0b101,Write,NAK\n",
    "1" LOGIC1 "-1e-3,0,0x48,0x00,Write,ACK\n1,1,0x48,0x1A,Read,ACK\n",
    "2" LOGIC1 "0,0,0x48,,Write,NAK\n1,1,0x48,1,Read,Missing ACK/NAK\n",
    "4" LOGIC1 "0,0,0xf0,0x48,Write,ACK\n0,,0xf0,0x01,Read,NAK\n",
    "0" LOGIC2 "\"I2C\",\"start\",0.8,4.1e-08,,,,\n"
    "\"I2C\",\"address\",0.8,8e-05,true,0x48,false,\n"
    "\"I2C\",\"data\",0.8,8e-05,true,,,0x00\n\"I2C\",\"start\",0.8,1e-8,,,,\n"
    "\"I2C\",\"address\",0.8,8e-05,true,0x48,true,\n"
    "\"I2C\",\"data\",0.8,8e-05,false,,,0x1A\n\"I2C\",\"stop\",0.9,1e-8,,,,\n",
    "8" LOGIC2 "\"SPI\",data,,,,,,\ni2c-1,start,1,,,,,\ni2c-1,address,,,true,"
    "0x79,false,\ni2c-1,data,,,true,,,0x48\ni2c-1,start,2,,,,,\n"
    "i2c-1,address,,,true,0x79,true,\ni2c-1,data,,,true,,,0x48\n"
    "i2c-1,data,,,false,,,0x48\ni2c-1,stop,3,,,,,\n",
    NULL,
};
const char *const fuzz_words[] = {
    "\n",      ",",       "\"",      "\"\"",   "0x",    "0b1",    "ACK",
    "NAK",     "Missing", "Read",    "Write",  "true",  "false",  "start",
    "address", "data",    "stop",    "I2C",    "i2c-1", "e-99",   "1e9",
    "-0.5",    "0x7b",    "0xff",    "0x100",  "\r\n",  "0x79,",  "99999999999",
    LOGIC1,    LOGIC2,    "\"I2C\"", ",,,,,,", "0b2",   "Write,", NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_import(import_saleae, data, size);
    return 0;
}
