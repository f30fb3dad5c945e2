package dev.threadmill.sandbox;

import java.util.List;

/** Attempts with system calls, privileges, and other processes. */
final class KernelAttempts {
  static final List<Attempt> ALL =
      List.of(
          Attempt.of("become root", "refused(os.setuid, 0)"),
          Attempt.of("become root's group", "refused(os.setgroups, [0])"),
          Attempt.of(
              "run a program that becomes root",
              """
              programs = ["/usr/bin/su", "/usr/bin/mount", "/usr/bin/passwd", "/usr/bin/sudo"]
              there = [p for p in programs if os.path.exists(p)]
              for program in there:
                  out = subprocess.run(["/usr/bin/env", program, "-c", "id -u"], text=True,
                      capture_output=True, stdin=subprocess.DEVNULL, timeout=2).stdout
                  print("ESCAPED" if out.strip() == "0" else "contained", program)
              print("contained")
              """),
          Attempt.of(
              "make a program of root's",
              """
              shutil.copy("/usr/bin/id", "/mnt/data/id")
              refused(os.chown, "/mnt/data/id", 0, 0)
              os.chmod("/mnt/data/id", 0o4755)
              out = subprocess.run(["/mnt/data/id"], capture_output=True, text=True).stdout
              print("ESCAPED" if "(root)" in out else "contained", out)
              """),
          Attempt.of("use privileges in a user namespace", "denied(272, 97, 0x10000000)"),
          Attempt.of("a mount namespace", "denied(272, 97, 0x00020000)"),
          Attempt.of(
              "a namespace by clone", "denied(56, 220, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)"),
          Attempt.of(
              "a namespace by clone3", "denied(435, 435, ctypes.create_string_buffer(88), 88)"),
          Attempt.of(
              "a namespace by a program",
              """
              out = subprocess.run(["/usr/bin/unshare", "-Ur", "id", "-u"], capture_output=True,
                  text=True)
              print("ESCAPED" if out.returncode == 0 else "contained", out.stderr)
              """),
          Attempt.of("enter a namespace", "denied(308, 268, 0, 0)"),
          Attempt.of("mount", "denied(165, 40, b'none', b'/mnt/data', b'tmpfs', 0, None)"),
          Attempt.of("mount with the new calls", "denied(430, 430, b'tmpfs', 0)"),
          Attempt.of("copy a mount", "denied(428, 428, -100, b'/', 1)"),
          Attempt.of("unmount", "denied(166, 39, b'/mnt/data', 2)"),
          Attempt.of("change the root", "denied(161, 51, b'/mnt/data')"),
          Attempt.of("exchange the root", "denied(155, 41, b'/mnt/data', b'/mnt/data')"),
          Attempt.of("trace a process", "denied(101, 117, 16, os.getppid(), 0, 0)"),
          Attempt.of("read another process's memory", "denied(310, 270, 1, None, 0, None, 0, 0)"),
          Attempt.of("read the kernel's keyring", "denied(250, 219, 0, -3, 0)"),
          Attempt.of("add a key", "denied(248, 217, b'user', b'name', b'x', 1, -3)"),
          Attempt.of("request a key", "denied(249, 218, b'user', b'name', None, -3)"),
          Attempt.of("io_uring", "denied(425, 425, 8, ctypes.create_string_buffer(120))"),
          Attempt.of("asynchronous I/O", "denied(206, 0, 8, ctypes.byref(ctypes.c_long(0)))"),
          Attempt.of(
              "load a BPF program", "denied(321, 280, 5, ctypes.create_string_buffer(72), 72)"),
          Attempt.of("handle page faults", "denied(323, 282, 1)"),
          Attempt.of(
              "count performance events",
              "denied(298, 241, ctypes.create_string_buffer(120), 0, -1, -1, 0)"),
          Attempt.of("load a module", "denied(313, 273, 0, b'', 0)"),
          Attempt.of("load another kernel", "denied(246, 104, 0, 0, None, 0)"),
          Attempt.of(
              "restart the machine", "denied(169, 142, 0xfee1dead, 672274793, 0x1234567, 0)"),
          Attempt.of(
              "read the kernel's log", "denied(103, 116, 3, ctypes.create_string_buffer(9), 9)"),
          Attempt.of("set the clock", "refused(time.clock_settime, time.CLOCK_REALTIME, 0)"),
          Attempt.of("rename the machine", "refused(socket.sethostname, 'x')"),
          Attempt.of("take a file from another process", "denied(438, 438, 3, 0, 0)"),
          Attempt.of("switch off address randomisation", "denied(135, 92, 0x0040000)"),
          Attempt.of("ports of the processor", "denied(172, -1, 3)"),
          Attempt.of(
              "the other calling convention",
              """
              if platform.machine() != "x86_64":
                  print("contained", "not here")
              else:
                  denied(0x40000000 + 39, -1)
              """),
          Attempt.of(
              "calls of 32-bit programs",
              """
              # int 0x80 with getpid in a child, which the filter ends.
              import mmap
              pid = os.fork()
              if pid == 0:
                  page = mmap.mmap(-1, 4096, prot=7)
                  page.write(bytes.fromhex("b814000000cd80c3") if platform.machine() == "x86_64"
                      else bytes(4))
                  address = ctypes.addressof(ctypes.c_char.from_buffer(page))
                  ctypes.CFUNCTYPE(ctypes.c_int)(address)()
                  os._exit(0)
              status = os.waitpid(pid, 0)[1]
              print("contained" if os.WIFSIGNALED(status) else "ESCAPED", status)
              """),
          Attempt.of(
              "put input into a terminal",
              """
              import fcntl, pty
              master, slave = pty.openpty()
              refused(fcntl.ioctl, slave, 0x5412, b"x")
              refused(open, "/dev/tty", "w")
              """),
          Attempt.of(
              "signal processes of this machine",
              """
              for pid in (4194000, 99999, os.getppid() + 1000):
                  refused(os.kill, pid, 9)
              """),
          Attempt.of(
              "raise own limits",
              """
              import resource
              for limit in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE):
                  refused(resource.setrlimit, limit, (resource.RLIM_INFINITY,) * 2)
              """),
          Attempt.of("raise own priority", "refused(os.nice, -10)"),
          Attempt.of(
              "run in real time",
              "refused(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(50))"),
          Attempt.of(
              "leave a core dump",
              """
              import resource
              refused(resource.setrlimit, resource.RLIMIT_CORE, (1000000, 1000000))
              pid = os.fork()
              if pid == 0:
                  os.abort()
              print("contained" if not os.WCOREDUMP(os.waitpid(pid, 0)[1]) else "ESCAPED")
              """),
          Attempt.of(
              "lock memory",
              """
              libc = ctypes.CDLL(None, use_errno=True)
              print("contained" if libc.mlockall(3) == -1 else "ESCAPED")
              """),
          Attempt.of(
              "privileges of the process",
              """
              status = open("/proc/self/status").read()
              for line in status.splitlines():
                  name, _, value = line.partition(":")
                  if name in ("CapEff", "CapPrm", "CapInh", "CapAmb") and int(value, 16):
                      print("ESCAPED", line)
              print("contained" if "NoNewPrivs:\\t1" in status and "Seccomp:\\t2" in status
                  and os.getuid() else "ESCAPED")
              """));

  private KernelAttempts() {}
}
