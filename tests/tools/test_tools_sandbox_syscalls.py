"""trajsynth.tools.sandbox_syscalls: the filter, run by a small interpreter of the kernel's instructions."""

from __future__ import annotations

import errno
import struct

import pytest

from trajsynth.errors import ToolServerError
from trajsynth.tools.sandbox_syscalls import seccomp_program

ALLOWED, KILLED = "allowed", "killed"
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def verdict(machine: str, number: int, first: int = 0, audit: int | None = None) -> str | int:
    """What the kernel would do with a call: allowed, killed, or the error number it gives."""
    program = list(struct.iter_unpack("<HBBI", seccomp_program(machine)))
    data = {0: number, 4: AUDIT[machine] if audit is None else audit, 16: first}
    at = value = 0
    while True:
        code, yes, no, operand = program[at]
        at += 1
        if code == 0x20:
            value = data[operand]
        elif code in (0x15, 0x35):
            at += yes if (value == operand if code == 0x15 else value >= operand) else no
        else:
            assert code == 0x06
            known: dict[int, str | int] = {0x7FFF0000: ALLOWED, 0x80000000: KILLED}
            return known.get(operand, int(operand) & 0xFFFF)


@pytest.mark.parametrize(
    ("machine", "number", "first", "expected"),
    [
        ("x86_64", 0, 0, ALLOWED),  # read
        ("x86_64", 101, 0, errno.EPERM),  # ptrace
        ("x86_64", 319, 0, errno.EPERM),  # memfd_create
        ("x86_64", 442, 0, errno.EPERM),  # the last of the list
        ("x86_64", 443, 0, ALLOWED),
        ("x86_64", 41, 1, ALLOWED),  # socket: unix
        ("x86_64", 41, 2, ALLOWED),
        ("x86_64", 41, 10, ALLOWED),
        ("x86_64", 41, 16, ALLOWED),
        ("x86_64", 41, 40, errno.EAFNOSUPPORT),  # vsock
        ("x86_64", 41, 17, errno.EAFNOSUPPORT),
        ("x86_64", 157, 1, 0),  # prctl(PR_SET_PDEATHSIG) does nothing and says it did
        ("x86_64", 157, 15, ALLOWED),
        ("x86_64", 0x40000000, 0, errno.ENOSYS),
        ("aarch64", 63, 0, ALLOWED),  # read
        ("aarch64", 117, 0, errno.EPERM),  # ptrace
        ("aarch64", 198, 40, errno.EAFNOSUPPORT),
        ("aarch64", 198, 2, ALLOWED),
        ("aarch64", 167, 1, 0),
    ],
)
def test_calls(machine: str, number: int, first: int, expected: str | int) -> None:
    assert verdict(machine, number, first) == expected


def test_calls_of_another_architecture_end_the_program() -> None:
    assert verdict("x86_64", 0, audit=0x40000003) == KILLED


def test_a_machine_without_known_numbers_is_refused() -> None:
    with pytest.raises(ToolServerError, match="'riscv64' are not supported"):
        seccomp_program("riscv64")
