"""Attacks by starting, signalling and tracing processes, and by raw system calls."""

from tests.harness.attacks.table import Attack

PROCESSES = (
    Attack("fork", "pid = os.fork()\nif not pid: os._exit(0)\nreturn os.waitpid(pid, 0)"),
    Attack("fork with raw clone", "pid = call(56, 17, 0, 0, 0, 0)\nif not pid: os._exit(0)\nreturn True"),
    Attack(
        "fork with raw clone3",
        "pid = call(435, struct.pack('11Q', *[0] * 4, 17, *[0] * 6), 88)\nif not pid: os._exit(0)\nreturn True",
    ),
    Attack("fork with an x32 call", "pid = call(1 << 30 | 57)\nif not pid: os._exit(0)\nreturn True", needs="x32"),
    Attack("fork with raw fork", "pid = call(57)\nif not pid: os._exit(0)\nreturn True"),
    Attack("fork many", "for _ in range(20):\n    if not os.fork(): os._exit(0)\nreturn True"),
    Attack(
        "clone into namespaces",
        "pid = call(56, 17 | 0x10000000, 0, 0, 0, 0)\nif not pid: os._exit(0)\nreturn True",
        needs="namespaces",
    ),
    Attack("unshare", "return call(272, 0x10000000) == 0", needs="namespaces"),
    Attack(
        "enter another's namespace",
        "return call(308, os.open(f'/proc/{PARENT}/ns/uts', os.O_RDONLY), 0) == 0",
        needs="root",
    ),
    Attack("run a program", "return subprocess.run(['/bin/true']).returncode == 0"),
    Attack("spawn a program", "return os.posix_spawn('/bin/true', ['true'], {})"),
    Attack(
        "become a program that does not exist",
        "try: os.execv(FOLDER + '/none', ['none'])\nexcept FileNotFoundError: return True",
    ),
    Attack(
        "become a program by raw call",
        "try: call(322, -100, (FOLDER + '/none').encode(), None, None, 0)\nexcept FileNotFoundError: return True",
    ),
    Attack(
        "start a daemon",
        "if not os.fork():\n    os.setsid()\n    os.fork() or time.sleep(0.2)\n    os._exit(0)\nreturn True",
    ),
    Attack("signal the zygote", "os.kill(ZYGOTE, 0)\nreturn True"),
    Attack("let the zygote go on", "os.kill(ZYGOTE, signal.SIGCONT)\nreturn True"),
    Attack("signal the parent", "os.kill(PARENT, 0)\nreturn True"),
    Attack("signal itself", "os.kill(os.getpid(), 0)\nreturn True"),
    Attack("signal the group", "os.killpg(0, 0)\nreturn True"),
    Attack("signal a thread", "return call(234, os.getpid(), os.getpid(), 0) == 0"),
    Attack("queue a signal", "return call(129, ZYGOTE, 0, bytes([0] * 8 + [0xFF] * 4 + [0] * 116)) == 0"),
    Attack("signal by descriptor", "return call(424, os.pidfd_open(ZYGOTE), 0, None, 0) == 0"),
    Attack("hold the zygote by descriptor", "return os.pidfd_open(ZYGOTE)"),
    Attack("take a descriptor of the zygote", "return call(438, os.pidfd_open(ZYGOTE), 0, 0)", needs="tracing"),
    Attack("be traced", "return call(101, 0, 0, 0, 0) == 0"),
    Attack("compare with the zygote", "return call(312, os.getpid(), ZYGOTE, 1, 0, 0) >= 0", needs="tracing"),
    Attack("read the zygote's limits", "return resource.prlimit(ZYGOTE, resource.RLIMIT_CPU)"),
    Attack(
        "change the zygote's limits",
        "low, high = 512, 512\nreturn call(302, ZYGOTE, 7, struct.pack('QQ', 4096, 4096), None) == 0",
    ),
    Attack("raise its own limit of time", "resource.setrlimit(resource.RLIMIT_CPU, (6, 6))\nreturn True"),
    Attack("be nicer", "return os.nice(1)"),
    Attack(
        "make the zygote nicer",
        "os.setpriority(os.PRIO_PROCESS, ZYGOTE, os.getpriority(os.PRIO_PROCESS, ZYGOTE))\nreturn True",
    ),
    Attack("read the zygote's priority", "return os.getpriority(os.PRIO_PROCESS, ZYGOTE) + 100"),
    Attack("pin itself", "os.sched_setaffinity(0, os.sched_getaffinity(0))\nreturn True"),
    Attack("pin the zygote", "os.sched_setaffinity(ZYGOTE, os.sched_getaffinity(0))\nreturn True"),
    Attack("read the zygote's affinity", "return os.sched_getaffinity(ZYGOTE)"),
    Attack("change its scheduler", "return call(144, 0, 3, struct.pack('i', 0)) == 0"),
    Attack("change its io priority", "return call(251, 1, 0, 3 << 13) == 0"),
    Attack("read the zygote's processor time", "return time.clock_gettime((~ZYGOTE << 3) | 2) > 0"),
    Attack("set a timer", "signal.setitimer(signal.ITIMER_REAL, 60)\nreturn True"),
    Attack("make a timer", "return call(222, 0, None, bytes(8)) == 0"),
    Attack("make a timer's descriptor", "return call(283, 1, 0)"),
    Attack("make a signal's descriptor", "return call(289, -1, bytes(8), 8, 0)"),
    Attack("be a session", "if os.getpgrp() != os.getpid(): os.setpgid(0, 0)\nreturn True"),
    Attack("be another user", "os.setuid(os.getuid())\nreturn True"),
    Attack("change how it is seen", "return call(157, 15, b'honest', 0, 0, 0) == 0"),
    Attack("outlive its parent", "return call(157, 1, 0, 0, 0, 0) == 0"),
    Attack("change its personality", "return call(135, 0x40000) >= 0"),
    Attack(
        "mount",
        "try: call(165, b'none', FOLDER.encode(), b'no-such-type', 0, None)\n"
        "except OSError as e: return e.errno == errno.ENODEV",
        needs="root",
    ),
    Attack("anonymous file", "return call(319, b'name', 0)"),
    Attack("secret memory", "return call(447, 0)"),
    Attack("user fault descriptor", "return call(323, 0)", needs="userfaultfd"),
    Attack(
        "load a program into the kernel",
        "try: return call(321, 0, bytes(64), 64)\nexcept OSError as e: return e.errno == errno.EINVAL",
        needs="root",
    ),
    Attack(
        "measure the machine",
        "return call(298, struct.pack('IIQ', 1, 112, 0).ljust(112, b'\\0'), 0, -1, -1, 0)",
        needs="root",
    ),
    Attack("make a filter of its own", "return call(317, 2, 0, struct.pack('I', 0x7FFF0000)) == 0"),
    Attack("make a ruleset of its own", "return call(444, struct.pack('Q', 1), 8, 0)"),
    Attack(
        "keep memory from being swapped",
        "return call(149, ctypes.addressof(ctypes.create_string_buffer(4096)), 4096) == 0",
    ),
    Attack(
        "keep memory from being swapped by a flag",
        "return mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x2000)",
    ),
    Attack(
        "ask which pages are in memory",
        "m = mmap.mmap(-1, 4096)\n"
        "return call(27, ctypes.addressof(ctypes.c_char.from_buffer(m)), 4096, bytearray(1) and "
        "ctypes.create_string_buffer(1)) == 0",
    ),
    Attack("read the machine's load", "return call(99, ctypes.create_string_buffer(256)) == 0"),
    Attack("read the machine's log", "return call(103, 10, None, 0)", needs="root"),
    Attack(
        "change the host's name",
        "return call(170, os.uname().nodename.encode(), len(os.uname().nodename)) == 0",
        needs="root",
    ),
    Attack(
        "name a file by its handle",
        "return call(303, -100, os.__file__.encode(), struct.pack('Ii', 128, 0).ljust(136, b'\\0'), "
        "ctypes.create_string_buffer(8), 0) == 0",
    ),
    Attack("read ahead", "return call(187, os.open(os.__file__, os.O_RDONLY), 0, 4096) == 0"),
    Attack(
        "advise the kernel on a file",
        "os.posix_fadvise(os.open(os.__file__, os.O_RDONLY), 0, 0, os.POSIX_FADV_DONTNEED)\nreturn True",
    ),
    Attack(
        "call the 32-bit kernel",
        """
        code = mmap.mmap(-1, 4096, prot=7)
        code.write(bytes([0x53, 0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0x5B, 0xC3]))  # getpid by int 0x80
        return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))() == os.getpid()
        """,
        ends="crash",
    ),
    Attack("start a thread", "threading.Thread(target=int).start()\nreturn True"),
    Attack("start many threads", "for _ in range(200): threading.Thread(target=int).start()\nreturn True"),
    Attack(
        "start a thread with raw clone",
        """
        stack = ctypes.create_string_buffer(1 << 16)
        top = ctypes.c_void_p((ctypes.addressof(stack) + (1 << 16)) & ~15)
        if libc.clone(libc.sched_yield, top, 0x10F00, None) < 0:
            raise OSError
        time.sleep(0.05)
        return True
        """,
    ),
    Attack("start a thread of another loop", "return asyncio.to_thread(bool, 1)"),
    Attack(
        "wake another process through a file",
        "m = mmap.mmap(os.open(os.__file__, os.O_RDONLY), 4096, prot=mmap.PROT_READ)\n"
        "libc.mmap.restype = ctypes.c_void_p\n"
        "at = libc.mmap(None, 4096, 1, 1, os.open(os.__file__, os.O_RDONLY), 0)\n"
        "return call(202, at, 1, 1, None, None, 0) == 0",
    ),
    Attack("read another process's affinity", "return os.sched_getaffinity(1)"),
    Attack("page out what others read", "m = mmap.mmap(-1, 4096)\nm.madvise(21)\nreturn True"),
    Attack("merge its memory with others'", "m = mmap.mmap(-1, 4096)\nm.madvise(12)\nreturn True"),
    Attack("count what it read from the disk", "return resource.getrusage(resource.RUSAGE_SELF)"),
)
