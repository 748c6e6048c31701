/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the stub backend: models of targets at byte level, the text
 * that describes them, and what tests may look at. docs/stub.md is the page
 * for people.
 *
 * The bus (backend-stub.c) turns transfers, SMBus commands and stream calls
 * into start, write, read and end of one chip. A kind of chip is one table of
 * these (stub-KIND.c); scripted faults and delays are the bus's, so every kind
 * has them.
 */
#ifndef I2CPT_STUB_H
#define I2CPT_STUB_H

#include "core/backend.h"
#include "core/key.h"

#define STUB_LINE_MAX   4096u /* of a load file */
#define STUB_VALUES     8u    /* keys of one line */
#define STUB_EVENTS_MAX 64u   /* `fault` lines of one chip */
#define STUB_TEN_MAX    64u   /* chips at 10-bit addresses */
#define STUB_ALWAYS     UINT64_MAX

/* What a line's KEY=VALUE words said, by index in `keys`. */
struct stub_values {
    const struct i2cpt_key *keys;
    uint64_t number[STUB_VALUES]; /* with defaults applied */
    bool given[STUB_VALUES];
};

/* One `reg` line. */
struct stub_reg {
    uint64_t number;
    const struct stub_values *values;
    const uint8_t *bytes;
    size_t n;
};

/* What has happened to one chip, for tests. */
struct i2cpt_stub_counts {
    uint64_t starts;     /* its address on the wire */
    uint64_t nacks;      /* of these, not acknowledged */
    uint64_t written;    /* bytes acknowledged */
    uint64_t read;       /* bytes given */
    uint64_t popped;     /* bytes taken from FIFO registers */
    uint64_t cleared;    /* reads of clear-on-read registers */
    uint64_t cycles;     /* EEPROM write cycles begun */
    uint64_t sent;       /* SMBus send-byte commands taken */
    uint64_t pec_errors; /* wrong or missing PECs */
};

enum stub_what {
    STUB_NACK,
    STUB_HANG,
    STUB_ARBITRATION_LOST,
    STUB_UNPLUG,
    STUB_STRETCH,
};

enum stub_on {
    STUB_ON_ANY,
    STUB_ON_READ,
    STUB_ON_WRITE,
};

#define STUB_AT_ADDRESS (-1)

/* A scripted fault: lets `skip` occasions pass, then takes `count` of them. */
struct stub_event {
    enum stub_what what;
    enum stub_on on;
    int at; /* STUB_AT_ADDRESS, or the byte after it, from 0 */
    uint64_t skip, count;
    uint32_t stretch_us;
};

struct stub_kind;

/* The head of every chip; a kind's own structure begins with it. */
struct stub_chip {
    const struct stub_kind *kind;
    uint16_t addr;
    bool ten;
    uint32_t byte_us, transfer_us;
    struct stub_event *events;
    size_t n_events;
    struct i2cpt_stub_counts counts;
};

/*
 * A kind of chip. The bus calls start() with its address, then write() or
 * read() for each byte, then end() before a repeated START (to any address) or
 * at STOP. start() with `repeated` says that the message before, in the same
 * transfer, was this chip's too. start() and write() return the ACK.
 */
struct stub_kind {
    const char *name;
    const char *help;
    size_t size;                        /* of the chip's structure */
    const struct i2cpt_key *keys;       /* of its `chip` line */
    const struct i2cpt_key *reg_keys;   /* of its `reg` lines */
    uint64_t reg_max;                   /* highest register number */
    int (*init)(struct stub_chip *chip, /* zeroed but for the head */
                const struct stub_values *values, struct i2cpt_fault *fault);
    void (*fini)(struct stub_chip *chip); /* optional */
    int (*reg)(struct stub_chip *chip, const struct stub_reg *reg,
               struct i2cpt_fault *fault);
    bool (*start)(struct stub_chip *chip, bool read, bool repeated);
    bool (*write)(struct stub_chip *chip, uint8_t byte);
    uint8_t (*read)(struct stub_chip *chip);
    void (*end)(struct stub_chip *chip, bool stop); /* optional */
    /* What is stored at a register, without side effects: the number of bytes
     * put into buf, at most size. For tests. */
    size_t (*peek)(const struct stub_chip *chip, uint32_t reg, uint8_t *buf,
                   size_t size);
    /* Put a byte there, as what the chip measures does. Optional. */
    void (*poke)(struct stub_chip *chip, uint32_t reg, uint8_t byte);
    /* How often the register was read, from the first call of this on.
     * Optional. */
    uint32_t (*reads)(struct stub_chip *chip, uint32_t reg);
};

extern const struct stub_kind stub_registers_kind;
extern const struct stub_kind stub_sensor_kind;
extern const struct stub_kind stub_eeprom_kind;
extern const struct stub_kind stub_smbus_kind;
extern const struct stub_kind stub_measure_kind;

/* --------------------------------------------- chips (chip.c) */

/* By index from 0; NULL past the last. */
const struct stub_kind *stub_kind_at(size_t index);

/* `values` NULL: all defaults. */
int stub_chip_new(const struct stub_kind *kind, uint16_t addr, bool ten,
                  const struct stub_values *values, struct stub_chip **out,
                  struct i2cpt_fault *fault);
void stub_chip_free(struct stub_chip *chip);
int stub_chip_add_event(struct stub_chip *chip, const struct stub_event *event,
                        struct i2cpt_fault *fault);

/*
 * The event that this occasion has to suffer, or NULL. Events are asked in
 * order; each sees only the occasions that those before it let pass.
 */
const struct stub_event *stub_chip_event(struct stub_chip *chip, int at,
                                         bool read);

/* The chips of a bus, by address. Zero it first. */
struct stub_chips {
    struct stub_chip *seven[128];
    struct stub_chip *ten[STUB_TEN_MAX];
    size_t n_ten;
};
/* Takes the chip over; -EINVAL where the address has one. */
int stub_chips_add(struct stub_chips *chips, struct stub_chip *chip,
                   struct i2cpt_fault *fault);
struct stub_chip *stub_chips_find(const struct stub_chips *chips, uint16_t addr,
                                  bool ten);
void stub_chips_clear(struct stub_chips *chips);

/* ------------------------------------------- lines (lines.c) */

struct stub_lines;
extern const struct i2cpt_key stub_line_keys[];
struct stub_lines *stub_lines_new(void);
/* NULL is allowed. */
void stub_lines_free(struct stub_lines *l);
/* For struct i2cpt_bus_info; NULL of NULL. */
struct i2cpt_lines *stub_lines_get(struct stub_lines *l);
int stub_lines_add(struct stub_lines *l, const char *name,
                   struct stub_chip *chip, const struct stub_values *v,
                   struct i2cpt_fault *fault);
/* When all are there, and before the first call. */
int stub_lines_start(struct stub_lines *l, struct i2cpt_fault *fault);
/* Around each call on the chips; NULL is allowed. */
void stub_lines_begin(struct stub_lines *l);
void stub_lines_end(struct stub_lines *l);

/* ----------------------------------------- the text (load.c) */

/* Add the chips that the file describes, and their lines (*lines is NULL where
 * there are none). Errors begin with FILE:LINE. */
int stub_load(const char *path, struct stub_chips *chips,
              struct stub_lines **lines, struct i2cpt_fault *fault);

/* ------------------------------------------ the bus (stub-bus.c) */

struct stub_bus {
    struct stub_chips chips;
    struct stub_lines *lines; /* NULL: none */
    uint32_t functionality;
    bool hidden;   /* NACKs are EREMOTEIO and no more */
    bool scripted; /* some chip has faults or delays, or the bus has */
    uint32_t byte_us, transfer_us;
    uint64_t transfers_left; /* until it is unplugged; STUB_ALWAYS */
    uint64_t lost_left;      /* arbitrations still to lose */

    struct stub_chip *chip; /* it acknowledged the open message, or NULL */
    bool open;              /* between START and STOP */
    bool read;              /* direction bit of the open message */
    bool unread;            /* stream: no byte of this read was taken */
    int msg;                /* from the first START */
    int byte, first_byte;   /* since the address; where the message began */
};

int stub_bus_transfer(struct stub_bus *bus, struct i2cpt_xfer *x);
int stub_bus_smbus(struct stub_bus *bus, struct i2cpt_smbus_call *call,
                   uint64_t deadline_ns, struct i2cpt_fault *fault);
int stub_bus_stream_start(struct stub_bus *bus, uint16_t addr, uint16_t flags,
                          uint64_t deadline_ns, struct i2cpt_fault *fault);
int stub_bus_stream_write(struct stub_bus *bus, uint8_t byte,
                          uint64_t deadline_ns, struct i2cpt_fault *fault);
int stub_bus_stream_read(struct stub_bus *bus, uint8_t *byte,
                         uint64_t deadline_ns, struct i2cpt_fault *fault);
int stub_bus_stream_stop(struct stub_bus *bus, uint64_t deadline_ns,
                         struct i2cpt_fault *fault);

/* -------------------------------------- for tests (backend-stub.c) */

/*
 * Look into the open adapter `stub,name=NAME`: false where there is no such
 * adapter or chip (7-bit). Not while a request is running on it.
 */
bool stub_counts(const char *name, uint16_t addr,
                 struct i2cpt_stub_counts *out);
size_t stub_peek(const char *name, uint16_t addr, uint32_t reg, uint8_t *buf,
                 size_t size);

#endif
