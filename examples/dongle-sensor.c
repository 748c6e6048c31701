/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Read an LM75, TMP102 or the like at 0x48 through an FTDI dongle:
 *
 *     dongle-sensor              the only one that is plugged in
 *     dongle-sensor FT4X8B2Q     the one with this serial number
 */
#include <stdio.h>

#include <i2cpt.h>

static int open_dongle(const char *serial, struct i2cpt_adapter **adapter,
                       struct i2cpt_fault *fault)
{
    struct i2cpt_options *options;
    int rc = i2cpt_options_new(&options);

    if (rc < 0) {
        return rc;
    }
    rc = i2cpt_options_set(options, "backend", "ftdi", fault);
    if (!rc) {
        rc = i2cpt_options_set(options, "frequency", "400k", fault);
    }
    if (!rc && serial) {
        rc = i2cpt_options_set(options, "serial", serial, fault);
    }
    if (!rc) {
        rc = i2cpt_adapter_open_options(options, adapter, fault);
    }
    i2cpt_options_free(options);
    return rc;
}

int main(int argc, char **argv)
{
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault;
    char line[300];

    if (argc > 2) {
        fprintf(stderr, "usage: dongle-sensor [SERIAL]\n");
        return 2;
    }
    if (open_dongle(argv[1], &adapter, &fault) < 0) {
        fprintf(stderr, "dongle-sensor: %s\n", fault.text);
        return 1;
    }
    int value = i2cpt_smbus_read_word_data(adapter, 0x48, 0, 0x00, &fault);
    if (value < 0) {
        i2cpt_fault_describe(&fault, line, sizeof(line));
        fprintf(stderr, "dongle-sensor: %s\n", line);
    } else {
        /* SMBus has the low byte first, these sensors the high one */
        int16_t raw = (int16_t)((value & 0xff) << 8 | value >> 8);
        printf("%.2f C on %s\n", raw / 256.0, i2cpt_adapter_name(adapter));
    }
    i2cpt_adapter_unref(adapter);
    return value < 0 ? 1 : 0;
}
