/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfers from an event loop: submit, poll the adapter's descriptor,
 * dispatch.
 *
 *     async stub,chips=0x48
 */
#include <poll.h>
#include <stdio.h>

#include <i2cpt.h>

struct reading {
    uint8_t pointer, data[2];
    struct i2cpt_msg msgs[2]; /* borrowed by the library until done() */
    int *left;
};

static void done(struct i2cpt_request *request, int result,
                 const struct i2cpt_fault *fault, void *user)
{
    struct reading *r = user;

    (void)request;
    (*r->left)--;
    if (result < 0) {
        char line[300];
        i2cpt_fault_describe(fault, line, sizeof(line));
        printf("register %d: %s\n", r->pointer, line);
    } else {
        printf("register %d: %02x %02x\n", r->pointer, r->data[0], r->data[1]);
    }
}

static int submit(struct i2cpt_adapter *adapter, struct reading *r)
{
    r->msgs[0] = (struct i2cpt_msg){.addr = 0x48, .len = 1, .buf = &r->pointer};
    r->msgs[1] = (struct i2cpt_msg){
        .addr = 0x48, .flags = I2CPT_M_RD, .len = 2, .buf = r->data};
    return i2cpt_submit(adapter, r->msgs, 2, 0, done, r, NULL);
}

int main(int argc, char **argv)
{
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault;
    struct reading readings[4];
    int left = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: async ADAPTER\n");
        return 2;
    }
    if (i2cpt_adapter_open(argv[1], &adapter, &fault) < 0) {
        fprintf(stderr, "async: %s\n", fault.text);
        return 1;
    }
    for (int i = 0; i < 4; i++) {
        readings[i] = (struct reading){.pointer = (uint8_t)i, .left = &left};
        if (submit(adapter, &readings[i]) == 0) {
            left++;
        }
    }
    while (left > 0) {
        struct pollfd fd = {.fd = i2cpt_adapter_fd(adapter), .events = POLLIN};
        poll(&fd, 1, -1);
        i2cpt_dispatch(adapter);
    }
    i2cpt_adapter_unref(adapter);
    return 0;
}
