/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Read a TMP102 temperature sensor at 0x48, on whatever adapter is named:
 *
 *     read-sensor i2c-dev,device=/dev/i2c-1
 *     read-sensor trace,file=examples/tmp102.i2ct,match=lookup
 */
#include <stdio.h>

#include <i2cpt.h>

int main(int argc, char **argv)
{
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault;
    uint8_t pointer = 0, data[2];
    struct i2cpt_msg msgs[] = {
        {.addr = 0x48, .len = 1, .buf = &pointer},
        {.addr = 0x48, .flags = I2CPT_M_RD, .len = 2, .buf = data},
    };

    if (argc != 2) {
        fprintf(stderr, "usage: read-sensor ADAPTER\n");
        return 2;
    }
    if (i2cpt_adapter_open(argv[1], &adapter, &fault) < 0) {
        fprintf(stderr, "read-sensor: %s\n", fault.text);
        return 1;
    }
    int rc = i2cpt_transfer(adapter, msgs, 2, &fault);
    if (rc < 0) {
        char line[300];
        i2cpt_fault_describe(&fault, line, sizeof(line));
        fprintf(stderr, "read-sensor: %s\n", line);
    } else {
        int value = (int16_t)(data[0] << 8 | data[1]) / 16;
        printf("%.4f C\n", value * 0.0625);
    }
    i2cpt_adapter_unref(adapter);
    return rc < 0 ? 1 : 0;
}
