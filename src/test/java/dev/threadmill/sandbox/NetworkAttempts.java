package dev.threadmill.sandbox;

import java.util.List;

/** Attempts to reach other machines, or servers of this one. */
final class NetworkAttempts {
  static final List<Attempt> ALL =
      List.of(
          Attempt.of(
              "connect to an address of the internet",
              "refused(socket.create_connection, ('192.0.2.1', 80), 2)"),
          Attempt.of(
              "connect to the cloud's metadata",
              "refused(socket.create_connection, ('169.254.169.254', 80), 2)"),
          Attempt.of(
              "connect to Postgres on this machine",
              "refused(socket.create_connection, ('127.0.0.1', 5432), 2)"),
          Attempt.of("resolve a name", "refused(socket.getaddrinfo, 'example.com', 80)"),
          Attempt.of(
              "send a datagram",
              "refused(socket.socket(2, socket.SOCK_DGRAM).sendto, b'x', ('192.0.2.1', 53))"),
          Attempt.of(
              "send an IPv6 datagram",
              "refused(socket.socket(10, socket.SOCK_DGRAM).sendto, b'x', ('2001:db8::1', 53))"),
          Attempt.of("open a raw socket", "refused(socket.socket, 2, socket.SOCK_RAW, 1)"),
          Attempt.of("open a packet socket", "refused(socket.socket, 17, socket.SOCK_RAW, 3)"),
          Attempt.of("open a netlink socket", "refused(socket.socket, 16, socket.SOCK_RAW, 0)"),
          Attempt.of("open a vsock", "refused(socket.socket, 40, socket.SOCK_STREAM, 0)"),
          Attempt.of(
              "open a socket of the kernel's cryptography", "refused(socket.socket, 38, 5, 0)"),
          Attempt.of("open a Bluetooth socket", "refused(socket.socket, 31, 3, 0)"),
          Attempt.of(
              "connect to an abstract socket of this machine",
              """
              for line in open("/proc/net/unix").readlines()[1:]:
                  if "@" in line:
                      print("ESCAPED", line)
              for name in ("\\0/tmp/.X11-unix/X0", "\\0/tmp/dbus-system", "\\0/containerd-shim/x"):
                  refused(socket.socket(1).connect, name)
              """),
          Attempt.of("use the socket of Docker", "absent('/var/run/docker.sock'); absent('/run')"),
          Attempt.of(
              "bring a network device up",
              """
              import fcntl, struct
              s = socket.socket(2, socket.SOCK_DGRAM)
              refused(fcntl.ioctl, s, 0x8914, struct.pack("16sh14x", b"eth0", 1))
              """));

  private NetworkAttempts() {}
}
