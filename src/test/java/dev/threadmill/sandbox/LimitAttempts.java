package dev.threadmill.sandbox;

import java.util.List;

/** Attempts to take more than the limits. */
final class LimitAttempts {
  static final List<Attempt> ALL =
      List.of(
          Attempt.of("allocate more memory than there is", "refused(bytearray, 1 << 40)"),
          Attempt.of(
              "allocate memory in pieces",
              "refused(lambda: [bytearray(1 << 24) for _ in range(99)])"),
          new Attempt(
              "allocate memory in many processes",
              """
              for _ in range(10):
                  if os.fork() == 0:
                      data = b"x" * (80 << 20)
                      time.sleep(30)
              time.sleep(20)
              """,
              "memory"),
          Attempt.of(
              "memory that belongs to no process",
              """
              denied(319, 279, b"x", 0)
              denied(29, 194, 0, 1 << 20, 0o1600)
              denied(68, 186, 0, 0o1600)
              """),
          Attempt.of(
              "a fork bomb",
              """
              count = 0
              try:
                  while True:
                      if os.fork() == 0:
                          time.sleep(0.3); os._exit(0)
                      count += 1
                      if count > 200:
                          print("ESCAPED"); break
              except OSError as e:
                  print("contained", count, e)
              try:
                  while True: os.waitpid(-1, 0)
              except ChildProcessError: pass
              """),
          Attempt.of(
              "a fork bomb that goes on",
              """
              subprocess.Popen(["sh", "-c", "b() { b | b & }; b; b; sleep 5"],
                  stderr=subprocess.DEVNULL)
              time.sleep(0.5)
              running = [name for name in os.listdir("/proc") if name.isdigit()]
              print("contained" if len(running) < 40 else "ESCAPED", len(running))
              for _ in range(100):
                  try: os.kill(-1, 9)
                  except OSError: break
                  time.sleep(0.01)
              """),
          Attempt.of(
              "threads without end",
              """
              import threading
              count = 0
              try:
                  while count < 500:
                      threading.Thread(target=time.sleep, args=(0.3,), daemon=True).start(); count += 1
                  print("ESCAPED")
              except RuntimeError as e:
                  print("contained", count, e)
              """),
          new Attempt("a loop without end", "while True: pass", "took longer"),
          new Attempt(
              "a loop that swallows interrupts",
              """
              while True:
                  try:
                      while True: time.sleep(0.01)
                  except BaseException: pass
              """,
              "did not react"),
          new Attempt(
              "signals that are ignored",
              """
              signal.signal(signal.SIGINT, signal.SIG_IGN)
              time.sleep(60)
              """,
              "did not react"),
          Attempt.of(
              "a file larger than the disk",
              """
              signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
              def write():
                  with open("large", "wb") as f:
                      f.truncate(1 << 35)
              refused(write)
              """),
          new Attempt(
              "many files that fill the disk",
              """
              for i in range(100):
                  with open(f"part{i}", "wb") as f: f.write(bytes(1 << 20))
              time.sleep(1.5)
              """,
              "wrote more"),
          new Attempt(
              "scratch files that fill the disk",
              """
              for i in range(60):
                  with open(f"/tmp/part{i}", "wb") as f: f.write(bytes(1 << 20))
              time.sleep(1.5)
              """,
              "wrote more"),
          new Attempt(
              "shared memory that fills the disk",
              """
              for i in range(60):
                  with open(f"/dev/shm/part{i}", "wb") as f: f.write(bytes(1 << 20))
              time.sleep(1.5)
              """,
              "wrote more"),
          new Attempt(
              "deleted files that stay open",
              """
              files = []
              for i in range(60):
                  f = open(f"/tmp/hidden{i}", "wb"); os.remove(f"/tmp/hidden{i}"); files.append(f)
                  f.write(bytes(1 << 22)); f.flush()
              time.sleep(1.5)
              """,
              "wrote more"),
          new Attempt(
              "files without end",
              """
              for i in range(5000): open(f"file{i}", "w").close()
              time.sleep(1.5)
              """,
              "files and folders"),
          new Attempt(
              "folders in folders",
              """
              for i in range(400):
                  os.mkdir("d"); os.chdir("d")
              time.sleep(1.5)
              """,
              "levels"),
          Attempt.of(
              "files that are open without end",
              """
              files = []
              refused(lambda: [files.append(open("/dev/null")) for _ in range(9999)])
              files.clear()
              """),
          new Attempt("output without end", "while True: print('x' * 1000)", "printed too much"),
          Attempt.of("a long line", "print('contained' + 'x' * 3000000)"),
          Attempt.of("a long value", "print('contained')\n'y' * 5000000"),
          Attempt.of(
              "output that is not text",
              "os.write(1, bytes(range(256)) * 20); os.write(1, b'contained')"),
          Attempt.of(
              "a message that is hard to print",
              """
              class Bad(Exception):
                  def __str__(self): raise SystemError("again")
              print("contained")
              raise Bad()
              """),
          Attempt.of(
              "a recursion without end",
              """
              def f(): f()
              print("contained")
              f()
              """),
          new Attempt(
              "an address that does not exist",
              """
              ctypes.string_at(0)
              """,
              "ended"),
          Attempt.of(
              "a number that is hard to print",
              """
              def show(): return str(10 ** 100000)
              refused(show) if sys.version_info >= (3, 11) else print("contained")
              """),
          Attempt.of(
              "a locale that is a bomb",
              """
              import locale
              def bad(): locale.setlocale(locale.LC_ALL, "x" * 1000000)
              try: bad(); print("ESCAPED")
              except locale.Error: print("contained")
              """));

  private LimitAttempts() {}
}
