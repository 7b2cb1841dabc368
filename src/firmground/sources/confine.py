"""Giving up what a parser of hostile files does not need: memory, files, programs, the network. Runs in the child, before any parsing.

Linux only; every measure says whether it is in force, and none that fails stops the child (`firmground doctor` shows it).
"""

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 38, 22
_SECCOMP_MODE_FILTER = 2
_ALLOW, _KILL, _DENY = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_AUDIT_ARCH_X86_64 = 0xC000003E
_X32 = 0x40000000

# System calls of x86-64 that no parser needs: new sockets, other programs, other processes, mounts, keys, the kernel, io_uring, which
# leads round a filter, and memory, queues and locks that outlive whoever made them. Cutting files short and changing whose they are go by
# path too, and not every Landlock knows them; nor may it leave its process group, which is killed as a whole. Sending stays: an event
# loop wakes itself through a pair of sockets.
_DENIED = {
    "socket": 41, "connect": 42, "bind": 49, "listen": 50,
    "execve": 59, "execveat": 322, "fork": 57, "vfork": 58, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311,
    "kill": 62, "tkill": 200, "pidfd_open": 434, "pidfd_send_signal": 424, "pidfd_getfd": 438,
    "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "setns": 308, "unshare": 272, "open_by_handle_at": 304,
    "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "keyctl": 250, "add_key": 248, "request_key": 249,
    "init_module": 175, "finit_module": 313, "kexec_load": 246, "reboot": 169, "swapon": 167, "swapoff": 168,
    "truncate": 76, "chmod": 90, "fchmod": 91, "fchmodat": 268, "fchmodat2": 452, "chown": 92, "fchown": 93, "lchown": 94, "fchownat": 260,
    "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199,
    "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280,
    "setpgid": 109, "setsid": 112, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "shmget": 29, "shmat": 30, "semget": 64, "msgget": 68, "mq_open": 240,
}  # fmt: skip

_CLONE, _CLONE3, _CLONE_THREAD = 56, 435, 0x10000
_NOT_BUILT_IN = 0x00050000 | errno.ENOSYS
"""What a C library takes for an old kernel: it starts its threads by `clone` then, whose flags a filter can see."""

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_FS_EXECUTE, _FS_WRITE, _FS_READ_FILE, _FS_READ_DIR = 1, 2, 4, 8
_FS_ALL = (1 << 13) - 1
_O_PATH = 0o10000000


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *arguments: int | ctypes.Structure) -> None:
    padded = [ctypes.c_ulong(a) if isinstance(a, int) else ctypes.byref(a) for a in arguments]
    padded += [ctypes.c_ulong(0)] * (4 - len(padded))
    if _libc().prctl(option, *padded) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def die_with_parent(parent: int) -> None:
    """SIGKILL when the thread that started this process ends; at once if it already has."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def limit_resources(memory: int, file_bytes: int) -> None:
    """Address space and size of written files in bytes; few open files; no core dumps. Processor time: `limit_seconds`."""
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))


def limit_seconds(seconds: float) -> None:
    """SIGXCPU, which ends this process, once it used so much more processor time than up to now."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime + seconds) + 1, hard))


def deny_system_calls() -> None:
    """A seccomp filter for every thread to come: what `_DENIED` names fails with EPERM, as does another process; threads may be started.
    Calls of another architecture kill."""
    if platform.machine() != "x86_64":
        raise OSError(errno.ENOSYS, "no filter for this processor")

    def instruction(code: int, yes: int, no: int, value: int) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    load, equal, at_least, any_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    numbers = sorted(_DENIED.values())
    program = [instruction(load, 0, 0, 4), instruction(equal, 1, 0, _AUDIT_ARCH_X86_64), instruction(answer, 0, 0, _KILL)]
    program += [instruction(load, 0, 0, 0), instruction(equal, 0, 1, _CLONE3), instruction(answer, 0, 0, _NOT_BUILT_IN)]
    program += [instruction(equal, 0, 4, _CLONE), instruction(load, 0, 0, 16), instruction(any_bit, 0, 1, _CLONE_THREAD)]
    program += [instruction(answer, 0, 0, _ALLOW), instruction(answer, 0, 0, _DENY)]
    program += [instruction(at_least, len(numbers) + 1, 0, _X32)]
    program += [instruction(equal, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    program += [instruction(answer, 0, 0, _ALLOW), instruction(answer, 0, 0, _DENY)]
    code = b"".join(program)
    buffer = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, Program(len(program), ctypes.addressof(buffer)))


def close_file_system(readable: list[str], writable: str) -> None:
    """Landlock: nothing can be opened any more but `readable` folders (to read) and `writable` (to read and write)."""
    libc = _libc()
    handled = struct.pack("Q", _FS_ALL)
    rules = libc.syscall(_LANDLOCK_CREATE, handled, ctypes.c_size_t(len(handled)), ctypes.c_uint(0))
    if rules < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    try:
        for path in readable:
            _allow(libc, rules, path, _FS_READ_FILE | (_FS_READ_DIR if os.path.isdir(path) else 0))  # noqa: PTH112
        _allow(libc, rules, writable, _FS_ALL & ~_FS_EXECUTE)
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        if libc.syscall(_LANDLOCK_RESTRICT, ctypes.c_int(rules), ctypes.c_uint(0)) != 0:
            raise OSError(ctypes.get_errno(), "landlock")
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: str, access: int) -> None:
    try:
        beneath = os.open(path, _O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rule = struct.pack("=Qi", access, beneath)
        if libc.syscall(_LANDLOCK_ADD, ctypes.c_int(rules), ctypes.c_int(1), rule, ctypes.c_uint(0)) != 0:
            raise OSError(ctypes.get_errno(), "landlock")
    finally:
        os.close(beneath)


def system_folders() -> list[str]:
    """What an interpreter reads to run: itself, its libraries, the system's, and the few special files."""
    fixed = [
        "/usr",
        "/lib",
        "/lib64",
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/dev/null",
        "/dev/urandom",
        "/proc/self",
        "/sys/devices/system/cpu",
    ]
    return [
        *fixed,
        "/proc/meminfo",
        "/proc/cpuinfo",
        "/proc/stat",
        "/sys/fs/cgroup",
        sys.prefix,
        sys.base_prefix,
        *filter(None, sys.path),
    ]


def confine(*, parent: int, memory: int, file_bytes: int, readable: list[str], writable: str) -> dict[str, str]:
    """Put everything in force; for each measure `in force` or why it is not."""
    measures: dict[str, Callable[[], None]] = {
        "dies with its parent": lambda: die_with_parent(parent),
        "memory, file and core limits": lambda: limit_resources(memory, file_bytes),
        "file system closed (Landlock)": lambda: close_file_system(readable, writable),
        "no network, no programs (seccomp)": deny_system_calls,
    }
    report: dict[str, str] = {}
    for name, measure in measures.items():
        try:
            measure()
            report[name] = "in force"
        except (OSError, ValueError) as wrong:
            report[name] = f"not in force ({wrong.args[-1]})"
    return report
