# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boards of QEMU on which Debian's unmodified kernel finds an I2C controller,
and how to run one. Such a board need not power itself off: QEMU is told to
quit, over QMP, when the guest's script has come to its end."""
import atexit
import copy
import os
import shutil
import socket
import subprocess
import sys
import threading

import guest

sys.path.insert(0, os.path.join(guest.HERE, '../qemu/qtest'))
import qemu  # noqa: E402


class Board:
    """One of QEMU's Arm boards with Debian's armmp kernel."""

    PACKAGES = guest.Arm.PACKAGES
    kinds = ('smbus', 'absent', 'i2c', 'absent-i2c')
    program = 'qemu-system-arm'
    oldest = (7, 2)
    later, script = (), ''

    loses_restarts = False  # QEMU's model makes STOP and START of them
    # Why its driver refuses what DRIVER `several` of guest-rows.txt asks for.
    refuses_several = None

    def __init__(self, name, dtb, console, memory, module, bus, adapter,
                 reserved=(), oldest=None, node=None, refuses_several=None,
                 loses_restarts=False):
        self.name, self.dtb, self.console = name, dtb, console
        self.node = node        # of the controller, in the device tree
        self.refuses_several = refuses_several
        self.loses_restarts = loses_restarts
        self.memory, self.module = memory, module
        self.bus = bus          # QEMU's name of it
        self.adapter = adapter  # the guest's number of it
        self.reserved = reserved  # addresses that the machine has used up
        self.oldest = oldest or self.oldest
        self.modules = ('i2c-dev', module, 'lm75', 'at24')

    def prepare(self):
        self.kernel_tree = guest.unpacked('linux-image-armmp', arch='armhf')
        self.root = guest.unpacked(*self.PACKAGES, arch='armhf', deps=True)
        self.busybox = f'{self.root}/bin/busybox'

    def free_addresses(self):
        return [a for a in range(0x08, 0x78) if a not in self.reserved]

    def tool(self, name):
        return guest.one(f'{self.root}/usr/*bin/{name}')

    def device_tree(self):
        return guest.one(f'{self.kernel_tree}/usr/lib/linux-image-*/{self.dtb}')

    def with_target(self, blob, address, compatible):
        """The same board, whose device tree, a new file, has this target on
        the bus."""
        board = copy.copy(self)
        shutil.copyfile(self.device_tree(), blob)
        node = f'{self.node}/target@{address:x}'
        for words in (['-c', blob, node],
                      ['-t', 's', blob, node, 'compatible', compatible],
                      ['-t', 'x', blob, node, 'reg', f'{address:x}']):
            subprocess.run(['fdtput', *words], check=True)
        board.device_tree = lambda: blob
        return board

    def command(self, _work):
        return ['-m', self.memory,
                '-kernel', guest.one(f'{self.kernel_tree}/boot/vmlinuz-*'),
                '-dtb', self.device_tree(),
                '-append', f'console={self.console} quiet loglevel=1 '
                'panic=-1']


class Pc(guest.X86):
    """q35: the ICH9's SMBus host, under i2c-i801."""

    kinds = ('smbus', 'absent', 'regs')
    program = 'qemu-system-x86_64'
    oldest = (7, 2)
    name, bus, adapter = 'q35', 'i2c', 0
    refuses_several, loses_restarts = None, False
    reserved = range(0x50, 0x58)
    modules, later = ('i2c-dev', 'lm75', 'at24'), ('i2c-i801',)
    # 0x08: no I2C block reads. The last byte of each is wrong there, whatever
    # the target: QEMU ends the transfer one byte before the driver takes it.
    script = 'insmod /lib/modules/i2c-i801.ko disable_features=0x08\n'

    def __init__(self):
        """Nothing is looked for yet."""

    def prepare(self):
        super().__init__()

    free_addresses = Board.free_addresses

    def command(self, work):
        return super().command(work)[3:]  # without QEMU and machine


BOARDS = {board.name: board for board in (
    Board('vexpress-a9', 'vexpress-v2p-ca9.dtb', 'ttyAMA0', '256',
          'i2c-versatile', 'i2c', 0, (0x39, 0x50, 0x60),
          node='/bus@40000000/motherboard-bus@40000000/'
          'iofpga@7,00000000/i2c@16000'),
    Board('ast2600-evb', 'aspeed-ast2600-evb.dtb', 'ttyS4', '1G',
          'i2c-aspeed', 'aspeed.i2c.bus.0', 0),
    Board('mcimx6ul-evk', 'imx6ul-14x14-evk.dtb', 'ttymxc0', '256',
          'i2c-imx', 'i2c-bus.0', 0, (0x0e,), loses_restarts=True),
    Board('raspi2b', 'bcm2836-rpi-2-b.dtb', 'ttyAMA0', '1G',
          'i2c-bcm2835', 'i2c-bus.1', 1, oldest=(9, 0),
          loses_restarts=True, refuses_several='i2c-bcm2835 takes a read only as the last message '
          'of a call, and gives up half way where two writes come before it'),
    Pc())}


class Run(qemu.Qemu):
    """A guest, with QMP and the lines between its marks. QEMU may run under
    another program's words, and in an environment of its own."""

    def __init__(self, binary, board, initrd, work, args, plugin, under=(),
                 env=None):
        ours, theirs = socket.socketpair()
        command = [*under, *qemu.command(binary, board.name, args, plugin)]
        command += ['-S', '-no-reboot', '-no-shutdown', '-serial', 'stdio',
                    '-initrd', initrd,
                    '-chardev', f'socket,id=qmp,fd={theirs.fileno()}',
                    '-mon', 'chardev=qmp,mode=control', *board.command(work)]
        self.events, self.log = [], []
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors='replace',
            env=env or qemu.environment(), pass_fds=(theirs.fileno(),))
        atexit.register(self.kill)
        theirs.close()
        self._qmp = qemu.Line(ours)
        try:
            self._qmp.receive()
            self.qmp('qmp_capabilities')
        except (qemu.QemuDied, OSError) as died:
            said = self.process.communicate()[0]
            raise guest.Missing(f'QEMU does not start: {said}') from died

    def lines(self, timeout):
        """Let it run, and yield what its script prints."""
        watch = threading.Timer(timeout, self.process.kill)
        watch.start()
        try:
            self.qmp('cont')
            begun = False
            for line in self.process.stdout:
                line = line.rstrip('\r\n')
                self.log.append(line)
                if line.startswith(guest.END):
                    return
                if begun:
                    yield line
                begun = begun or line == guest.BEGIN
        finally:
            watch.cancel()
        raise guest.Missing('\n# '.join([
            f'{timeout} s, or QEMU ended before the guest:', *self.log[-30:]]))

    def leave(self, command):
        # the pipe must not fill meanwhile
        drain = threading.Thread(target=self.process.stdout.read)
        drain.start()
        status = super().leave(command)
        drain.join()
        return status

    def _close(self):
        self._qmp.sock.close()
