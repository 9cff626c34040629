"""Installs a seccomp filter, which the kernel runs on every call of this process (linux/seccomp.h, linux/filter.h).

What a parser has no business with is refused with an error, not with death: a library that tries goes on without. All
the rest is let through, for which calls Python and its libraries make changes with every version.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

from passagework.ingest.confinement.landlock import give_up_privileges

_SET_MODE_FILTER, _GET_ACTION_AVAILABLE = 1, 2
_ALL_THREADS = 1  # SECCOMP_FILTER_FLAG_TSYNC
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""BPF: load a word, jump if equal, if at least, if any bit is set, return."""
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
"""Where they stand in struct seccomp_data; an argument has 8 bytes, the lower half first on these machines."""

_X32 = 0x40000000
"""Calls by the numbers of the x32 ABI, which are others."""

# Name: its number on x86-64, and on 64-bit ARM, which lacks the older ones (asm/unistd_64.h, asm-generic/unistd.h).
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # the network; what a Unix socket could pass on
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    # programs and processes
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "unshare": (272, 97), "setns": (308, 268), "personality": (135, 92),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "migrate_pages": (256, 238), "move_pages": (279, 239),
    # memory and queues shared with other processes
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "semctl": (66, 191),
    "msgget": (68, 186), "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
    # files: everything that changes one, and the ways around their paths
    "creat": (85, None), "unlink": (87, None), "unlinkat": (263, 35), "rename": (82, None), "renameat": (264, 38),
    "renameat2": (316, 276), "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None), "link": (86, None),
    "linkat": (265, 37), "symlink": (88, None), "symlinkat": (266, 36), "mknod": (133, None), "mknodat": (259, 33),
    "truncate": (76, 45), "ftruncate": (77, 46), "fallocate": (285, 47), "chmod": (90, None), "fchmod": (91, 52),
    "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None), "lchown": (94, None), "fchown": (93, 55),
    "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None), "futimesat": (261, None),
    "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "setxattrat": (463, 463),
    "removexattrat": (466, 466), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    # mounts and the machine
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "move_mount": (429, 429),
    "open_tree": (428, 428), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "open_tree_attr": (467, 467), "swapon": (167, 224),
    "swapoff": (168, 225), "reboot": (169, 142), "sethostname": (170, 161), "setdomainname": (171, 162),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "acct": (163, 89), "syslog": (103, 116), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171), "iopl": (172, None),
    "ioperm": (173, None), "modify_ldt": (154, None), "vhangup": (153, 58), "uselib": (134, None),
    # parts of the kernel that have been attacked most
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "lookup_dcookie": (212, 18), "capset": (126, 91), "vmsplice": (278, 75),
}  # fmt: skip

_ABSENT: dict[str, tuple[int | None, int | None]] = {"clone3": (435, 435), "openat2": (437, 437)}
"""Calls whose arguments lie in memory, where no filter can look; the C library falls back to other calls."""

_THREAD = 0x00010000  # CLONE_THREAD
_CHANGING = 0o1 | 0o2 | 0o100 | 0o1000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC


_Machine = tuple[int, int, int]
"""An architecture: its mark (linux/audit.h), the number of seccomp(2), and its column in the tables above."""

_MACHINES: dict[str, _Machine] = {"x86_64": (0xC000003E, 317, 0), "aarch64": (0xC00000B7, 277, 1)}


def available() -> bool:
    """Tells whether `restrict` would succeed: the architecture is known, and the kernel takes filters that refuse."""
    machine = _machine()
    if machine is None:
        return False
    action = ctypes.c_uint32(_ERRNO)
    return _seccomp(machine, _GET_ACTION_AVAILABLE, 0, ctypes.byref(action)) == 0


def restrict() -> bool:
    """Has the kernel refuse the calls above to every thread of this process, for good. False where it can't."""
    machine = _machine()
    if machine is None:
        return False
    audit, _, column = machine
    code = program(audit, column, os.getpid())
    buffer = ctypes.create_string_buffer(code, len(code))
    give_up_privileges()
    prog = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    return _seccomp(machine, _SET_MODE_FILTER, _ALL_THREADS, prog) == 0


def program(audit: int, column: int, process: int) -> bytes:
    """Returns the filter as BPF; the process with the id `process` may signal itself alone, as `abort` does."""
    refuse, absent = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS
    code = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, audit, 1, 0),
        _step(_RETURN, refuse),  # calls of another architecture, which this kernel may take too
        _step(_LOAD, _NUMBER),
    ]
    if column == 0:
        code += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, refuse)]
    for table, answer in ((_REFUSED, refuse), (_ABSENT, absent)):
        for numbers in table.values():
            number = numbers[column]
            if number is not None:
                code += [_step(_EQUAL, number, 0, 1), _step(_RETURN, answer)]
    for numbers, argument, test, value, allow_if in (
        ((56, 220), 0, _ANY_BIT, _THREAD, True),  # clone: threads, and no processes
        ((2, None), 1, _ANY_BIT, _CHANGING, False),  # open: for reading
        ((257, 56), 2, _ANY_BIT, _CHANGING, False),  # openat
        ((62, 129), 0, _EQUAL, process, True),  # kill
        ((234, 131), 0, _EQUAL, process, True),  # tgkill
        ((302, 261), 0, _EQUAL, 0, True),  # prlimit64: its own limits
    ):
        number = numbers[column]
        if number is not None:
            code += [
                _step(_EQUAL, number, 0, 4),
                _step(_LOAD, _ARGUMENTS + 8 * argument),
                _step(test, value, *((0, 1) if allow_if else (1, 0))),
                _step(_RETURN, _ALLOW),
                _step(_RETURN, refuse),
            ]
    return b"".join([*code, _step(_RETURN, _ALLOW)])


def _step(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, if_true, if_false, value)


def _machine() -> _Machine | None:
    supported = sys.platform == "linux" and sys.byteorder == "little" and sys.maxsize > 1 << 32
    return _MACHINES.get(os.uname().machine) if supported else None


def _seccomp(machine: _Machine, operation: int, flags: int, argument: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    values = (ctypes.c_long(number) for number in (machine[1], operation, flags))
    result: int = libc.syscall(*values, argument)
    return result
