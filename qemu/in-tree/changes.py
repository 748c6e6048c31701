# SPDX-License-Identifier: GPL-2.0-or-later
"""What qemu/install-in-tree puts where: files of ours, and lines beside QEMU's.

A group is a change of its own, as a patch series would have it.
"""

DEST = 'hw/i2c/libi2cpt'

# Whole folders of qemu/, into DEST, but for what the plugin's build alone has.
FOLDERS = {'devices': ('common', 'controllers', 'export', 'targets')}
ONLY_OURS = ('meson.build', 'type-init.c', 'smbus-refused.c', 'linux-i2c.c',
             'linux-i2c-options.c')

FILES = {
    'devices': {
        'in-tree/meson.build': f'{DEST}/meson.build',
        'in-tree/Kconfig': f'{DEST}/Kconfig',
        'in-tree/trace-events': f'{DEST}/trace-events',
        'in-tree/trace.h': f'{DEST}/trace.h',
        'in-tree/i2c-passthrough.rst':
            'docs/system/devices/i2c-passthrough.rst',
        'in-tree/qtest/i2c-passthrough-test.c':
            'tests/qtest/i2c-passthrough-test.c',
        'in-tree/qtest/nrf51-twi-test.c': 'tests/qtest/nrf51-twi-test.c',
    },
    'linux-i2c': {
        'targets/linux-i2c.c': f'{DEST}/targets/linux-i2c.c',
    },
    'smbus-blocks': {
        'in-tree/qtest/pm-smbus-test.c': 'tests/qtest/pm-smbus-test.c',
        'in-tree/qtest/pm_smbus.h': 'tests/qtest/pm_smbus.h',
    },
    'smbus-message': {
        'in-tree/smbus_message.h': 'include/hw/i2c/smbus_message.h',
    },
    'smbus-passthrough': {
        'in-tree/smbus-passthrough.c': f'{DEST}/targets/smbus-passthrough.c',
        'in-tree/qtest/smbus-passthrough-test.c':
            'tests/qtest/smbus-passthrough-test.c',
    },
}

# What a change stands on, which then is put in before it.
NEEDS = {
    'linux-i2c': ('devices',),
    'smbus-message': ('smbus-blocks',),
    'smbus-passthrough': ('devices', 'smbus-message'),
}

# Words that are in lines of ours, whichever version put them in, and nowhere in
# the files of QEMU's that we have lines in. What still has one when the lines
# below and those of earlier.py are out is somebody's: nothing is written then.
MARKS = r'(?<![\w-])(?:' + '|'.join((
    r'(?:CONFIG_|--enable-|--disable-|-D)?(?:libi2cpt|LIBI2CPT)',
    r'(?:CONFIG_)?(?:I2C|SMBUS)_PASSTHROUGH', r'I2C passthrough',
    r'(?:i2c|smbus)-passthrough(?:-test)?', r'NRF51_(?:TWI|GPIOTE)',
    r'nrf51-(?:twi|gpiote)(?:-test)?', r'pm-smbus-test',
    r'linux-i2c', r'ChardevLinuxI2c\w*', r'i2c_bus_talks_to',
    r'smbus_(?:block_)?process_call', r'smbus_whole_\w+', r'smbus_end_write',
    r'smbus_message', r'SMBUS_BYTES', r'SMBUS_MESSAGE_MAX', r'smbus_pec',
    r'PROT_BLOCK_PROC_CALL',
)) + r')(?![\w-])'

# (file, 'after', 'before' or 'instead', lines that are there once, our lines)
GROUPS = {
    'devices': [
        ('meson.build', 'before', 'libcbor = not_found', '''\
libi2cpt = not_found
if not get_option('libi2cpt').auto() or have_system
  libi2cpt = dependency('libi2cpt', required: get_option('libi2cpt'))
endif
'''),
        ('meson.build', 'after',
         "  (libcbor.found() ? ['CONFIG_LIBCBOR=y'] : []) + \\", '''\
  (libi2cpt.found() ? ['CONFIG_LIBI2CPT=y'] : []) + \\
'''),
        ('meson.build', 'after', "    'hw/i2c',", '''\
    'hw/i2c/libi2cpt',
'''),
        ('meson.build', 'after',
         "summary_info += {'libcbor support':   libcbor}", '''\
summary_info += {'libi2cpt support':  libi2cpt}
'''),
        ('meson_options.txt', 'before',
         "option('libcbor', type : 'feature', value : 'auto',", '''\
option('libi2cpt', type : 'feature', value : 'auto',
       description: 'libi2cpt support (I2C passthrough)')
'''),
        ('scripts/meson-buildoptions.sh', 'before',
         '  printf "%s\\n" \'  libiscsi        libiscsi userspace initiator\'',
         '''\
  printf "%s\\n" '  libi2cpt        libi2cpt support (I2C passthrough)'
'''),
        ('scripts/meson-buildoptions.sh', 'before',
         '    --enable-libiscsi) printf "%s" -Dlibiscsi=enabled ;;', '''\
    --enable-libi2cpt) printf "%s" -Dlibi2cpt=enabled ;;
    --disable-libi2cpt) printf "%s" -Dlibi2cpt=disabled ;;
'''),
        ('Kconfig.host', 'before', 'config MULTIPROCESS_ALLOWED', '''\
config LIBI2CPT
    bool

'''),
        ('hw/i2c/Kconfig', 'before', 'config I2C_DEVICES', '''\
source libi2cpt/Kconfig

'''),
        ('hw/i2c/meson.build', 'before',
         "system_ss.add_all(when: 'CONFIG_I2C', if_true: i2c_ss)", '''\
subdir('libi2cpt')
'''),
        ('hw/arm/Kconfig', 'after', '    select NRF51_SOC', '''\
    select NRF51_TWI
'''),
        # lines of their own: a tree may have those above from before these
        ('hw/arm/Kconfig', 'after', '    select NRF51_TWI', '''\
    select NRF51_GPIOTE
'''),
        ('hw/arm/microbit.c', 'after',
         '    memory_region_add_subregion_overlap('
         '&s->nrf51.container, NRF51_TWI_BASE,\n'
         '                                        mr, -1);', '''\

    /* The controller itself lies over that stub. */
    sysbus_realize_and_unref(SYS_BUS_DEVICE(qdev_new("nrf51-twi")),
                             &error_fatal);
'''),
        ('hw/arm/microbit.c', 'after',
         '    sysbus_realize_and_unref(SYS_BUS_DEVICE(qdev_new("nrf51-twi")),\n'
         '                             &error_fatal);', '''\

    /* Events of its GPIO's pins. */
    sysbus_realize_and_unref(SYS_BUS_DEVICE(qdev_new("nrf51-gpiote")),
                             &error_fatal);
'''),
        ('docs/system/device-emulation.rst', 'after',
         '   devices/ccid.rst', '''\
   devices/i2c-passthrough.rst
'''),
        ('MAINTAINERS', 'before', 'PMBus', '''\
I2C passthrough
S: Maintained
F: hw/i2c/libi2cpt/
F: docs/system/devices/i2c-passthrough.rst

'''),
        ('tests/qtest/meson.build', 'after',
         "  (config_all_devices.has_key('CONFIG_MICROBIT') ? "
         "['microbit-test'] : []) + \\", '''\
  (config_all_devices.has_key('CONFIG_MICROBIT') and
   config_all_devices.has_key('CONFIG_I2C_PASSTHROUGH') ? ['nrf51-twi-test'] : []) + \\
  (config_all_devices.has_key('CONFIG_VERSATILE') and
   config_all_devices.has_key('CONFIG_I2C_PASSTHROUGH') ? ['i2c-passthrough-test'] : []) + \\
'''),
        # the stub that this one looks at lies under a controller now
        ('tests/qtest/microbit-test.c', 'instead',
         '    qtest_add_func("/microbit/microbit/i2c", test_microbit_i2c);',
         '''\
    if (!qtest_has_device("nrf51-twi")) {
        qtest_add_func("/microbit/microbit/i2c", test_microbit_i2c);
    }
'''),
    ],
    # A host adapter as a chardev.
    'linux-i2c': [
        ('hw/i2c/meson.build', 'after', "subdir('libi2cpt')", '''\
i2c_ss.add(when: 'CONFIG_I2C_PASSTHROUGH', if_true: [
  files('libi2cpt/targets/linux-i2c.c'), libi2cpt, libi2cpt_inc])
'''),
        ('qapi/char.json', 'before', '''\
##
# @ChardevSocket:
#''', '''\
##
# @ChardevLinuxI2c:
#
# Configuration info for host I2C adapters.
#
# @adapter: what libi2cpt is to open, e.g. "i2c-dev,device=/dev/i2c-1"
#
# @address: the one target that may be reached (default: all)
#
# Since: 10.0
##
{ 'struct': 'ChardevLinuxI2c',
  'data': { 'adapter': 'str', '*address': 'str' },
  'base': 'ChardevCommon' }

'''),
        ('qapi/char.json', 'before',
         '# @braille: Baum Braille device (since 1.5)', '''\
# @linux-i2c: host I2C adapter (since 10.0)
#
'''),
        ('qapi/char.json', 'after', "            'wctablet',", '''\
            'linux-i2c',
'''),
        ('qapi/char.json', 'before', '''\
##
# @ChardevSocketWrapper:''', '''\
##
# @ChardevLinuxI2cWrapper:
#
# @data: Configuration info for host I2C adapters
#
# Since: 10.0
##
{ 'struct': 'ChardevLinuxI2cWrapper',
  'data': { 'data': 'ChardevLinuxI2c' } }

'''),
        ('qapi/char.json', 'after',
         "            'wctablet': 'ChardevCommonWrapper',", '''\
            'linux-i2c': 'ChardevLinuxI2cWrapper',
'''),
        ('chardev/char.c', 'before', '''\
            .name = "size",
            .type = QEMU_OPT_SIZE,''', '''\
            .name = "address",
            .type = QEMU_OPT_STRING,
        },{
            .name = "device",
            .type = QEMU_OPT_STRING,
        },{
            .name = "adapter",
            .type = QEMU_OPT_STRING,
        },{
'''),
        ('qemu-options.hx', 'after',
         '    "-chardev pipe,id=id,path=path[,mux=on|off][,logfile=PATH]'
         '[,logappend=on|off]\\n"', '''\
    "-chardev linux-i2c,id=id,device=path|adapter=spec[,address=address][,logfile=PATH][,logappend=on|off]\\n"
'''),
        ('qemu-options.hx', 'before',
         '``-chardev braille,id=id``', '''\
``-chardev linux-i2c,id=id,device=path|adapter=spec[,address=address]``
    The adapter ``path``, such as ``/dev/i2c-1``, or what libi2cpt opens as
    ``spec`` (its commas doubled), for a device ``i2c-passthrough``. With
    ``address`` no other target than that is reached.

'''),
    ],
    # A repeated START to another address is looked up anew.
    'repeated-start': [
        ('hw/i2c/core.c', 'before', '''\
/* TODO: Make this handle multiple masters.  */''', '''\
/* Whether the targets of the transaction at hand are those at @address. */
static bool i2c_bus_talks_to(I2CBus *bus, uint8_t address)
{
    I2CNodeList found = QLIST_HEAD_INITIALIZER(found);
    I2CNode *node, *next, *current;
    bool same = false;

    (void)i2c_scan_bus(bus, address, false, &found);
    QLIST_FOREACH_SAFE(node, &found, next, next) {
        QLIST_FOREACH(current, &bus->current_devs, next) {
            same |= current->elt == node->elt;
        }
        QLIST_REMOVE(node, next);
        g_free(node);
    }
    return same;
}

'''),
        ('hw/i2c/core.c', 'before', '''\
    if (QLIST_EMPTY(&bus->current_devs)) {
        /* Disregard whether devices were found. */''', '''\
    /*
     * A repeated START may name another address.  There is no event that
     * tells the targets before it of that; they see the transaction end.
     */
    if (!QLIST_EMPTY(&bus->current_devs) && !bus->broadcast &&
        !i2c_bus_talks_to(bus, address)) {
        i2c_end_transfer(bus);
    }

'''),
    ],
    # What pm_smbus lacks of SMBus, and of I2C block reads.
    'smbus-blocks': [
        ('include/hw/i2c/smbus_master.h', 'before', '''\
/*
 * Do a block transfer from an I2C device.  If recv_len is set, then the''', '''\
/* Send a word and receive one, without a STOP in between. */
int smbus_process_call(I2CBus *bus, uint8_t addr, uint8_t command,
                       uint16_t data);

/*
 * The same with blocks: "len" bytes of "data" go out, and at most "max" come
 * into it.  Returns how many did.
 */
int smbus_block_process_call(I2CBus *bus, uint8_t addr, uint8_t command,
                             uint8_t *data, int len, int max);

'''),
        ('hw/i2c/smbus_master.c', 'before', '''\
int smbus_read_block(I2CBus *bus, uint8_t addr, uint8_t command, uint8_t *data,
                     int len, bool recv_len, bool send_cmd)
{
    int rlen;
    int i;''', '''\
int smbus_process_call(I2CBus *bus, uint8_t addr, uint8_t command,
                       uint16_t data)
{
    int word = -1;

    if (i2c_start_send(bus, addr)) {
        return -1;
    }
    if (!i2c_send(bus, command) && !i2c_send(bus, data & 0xff) &&
        !i2c_send(bus, data >> 8) && !i2c_start_recv(bus, addr)) {
        word = i2c_recv(bus);
        word |= i2c_recv(bus) << 8;
        i2c_nack(bus);
    }
    i2c_end_transfer(bus);
    return word;
}

int smbus_block_process_call(I2CBus *bus, uint8_t addr, uint8_t command,
                             uint8_t *data, int len, int max)
{
    int rlen = -1;
    bool refused;
    int i;

    if (i2c_start_send(bus, addr)) {
        return -1;
    }
    refused = i2c_send(bus, command) || i2c_send(bus, len);
    for (i = 0; i < len && !refused; i++) {
        refused = i2c_send(bus, data[i]);
    }
    if (!refused && !i2c_start_recv(bus, addr)) {
        rlen = i2c_recv(bus);
        if (rlen > max) {
            rlen = 0;
        }
        for (i = 0; i < rlen; i++) {
            data[i] = i2c_recv(bus);
        }
        i2c_nack(bus);
    }
    i2c_end_transfer(bus);
    return rlen;
}

'''),
        ('hw/i2c/pm_smbus.c', 'after',
         '#define PROT_I2C_BLOCK_READ 6', '''\
#define PROT_BLOCK_PROC_CALL 7
'''),
        ('hw/i2c/pm_smbus.c', 'before',
         '        s->in_i2c_block_read = true;', '''\
        if (s->smb_ctl & CTL_LAST_BYTE) {
            /* A single byte, as the guest has said beforehand. */
            s->smb_data[0] = s->smb_blkdata = i2c_recv(bus);
            i2c_nack(bus);
            i2c_end_transfer(bus);
            s->smb_stat |= STS_BYTE_DONE;
            goto done;
        }
'''),
        ('hw/i2c/pm_smbus.c', 'before', '''\
    case PROT_BLOCK_DATA:
        if (read) {''', '''\
    case PROT_PROC_CALL:
        ret = smbus_process_call(bus, addr, cmd,
                                 (s->smb_data1 << 8) | s->smb_data0);
        goto data16;

    case PROT_BLOCK_PROC_CALL:
        /* Both ways go through the buffer. */
        ret = s->smb_index;
        s->smb_index = 0;
        if (!(s->smb_auxctl & AUX_BLK) || ret == 0 || ret != s->smb_data0) {
            goto error;
        }
        ret = smbus_block_process_call(bus, addr, cmd, s->smb_data, ret,
                                       sizeof(s->smb_data));
        if (ret < 0) {
            goto error;
        }
        s->op_done = false;
        s->smb_data0 = ret;
        s->smb_stat |= STS_INTR;
        goto out;

'''),
        ('hw/i2c/pm_smbus.c', 'after', 'error:', '''\
    i2c_end_transfer(bus); /* where a block read was refused half-way */
'''),
        ('hw/i2c/pm_smbus.c', 'before', '''\
                s->smb_index = 0;
                s->smb_stat |= STS_INTR;
                s->smb_stat &= ~STS_HOST_BUSY;
            } else {
                if (s->in_i2c_block_read) {''', '''\
                /* The guest has yet to take it, from either place. */
                s->smb_data[0] = s->smb_blkdata;
                s->smb_stat |= STS_BYTE_DONE;
'''),
        ('hw/i2c/pm_smbus.c', 'before', '''\
            s->op_done = true;
            s->smb_index = 0;
            s->smb_stat |= STS_FAILED;''', '''\
            if (s->in_i2c_block_read) {
                s->in_i2c_block_read = false;
                i2c_end_transfer(s->smbus);
            }
'''),
        ('hw/i2c/pm_smbus.c', 'before', '''\
    s->op_done = true;
    s->smb_index = 0;
    s->smb_stat = 0;''', '''\
    if (s->in_i2c_block_read) {
        s->in_i2c_block_read = false;
        i2c_end_transfer(s->smbus);
    }
'''),
        ('tests/qtest/meson.build', 'after',
         "  (config_all_devices.has_key('CONFIG_I440FX') ? ['i440fx-test'] "
         ": []) +                    \\", '''\
  (config_all_devices.has_key('CONFIG_I440FX') ? ['pm-smbus-test'] : []) +                   \\
'''),
    ],
    # What a target refuses of a write is no success.
    'late-nack': [
        ('hw/i2c/smbus_master.c', 'before',
         'int smbus_quick_command(I2CBus *bus, uint8_t addr, int read)', '''\
/* The STOP of a write, of which a byte was refused or not. */
static int smbus_end_write(I2CBus *bus, bool refused)
{
    i2c_end_transfer(bus);
    return refused ? -1 : 0;
}

'''),
        ('hw/i2c/smbus_master.c', 'instead', '''\
    if (i2c_start_send(bus, addr)) {
        return -1;
    }
    i2c_send(bus, data);
    i2c_end_transfer(bus);
    return 0;''', '''\
    if (i2c_start_send(bus, addr)) {
        return -1;
    }
    return smbus_end_write(bus, i2c_send(bus, data));
'''),
        ('hw/i2c/smbus_master.c', 'instead', '''\
    i2c_send(bus, command);
    if (i2c_start_recv(bus, addr)) {
        i2c_end_transfer(bus);
        return -1;
    }
    data = i2c_recv(bus);
    i2c_nack(bus);''', '''\
    if (i2c_send(bus, command) || i2c_start_recv(bus, addr)) {
        i2c_end_transfer(bus);
        return -1;
    }
    data = i2c_recv(bus);
    i2c_nack(bus);
'''),
        ('hw/i2c/smbus_master.c', 'instead', '''\
    i2c_send(bus, command);
    i2c_send(bus, data);
    i2c_end_transfer(bus);
    return 0;''', '''\
    return smbus_end_write(bus, i2c_send(bus, command) || i2c_send(bus, data));
'''),
        ('hw/i2c/smbus_master.c', 'instead', '''\
    i2c_send(bus, command);
    if (i2c_start_recv(bus, addr)) {
        i2c_end_transfer(bus);
        return -1;
    }
    data = i2c_recv(bus);
    data |= i2c_recv(bus) << 8;''', '''\
    if (i2c_send(bus, command) || i2c_start_recv(bus, addr)) {
        i2c_end_transfer(bus);
        return -1;
    }
    data = i2c_recv(bus);
    data |= i2c_recv(bus) << 8;
'''),
        ('hw/i2c/smbus_master.c', 'instead', '''\
    i2c_send(bus, command);
    i2c_send(bus, data & 0xff);
    i2c_send(bus, data >> 8);
    i2c_end_transfer(bus);
    return 0;''', '''\
    return smbus_end_write(bus, i2c_send(bus, command) ||
                                i2c_send(bus, data & 0xff) ||
                                i2c_send(bus, data >> 8));
'''),
        ('hw/i2c/smbus_master.c', 'instead', '''\
        i2c_send(bus, command);
    }
    if (i2c_start_recv(bus, addr)) {''', '''\
        if (i2c_send(bus, command)) {
            i2c_end_transfer(bus);
            return -1;
        }
    }
    if (i2c_start_recv(bus, addr)) {
'''),
        ('hw/i2c/smbus_master.c', 'after', '''\
int smbus_write_block(I2CBus *bus, uint8_t addr, uint8_t command, uint8_t *data,
                      int len, bool send_len)
{
    int i;''', '''\
    bool refused;
'''),
        ('hw/i2c/smbus_master.c', 'instead', '''\
    i2c_send(bus, command);
    if (send_len) {
        i2c_send(bus, len);
    }
    for (i = 0; i < len; i++) {
        i2c_send(bus, data[i]);
    }
    i2c_end_transfer(bus);
    return 0;''', '''\
    refused = i2c_send(bus, command) || (send_len && i2c_send(bus, len));
    for (i = 0; i < len && !refused; i++) {
        refused = i2c_send(bus, data[i]);
    }
    return smbus_end_write(bus, refused);
'''),
    ],
    # A target may be told a transaction as a whole.
    'smbus-message': [
        ('include/hw/i2c/i2c.h', 'before', 'struct I2CSlaveClass {', '''\
typedef struct SMBusMessage SMBusMessage;

'''),
        ('include/hw/i2c/i2c.h', 'after', '''\
    bool (*match_and_add)(I2CSlave *candidate, uint8_t address, bool broadcast,
                          I2CNodeList *current_devs);''', '''\

    /*
     * A whole SMBus transaction, for a target that has to know it before it
     * begins.  Returns non-zero where it failed.  Where this is NULL, and
     * where a controller does not know it either, the bytes come one by one.
     */
    int (*smbus_message)(I2CSlave *s, SMBusMessage *message);
'''),
        ('include/hw/i2c/i2c.h', 'after', '    bool broadcast;', '''\
    /* Transactions that begin now have a PEC; for smbus_message() alone. */
    bool smbus_pec;
'''),
        ('hw/i2c/smbus_master.c', 'after',
         '#include "hw/i2c/smbus_master.h"', '''\
#include "hw/i2c/smbus_message.h"

#define SMBUS_BYTES (-2)

/* Who is at @address, NULL for nobody and in the middle of a transaction. */
static I2CSlave *smbus_target(I2CBus *bus, uint8_t address)
{
    I2CNodeList found = QLIST_HEAD_INITIALIZER(found);
    I2CNode *node, *next;
    I2CSlave *target = NULL;

    if (!i2c_bus_busy(bus) && address != 0) {
        i2c_scan_bus(bus, address, false, &found);
    }
    QLIST_FOREACH_SAFE(node, &found, next, next) {
        target = node->elt;
        QLIST_REMOVE(node, next);
        g_free(node);
    }
    return target;
}

/*
 * Tell the target the whole of it.  Returns how many bytes were read, -1 where
 * that failed, SMBUS_BYTES where the target takes bytes, or is not there.
 */
static int smbus_whole(I2CBus *bus, SMBusMessage *message)
{
    I2CSlave *target = smbus_target(bus, message->address);
    I2CSlaveClass *sc;

    if (!target) {
        return SMBUS_BYTES;
    }
    sc = I2C_SLAVE_GET_CLASS(target);
    if (!sc->smbus_message) {
        return SMBUS_BYTES;
    }
    message->pec = bus->smbus_pec;
    return sc->smbus_message(target, message) ? -1 : message->len;
}

/* @data has room for SMBUS_MESSAGE_MAX bytes, or what @protocol reads. */
static int smbus_whole_read(I2CBus *bus, uint8_t address,
                            SMBusProtocol protocol, uint8_t command,
                            uint8_t *data)
{
    SMBusMessage message = {
        .protocol = protocol,
        .address = address,
        .read = true,
        .command = command,
    };
    int len = smbus_whole(bus, &message);

    if (len > 0) {
        memcpy(data, message.data, len);
    }
    return len;
}

/* What a call answers is put where @data is. */
static int smbus_whole_write(I2CBus *bus, uint8_t address,
                             SMBusProtocol protocol, uint8_t command,
                             uint8_t *data, int len)
{
    SMBusMessage message = {
        .protocol = protocol,
        .address = address,
        .command = command,
        .len = len,
    };

    if (len > 0) {
        memcpy(message.data, data, len);
    }
    len = smbus_whole(bus, &message);
    if (len > 0) {
        memcpy(data, message.data, len);
    }
    return len;
}
'''),
        ('hw/i2c/smbus_master.c', 'after', '''\
int smbus_quick_command(I2CBus *bus, uint8_t addr, int read)
{''', '''\
    int ret = read ? smbus_whole_read(bus, addr, SMBUS_QUICK, 0, NULL)
                   : smbus_whole_write(bus, addr, SMBUS_QUICK, 0, NULL, 0);

    if (ret != SMBUS_BYTES) {
        return ret;
    }
'''),
        ('hw/i2c/smbus_master.c', 'after', '''\
int smbus_receive_byte(I2CBus *bus, uint8_t addr)
{
    uint8_t data;''', '''\
    int ret = smbus_whole_read(bus, addr, SMBUS_BYTE, 0, &data);

    if (ret != SMBUS_BYTES) {
        return ret < 0 ? -1 : data;
    }
'''),
        ('hw/i2c/smbus_master.c', 'after', '''\
int smbus_send_byte(I2CBus *bus, uint8_t addr, uint8_t data)
{''', '''\
    int ret = smbus_whole_write(bus, addr, SMBUS_BYTE, data, NULL, 0);

    if (ret != SMBUS_BYTES) {
        return ret;
    }
'''),
        ('hw/i2c/smbus_master.c', 'after', '''\
int smbus_read_byte(I2CBus *bus, uint8_t addr, uint8_t command)
{
    uint8_t data;''', '''\
    int ret = smbus_whole_read(bus, addr, SMBUS_BYTE_DATA, command, &data);

    if (ret != SMBUS_BYTES) {
        return ret < 0 ? -1 : data;
    }
'''),
        ('hw/i2c/smbus_master.c', 'after', '''\
int smbus_write_byte(I2CBus *bus, uint8_t addr, uint8_t command, uint8_t data)
{''', '''\
    int ret = smbus_whole_write(bus, addr, SMBUS_BYTE_DATA, command, &data, 1);

    if (ret != SMBUS_BYTES) {
        return ret;
    }
'''),
        ('hw/i2c/smbus_master.c', 'after', '''\
int smbus_read_word(I2CBus *bus, uint8_t addr, uint8_t command)
{
    uint16_t data;''', '''\
    uint8_t word[2];
    int ret = smbus_whole_read(bus, addr, SMBUS_WORD_DATA, command, word);

    if (ret != SMBUS_BYTES) {
        return ret < 0 ? -1 : word[0] | word[1] << 8;
    }
'''),
        ('hw/i2c/smbus_master.c', 'after', '''\
int smbus_write_word(I2CBus *bus, uint8_t addr, uint8_t command, uint16_t data)
{''', '''\
    uint8_t word[2] = {data & 0xff, data >> 8};
    int ret = smbus_whole_write(bus, addr, SMBUS_WORD_DATA, command, word, 2);

    if (ret != SMBUS_BYTES) {
        return ret;
    }
'''),
        ('hw/i2c/smbus_master.c', 'after', '''\
int smbus_process_call(I2CBus *bus, uint8_t addr, uint8_t command,
                       uint16_t data)
{
    int word = -1;''', '''\
    uint8_t both[2] = {data & 0xff, data >> 8};
    int ret = smbus_whole_write(bus, addr, SMBUS_PROC_CALL, command, both, 2);

    if (ret != SMBUS_BYTES) {
        return ret < 0 ? -1 : both[0] | both[1] << 8;
    }
'''),
        ('hw/i2c/smbus_master.c', 'after', '''\
    int rlen = -1;
    bool refused;
    int i;''', '''\
    int ret = max < SMBUS_MESSAGE_MAX ? SMBUS_BYTES :
              smbus_whole_write(bus, addr, SMBUS_BLOCK_PROC_CALL, command,
                                data, len);

    if (ret != SMBUS_BYTES) {
        return ret;
    }
'''),
        ('hw/i2c/smbus_master.c', 'after', '''\
    int rlen;
    int i;''', '''\

    if (recv_len && send_cmd && len >= SMBUS_MESSAGE_MAX) {
        rlen = smbus_whole_read(bus, addr, SMBUS_BLOCK_DATA, command, data);
        if (rlen != SMBUS_BYTES) {
            return rlen;
        }
    }
'''),
        ('hw/i2c/smbus_master.c', 'after', '''\
    if (len > 32) {
        len = 32;
    }''', '''\
    if (len > 0) {
        SMBusProtocol protocol = send_len ? SMBUS_BLOCK_DATA
                                          : SMBUS_I2C_BLOCK_DATA;

        i = smbus_whole_write(bus, addr, protocol, command, data, len);
        if (i != SMBUS_BYTES) {
            return i;
        }
    }
'''),
        ('hw/i2c/pm_smbus.c', 'before', '''\
    switch(prot) {
    case PROT_QUICK:''', '''\
    bus->smbus_pec = s->smb_auxctl & AUX_PEC || s->smb_ctl & CTL_PEC_EN;
'''),
    ],
    # The device on the last one.
    'smbus-passthrough': [
        ('hw/i2c/Kconfig', 'after', 'source libi2cpt/Kconfig', '''\

config SMBUS_PASSTHROUGH
    bool
    default y if I2C_PASSTHROUGH
    depends on I2C_PASSTHROUGH && SMBUS
'''),
        ('hw/i2c/meson.build', 'after', "subdir('libi2cpt')", '''\
i2c_ss.add(when: 'CONFIG_SMBUS_PASSTHROUGH', if_true: [
  files('libi2cpt/targets/smbus-passthrough.c'), libi2cpt, libi2cpt_inc])
'''),
        ('tests/qtest/meson.build', 'before',
         "  (config_all_devices.has_key('CONFIG_I440FX') ? ['ide-test'] "
         ": []) +                       \\", '''\
  (config_all_devices.has_key('CONFIG_I440FX') and
   config_all_devices.has_key('CONFIG_SMBUS_PASSTHROUGH') ? ['smbus-passthrough-test'] : []) + \\
'''),
    ],
}
