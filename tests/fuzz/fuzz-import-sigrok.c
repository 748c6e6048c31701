/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Seeds and words for the importer of sigrok's I2C decoder. */
#include "fuzz.h"
#include "fuzz-import.h"
#include "importers/import.h"

#define START   "i2c-1: Start\n"
#define REPEAT  "i2c-1: Start repeat\n"
#define STOP    "i2c-1: Stop\n"
#define ACK     "i2c-1: ACK\n"
#define NACK    "i2c-1: NACK\n"
#define WRITE   "i2c-1: Write\ni2c-1: Address write: "
#define READ    "i2c-1: Read\ni2c-1: Address read: "
#define WRITTEN "i2c-1: Data write: "
#define GOT     "i2c-1: Data read: "

const char *const fuzz_seeds[] = {
    "0" START WRITE "48\n" ACK WRITTEN "00\n" ACK REPEAT READ "48\n" ACK GOT
    "1A\n" ACK GOT "C0\n" NACK STOP START WRITE "77\n" ACK WRITTEN
    "F4\n" NACK STOP,
    "0" STOP START STOP START WRITE "1D\n" NACK REPEAT WRITE "1D\n" NACK WRITTEN
    "01\n" ACK STOP START READ "1E\n" ACK STOP,
    "0" START WRITE "79\n" ACK WRITTEN "48\n" ACK REPEAT READ "79\n" ACK GOT
    "03\n" ACK GOT "04\n" ACK GOT "05\n" NACK GOT "06\n" ACK STOP START,
    "2"
    "43-43 i2c-1: Start\n68-243 i2c-1: Address write: 48\n"
    "268-293 i2c-1: ACK\n300-300 i2c-1: Stop\n",
    "5"
    "43-43 i2c-1: Start\n68-243 i2c-1: Address write: 7B\n"
    "268-293 i2c-1: ACK\n4611686018427387904-300 i2c-1: Stop\n",
    "8lm75-1: Temperature: 27\ni2c-1: 0\n\ni2c-2: Start\ni2c-1: Start\n",
    NULL,
};
const char *const fuzz_words[] = {
    START, REPEAT, STOP,   ACK,     NACK,      WRITE,       READ,
    GOT,   "\n",   "i2c-", "1-2 ",  WRITTEN,   "78\n",      "7B\n",
    "80",  "FF\n", ": ",   "lm75-", "i2c-2: ", " i2c-1: 1", NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_import(import_sigrok, data, size);
    return 0;
}
