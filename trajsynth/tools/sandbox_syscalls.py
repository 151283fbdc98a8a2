"""The system calls a sandboxed program may not make, as a seccomp program for bubblewrap.

Namespaces and limits leave a few ways to other machines, to memory nobody counts, and to the sandbox's own first
process. They are closed here; a program that tries one reads a plain error. Level 2, standard library only.
Tests: tests/tools/test_tools_sandbox_syscalls.py.
"""

from __future__ import annotations

import errno
import platform
import struct
from dataclasses import dataclass

from trajsynth.errors import ToolServerError

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCH, _FIRST = 0, 4, 16
"""Offsets in struct seccomp_data: the call's number, the architecture, the low half of the first argument."""
_X32 = 0x40000000
_PDEATHSIG = 1
_FAMILIES = (1, 2, 10, 16)
"""Sockets: unix, IPv4, IPv6, netlink. The network namespace holds nothing else back (vsock reaches a VM's host)."""
_REFUSED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "setns": (308, 268),
    "unshare": (272, 97),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
}
"""Other processes, memory outside of any process, parts of the kernel that know no namespace; by name, the numbers on
x86_64 (arch/x86/entry/syscalls/syscall_64.tbl of Linux 6) and aarch64 (include/uapi/asm-generic/unistd.h)."""


@dataclass(frozen=True, slots=True)
class _Machine:
    column: int
    """Of the table above."""
    audit: int
    """The kernel's AUDIT_ARCH number."""
    socket: int
    prctl: int


_MACHINES = {"x86_64": _Machine(0, 0xC000003E, 41, 157), "aarch64": _Machine(1, 0xC00000B7, 198, 167)}


def seccomp_program(machine: str = "") -> bytes:
    """The filter for this machine (or the named one); raises ToolServerError for one whose numbers are not known."""
    name = machine or platform.machine()
    known = _MACHINES.get(name)
    if known is None:
        raise ToolServerError(f"sandbox: machines of type {name!r} are not supported; use x86_64 or aarch64")
    steps = [(_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, known.audit), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, _NUMBER)]
    steps += [(_AT_LEAST, 0, 1, _X32), _refuse(errno.ENOSYS)]
    for numbers in _REFUSED.values():
        steps += [(_EQUAL, 0, 1, numbers[known.column]), _refuse(errno.EPERM)]
    steps += [(_EQUAL, 0, 3 + len(_FAMILIES), known.socket), (_LOAD, 0, 0, _FIRST)]
    steps += [(_EQUAL, len(_FAMILIES) - at, 0, family) for at, family in enumerate(_FAMILIES)]
    steps += [_refuse(errno.EAFNOSUPPORT), (_RETURN, 0, 0, _ALLOW)]
    # A program that could make the first process outlive its parent's death would outlive a killed trajsynth.
    steps += [(_EQUAL, 0, 3, known.prctl), (_LOAD, 0, 0, _FIRST), (_EQUAL, 0, 1, _PDEATHSIG), _refuse(0)]
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


def _refuse(code: int) -> tuple[int, int, int, int]:
    return (_RETURN, 0, 0, _ERRNO | code)
