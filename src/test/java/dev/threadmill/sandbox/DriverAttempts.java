package dev.threadmill.sandbox;

import java.util.List;

/** Attempts against the process that runs the code, and what stays behind. */
final class DriverAttempts {
  static final List<Attempt> ALL =
      List.of(
          Attempt.of("change the driver", "refused(open, '/opt/threadmill/kernel.py', 'w')"),
          Attempt.of("delete the driver", "refused(os.remove, '/opt/threadmill/kernel.py')"),
          Attempt.of(
              "replace the folder of the driver", "refused(os.rename, '/opt', '/mnt/data/opt')"),
          Attempt.of("delete /mnt/data itself", "refused(os.rmdir, '/mnt/data')"),
          new Attempt(
              "forge an answer",
              """
              import struct
              data = b'{"status": "ok"}'
              for fd in range(90, 100):
                  try: os.write(fd, struct.pack(">I", len(data)) + data)
                  except OSError: pass
              time.sleep(30)
              """,
              "broke the connection"),
          new Attempt(
              "an answer that is too long",
              """
              for fd in range(90, 100):
                  try: os.write(fd, b"\\x7f\\xff\\xff\\xff" + b"x" * 100)
                  except OSError: pass
              time.sleep(30)
              """,
              "ended"),
          new Attempt("close all files", "os.closerange(0, 120); time.sleep(1)", "ended"),
          new Attempt("end the process", "os._exit(0)", "ended"),
          new Attempt("kill the process", "os.kill(os.getpid(), 9)", "ended"),
          Attempt.of("kill everything", "refused(os.kill, -1, 9)"),
          new Attempt(
              "stop the process",
              "os.kill(os.getpid(), signal.SIGSTOP); time.sleep(30)",
              "did not react"),
          Attempt.of("kill the first process", "os.kill(1, 9); print('contained')"),
          Attempt.of(
              "close the standard files",
              "print('contained', flush=True); os.close(0); os.close(1); os.close(2)"),
          Attempt.of("exit", "print('contained'); raise SystemExit(3)"),
          Attempt.of("read input", "refused(lambda: os.read(0, 1) or open('/nonexistent'))"),
          Attempt.of(
              "leave a process behind",
              """
              subprocess.Popen(["sh", "-c",
                  "while true; do echo x >> /mnt/data/alive; sleep 0.01; done"], start_new_session=True)
              time.sleep(0.2); print("contained")
              """),
          Attempt.of(
              "a thread that swaps a folder for a link when the first thread has ended",
              """
              import threading
              end = time.monotonic() + 1
              if os.fork() == 0:
                  def swap():
                      while time.monotonic() < end:
                          try:
                              os.mkdir("/mnt/data/d"); open("/mnt/data/d/status", "w").close()
                              os.rename("/mnt/data/d", "/mnt/data/old")
                              os.symlink("/proc/self", "/mnt/data/d"); os.remove("/mnt/data/d")
                              shutil.rmtree("/mnt/data/old")
                          except OSError: time.sleep(0.001)
                  threading.Thread(target=swap).start()
                  ctypes.CDLL(None).syscall(60 if platform.machine() == "x86_64" else 93, 0)
              time.sleep(0.2); print("contained")
              """),
          Attempt.of(
              "a daemon that ignores signals",
              """
              if os.fork() == 0:
                  os.setsid()
                  for s in range(1, 65):
                      try: signal.signal(s, signal.SIG_IGN)
                      except (OSError, ValueError): pass
                  if os.fork(): os._exit(0)
                  for fd in range(256):
                      try: os.close(fd)
                      except OSError: pass
                  while True: pass
              print("contained")
              """),
          Attempt.of(
              "continue processes that are stopped",
              """
              if os.fork() == 0:
                  while True:
                      try: os.kill(-1, signal.SIGCONT)
                      except OSError: pass
              print("contained")
              """));

  private DriverAttempts() {}
}
