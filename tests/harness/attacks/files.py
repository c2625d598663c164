"""Attacks on what lies in files, in the environment and in the memory of others."""

from tests.harness.attacks.table import Attack

FILES = (
    Attack("read the labels", "return 'preferred' in open(LABELS).read()"),
    Attack("read the labels with raw calls", "return call(2, LABELS.encode(), os.O_RDONLY)"),
    Attack("read the labels relative to a descriptor", "return call(257, -100, LABELS.encode(), os.O_RDONLY)"),
    Attack("read the labels with openat2", "return call(437, -100, LABELS.encode(), struct.pack('QQQ', 0, 0, 0), 24)"),
    Attack("map the labels", "return mmap.mmap(os.open(LABELS, os.O_RDONLY), 0, prot=mmap.PROT_READ)[:2] == b't1'"),
    Attack("hold the labels by path", "return call(257, -100, LABELS.encode(), os.O_PATH) and os.listdir(FOLDER)"),
    Attack("list the folder of the labels", "return os.listdir(FOLDER)"),
    Attack("list the task sets", "return os.listdir(TASKS)"),
    Attack("list the root", "return set(os.listdir('/')) > {'etc', 'home'}"),
    Attack("list the temporary folder", "return os.listdir('/tmp')"),
    Attack("read the program's own source", "return open(PACKAGE + '/cli/__init__.py').read()"),
    Attack(
        "import the rest of the program",
        "import meta_reward\nmeta_reward.__path__.append(PACKAGE)\nimport meta_reward.errors\nreturn True",
    ),
    Attack("import what is installed", "sys.path.insert(0, SITE)\nimport orjson\nreturn 1"),
    Attack("read the users", "return 'root' in open('/etc/passwd').read()"),
    Attack("look through the home folder", "return os.listdir(os.path.expanduser('~'))"),
    Attack("read its own environment in proc", "return b'PYTHONPATH' in open('/proc/self/environ', 'rb').read()"),
    Attack("read the parent's environment", "return open(f'/proc/{PARENT}/environ', 'rb').read()"),
    Attack("read the parent's command", "return open(f'/proc/{PARENT}/cmdline').read()"),
    Attack("list the parent's descriptors", "return os.listdir(f'/proc/{PARENT}/fd')", needs="tracing"),
    Attack(
        "read the parent's memory in proc",
        "f = os.open(f'/proc/{PARENT}/mem', os.O_RDONLY)\nreturn os.pread(f, len(MARKER), ADDRESS) == MARKER",
        needs="tracing",
    ),
    Attack(
        "read the parent's memory",
        """
        buffer = ctypes.create_string_buffer(len(MARKER))
        local = struct.pack("PN", ctypes.addressof(buffer), len(MARKER))
        call(310, PARENT, local, 1, struct.pack("PN", ADDRESS, len(MARKER)), 1, 0)
        return buffer.raw == MARKER
        """,
        needs="tracing",
    ),
    Attack(
        "read the zygote's memory",
        """
        here = ctypes.create_string_buffer(8)
        there = struct.pack("PN", ctypes.cast(libc.getpid, ctypes.c_void_p).value, 8)
        return call(310, ZYGOTE, struct.pack("PN", ctypes.addressof(here), 8), 1, there, 1, 0) == 8
        """,
        needs="tracing",
    ),
    Attack(
        "write the zygote's memory",
        """
        here = ctypes.create_string_buffer(8)
        pair = struct.pack("PN", ctypes.addressof(here), 0)
        return call(311, ZYGOTE, pair, 1, pair, 1, 0) == 0
        """,
        needs="tracing",
    ),
    Attack("see all processes", "return len([name for name in os.listdir('/proc') if name.isdigit()]) > 1"),
    Attack("read the machine's sockets", "return open('/proc/net/unix').read()"),
    Attack("write a file", "return os.open(FOLDER + '/new', os.O_CREAT | os.O_WRONLY)"),
    Attack("write a nameless file", "return os.open(FOLDER, os.O_TMPFILE | os.O_RDWR)"),
    Attack("write the labels", "return os.open(LABELS, os.O_WRONLY)"),
    Attack("truncate a file", "open(FOLDER + '/t', 'w').close()\nos.truncate(FOLDER + '/t', 0)\nreturn True"),
    Attack("make a folder", "os.mkdir(FOLDER + '/folder')\nreturn True"),
    Attack("make a named pipe", "os.mkfifo(FOLDER + '/pipe')\nreturn True"),
    Attack("make a symbolic link", "os.symlink(LABELS, FOLDER + '/soft')\nreturn True"),
    Attack("make a hard link", "os.link(LABELS, FOLDER + '/hard')\nreturn True"),
    Attack("rename a file", "os.rename(LABELS, LABELS + '2'), os.rename(LABELS + '2', LABELS)\nreturn True"),
    Attack("change a mode", "os.chmod(LABELS, 0o644)\nreturn True"),
    Attack("change an owner", "os.chown(LABELS, -1, os.getgid())\nreturn True"),
    Attack("change times", "os.utime(LABELS)\nreturn True"),
    Attack("set an extended attribute", "os.setxattr(LABELS, 'user.a', b'1')\nreturn True"),
    Attack(
        "write into shared memory's folder",
        "open(f'/dev/shm/left-{PARENT}', 'w').close()\nos.unlink(f'/dev/shm/left-{PARENT}')\nreturn True",
    ),
    Attack("go elsewhere", "os.chdir(FOLDER)\nreturn True"),
    Attack("change the root", "os.chroot('/')\nreturn True", needs="root"),
    Attack("watch a file", "return libc.inotify_add_watch(libc.inotify_init(), LABELS.encode(), 2) > 0"),
    Attack(
        "lease a file",
        "return fcntl.fcntl(os.open(os.__file__, os.O_RDONLY), fcntl.F_SETLEASE, 0) == 0",
        needs="library",
    ),
    Attack(
        "be told of changes", "return fcntl.fcntl(os.open(os.path.dirname(os.__file__), 0), fcntl.F_NOTIFY, 0) == 0"
    ),
    Attack("ask how full the disk is", "return os.fstatvfs(os.open(os.__file__, os.O_RDONLY)).f_bfree"),
    Attack("ask how full the disk is by path", "return os.statvfs(os.__file__).f_bfree"),
)
