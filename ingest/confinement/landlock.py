"""Calls Landlock: a process gives up every file but those beneath the paths it names (linux/landlock.h).

The calls have the same numbers on every architecture that Linux has had since 5.13.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h

_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_RIGHTS_BY_ABI = ((5, (1 << 16) - 1), (3, (1 << 15) - 1), (2, (1 << 14) - 1), (1, (1 << 13) - 1))
"""Everything that can be done with files, as far as an ABI knows it; what isn't handled isn't refused."""

_TCP = 0b11
"""Binding and connecting, from ABI 4."""
_SCOPES = 0b11
"""Abstract Unix sockets and signals, from ABI 6: none beyond this process."""

_libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None


def abi() -> int:
    """Returns the version of Landlock that the kernel offers; 0 where it has none, or has it switched off."""
    return max(0, _call(CREATE_RULESET, None, 0, _VERSION))


def available() -> bool:
    """Tells whether `restrict` would succeed: a set of rules can be made."""
    ruleset = _new_ruleset(abi())
    if ruleset < 0:
        return False
    os.close(ruleset)
    return True


def restrict(paths: Iterable[Path]) -> bool:
    """Leaves this thread, and those it will start, nothing but reading beneath `paths`, for good.

    Paths that aren't there are passed over. False where the kernel can't: then nothing has changed.
    """
    ruleset = _new_ruleset(abi())
    if ruleset < 0:
        return False
    try:
        for path in paths:
            with suppress(OSError):
                _allow(ruleset, path)
        give_up_privileges()
        return _call(RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def give_up_privileges() -> None:
    """Has no program that is started from here on gain rights by setuid, which Landlock and seccomp ask for."""
    if _libc is not None:
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _new_ruleset(version: int) -> int:
    if version < 1:
        return -1
    rights = next(mask for least, mask in _RIGHTS_BY_ABI if version >= least)
    fields = [rights, *([_TCP] if version >= 4 else []), *([_SCOPES] if version >= 6 else [])]
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    return _call(CREATE_RULESET, attributes, len(attributes), 0)


def _allow(ruleset: int, path: Path) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ_FILE | (_READ_DIR if path.is_dir() else 0)
        rule = struct.pack("=Qi", rights, descriptor)  # packed, as the kernel's structure is
        _call(ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)


def _call(number: int, *arguments: int | bytes | None) -> int:
    if _libc is None:
        return -1
    values = [
        argument if isinstance(argument, bytes) or argument is None else ctypes.c_long(argument)
        for argument in arguments
    ]
    result: int = _libc.syscall(ctypes.c_long(number), *values)
    return result
