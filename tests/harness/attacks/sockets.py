"""Attacks that reach for the network or for another process through a socket."""

from tests.harness.attacks.table import Attack

SOCKETS = (
    Attack("connect by tcp", "socket.create_connection(('127.0.0.1', TCP_PORT), 1)\nreturn True"),
    Attack("listen by tcp", "s = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen()\nreturn True"),
    Attack("open a tcp6 socket", "return socket.socket(socket.AF_INET6)"),
    Attack("send by udp", "return socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', UDP_PORT))"),
    Attack("connect to a unix socket", "socket.socket(socket.AF_UNIX).connect(UNIX)\nreturn True"),
    Attack("connect to an abstract socket", "socket.socket(socket.AF_UNIX).connect(ABSTRACT)\nreturn True"),
    Attack("bind an abstract socket", "socket.socket(socket.AF_UNIX).bind('\\0' + FOLDER)\nreturn True"),
    Attack(
        "send to a path from one end of a pair",
        "return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'x', DATAGRAMS)",
    ),
    Attack(
        "send to a path with sendmsg",
        "return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendmsg([b'x'], [], 0, DATAGRAMS)",
    ),
    Attack("make a pair of sockets", "return socket.socketpair()"),
    Attack(
        "receive a descriptor",
        "s = socket.socket(fileno=os.dup(own_socket()))\n"
        "try: s.recvmsg(1, socket.CMSG_LEN(4), socket.MSG_DONTWAIT)\n"
        "except BlockingIOError: return True",
    ),
    Attack("bind netlink", "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0))\nreturn True"),
    Attack("open vsock", "return socket.socket(40, socket.SOCK_STREAM)", needs="vsock"),
    Attack("open a packet socket", "return socket.socket(17, socket.SOCK_RAW)", needs="packet"),
    Attack("open a crypto socket", "return socket.socket(38, socket.SOCK_SEQPACKET)", needs="crypto"),
    Attack("resolve a name", "return socket.socket(type=socket.SOCK_DGRAM).connect(('127.0.0.53', 53)) is None"),
    Attack("ask who is at the other end", "return socket.socket(fileno=os.dup(own_socket())).getsockopt(1, 17, 12)"),
    Attack(
        "read its number among all sockets", "return socket.socket(fileno=os.dup(own_socket())).getsockopt(1, 57, 8)"
    ),
    Attack("set an option", "return libc.setsockopt(own_socket(), 1, 8, struct.pack('i', 1 << 20), 4) == 0"),
    Attack("make another loop", "return asyncio.new_event_loop()"),
    Attack("make pipes", "return os.pipe()"),
    Attack("make a counter's descriptor", "return call(290, 0, 0)"),
    Attack("make a watch of descriptors", "return select.epoll()"),
    Attack("be owner of a socket's signals", "return fcntl.fcntl(0, fcntl.F_SETOWN, ZYGOTE) == 0"),
    Attack("start a ring of requests", "return call(425, 8, bytes(120))", needs="io_uring"),
)
