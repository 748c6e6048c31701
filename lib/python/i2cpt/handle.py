# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pointers of the library's that one thread may close while others use them."""


class Handle:
    """`with handle as pointer:` keeps it there; without one it is ValueError.

    close() frees it at once, or where calls are under way the last of them
    does. Plain lists, whose append and pop are whole, and no lock: a child
    after fork() may find that held by a thread that it has not got.
    """

    def __init__(self, pointer, free, what):
        self._open, self._closing, self._users = [pointer], [], []
        self._free, self._what = free, what

    def __enter__(self):
        self._users.append(None)
        try:
            return self._open[0]
        except IndexError:
            self.__exit__()
            raise ValueError(f"the {self._what} is closed") from None

    def __exit__(self, *_):
        self._users.pop()
        if not self._open:
            self._free_unused()

    def close(self):
        try:
            self._closing.append(self._open.pop())
        except IndexError:
            return
        self._free_unused()

    def _free_unused(self):
        if self._users:
            return
        try:
            self._free(self._closing.pop())
        except IndexError:
            pass


class Owner:
    """What has a handle: a context manager that may be closed twice."""
    _handle = None  # of one that was never opened

    def close(self):
        if self._handle:
            self._handle.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        self.close()

    def __reduce__(self):
        raise TypeError(f"{type(self).__name__}: what it has open can be "
                        "neither copied nor pickled")
