# SPDX-License-Identifier: LGPL-2.1-or-later
"""Driver for the SMBus host of a PC: PIIX4 (machine pc) and ICH9 (q35).

Register names are those of the ICH9 data sheet, section 5.20. No BIOS has run,
so the ICH9's registers get their place here; QEMU's PIIX4 has them at 0xb100.
"""
STS, CNT, CMD, ADD, DAT0, DAT1, BLKDAT, AUXCTL = 0, 2, 3, 4, 5, 6, 7, 0xd
QUICK, BYTE, BYTE_DATA, WORD_DATA, BLOCK, I2C_BLOCK = 0, 1, 2, 3, 5, 6
INTREN, LAST_BYTE, START = 0x01, 0x20, 0x40
INTR, DEV_ERR, BYTE_DONE = 0x02, 0x04, 0x80
AUX_BLK = 0x02
ICH9_BASE, PIIX4_BASE = 0x0700, 0xb100
MACHINES = ("pc", "q35")


class SmbusHost:
    def __init__(self, qemu, machine):
        self.qemu = qemu
        self.base = PIIX4_BASE
        if machine == "q35":
            self.base = ICH9_BASE
            self._config(0x20, ICH9_BASE | 1)  # SMB_BASE
            self._config(0x04, 1)  # I/O space on
            self._config(0x40, 1)  # HOSTC: HST_EN

    def _config(self, register, value):
        """PCI configuration of 00:1f.3."""
        address = 0x80000000 | 0x1f << 11 | 3 << 8 | register
        self.qemu.qtest([f"outl 0xcf8 {address:#x}", f"outl 0xcfc {value:#x}"])

    def _set(self, **registers):
        names = {"sts": STS, "cmd": CMD, "add": ADD, "dat0": DAT0,
                 "dat1": DAT1, "aux": AUXCTL, "cnt": CNT}
        self.qemu.qtest([f"outb {self.base + names[name]:#x} {value:#x}"
                         for name, value in registers.items()])

    def _get(self, register):
        return int(self.qemu.qtest([f"inb {self.base + register:#x}"])[0], 16)

    def _run(self, protocol, address, read, aux=0, extra=0, **data):
        """Clear the status, start; True where the host had no error."""
        self._set(sts=0xff, add=address << 1 | read, aux=aux, **data)
        self._set(cnt=START | INTREN | protocol << 2 | extra)
        return not self._get(STS) & DEV_ERR

    def quick(self, address, read=0):
        return self._run(QUICK, address, read)

    def receive_byte(self, address):
        return self._get(DAT0) if self._run(BYTE, address, 1) else None

    def send_byte(self, address, value):
        return self._run(BYTE, address, 0, cmd=value)

    def read_byte(self, address, command):
        ok = self._run(BYTE_DATA, address, 1, cmd=command)
        return self._get(DAT0) if ok else None

    def write_byte(self, address, command, value):
        return self._run(BYTE_DATA, address, 0, cmd=command, dat0=value)

    def read_word(self, address, command):
        if not self._run(WORD_DATA, address, 1, cmd=command):
            return None
        return self._get(DAT0) | self._get(DAT1) << 8

    def write_word(self, address, command, value):
        return self._run(WORD_DATA, address, 0, cmd=command,
                         dat0=value & 0xff, dat1=value >> 8)

    def read_block(self, address, command):
        if not self._run(BLOCK, address, 1, aux=AUX_BLK, cmd=command):
            return None
        return bytes(self._get(BLKDAT) for _ in range(self._get(DAT0)))

    def write_block(self, address, command, data):
        self._set(aux=AUX_BLK)
        self.qemu.qtest([f"outb {self.base + BLKDAT:#x} {byte:#x}"
                         for byte in data])
        return self._run(BLOCK, address, 0, aux=AUX_BLK, cmd=command,
                         dat0=len(data))

    def read_i2c_block(self, address, command, length):
        """Byte by byte; the host says NACK at the last one. At least two."""
        if not self._run(I2C_BLOCK, address, 0, dat1=command):
            return None
        data = [self._get(BLKDAT)]
        while len(data) < length:
            if len(data) == length - 1:
                self._set(cnt=I2C_BLOCK << 2 | INTREN | LAST_BYTE)
            self._set(sts=BYTE_DONE)
            data.append(self._get(BLKDAT))
        self._set(cnt=INTREN)
        return bytes(data)
