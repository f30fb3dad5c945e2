"""Runs the code of one session.

Requests come as frames on standard input, and answers go as frames to the file that standard error
was at the start: four bytes of length, then JSON. What the code prints goes to standard output. The
server trusts nothing that it receives from here: the code runs in this process and can write
anything to any of these files.
"""

import ast
import builtins
import fcntl
import json
import linecache
import os
import signal
import struct
import sys
import traceback
import types

FIGURES = "/mnt/figures"
MAX_FIGURES = 20
MAX_VALUE = 100_000


class Session:
    def __init__(self, requests, answers, output):
        self.requests = requests
        self.answers = answers
        self.output = output
        self.running = False
        self.call = 0
        self.figures = 0
        self.module = types.ModuleType("__main__")
        self.module.__dict__["display"] = self.display
        sys.modules["__main__"] = self.module

    def interrupt(self, *_):
        if self.running:
            raise KeyboardInterrupt("The code was interrupted because its time was over.")

    def serve(self):
        self.answer({"status": "ready", "python": sys.version.split()[0]})
        while True:
            request = self.receive()
            self.restore()
            status = "ok"
            try:
                status = self.run(request["code"])
            except KeyboardInterrupt:
                status = "interrupted"
            self.running = False
            self.flush()
            try:
                os.write(self.output, request["marker"].encode())
            except OSError:
                pass
            self.answer({"status": status})

    def receive(self):
        (length,) = struct.unpack(">I", self.read(4))
        return json.loads(self.read(length))

    def read(self, length):
        data = b""
        while len(data) < length:
            piece = os.read(self.requests, length - len(data))
            if not piece:
                os._exit(0)
            data += piece
        return data

    def answer(self, what):
        data = json.dumps(what).encode()
        data = struct.pack(">I", len(data)) + data
        while data:
            data = data[os.write(self.answers, data) :]

    def restore(self):
        """Undoes what the code before may have done to the standard files and to signals."""
        os.dup2(self.output, 1)
        os.dup2(self.output, 2)
        sys.stdout = open(1, "w", encoding="utf-8", errors="replace", closefd=False, buffering=1)
        sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False, buffering=1)
        sys.stdin = open(os.devnull, encoding="utf-8")
        signal.signal(signal.SIGINT, self.interrupt)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    @staticmethod
    def flush():
        for file in (sys.stdout, sys.stderr):
            try:
                file.flush()
            except BaseException:
                pass

    def run(self, code):
        self.call += 1
        self.figures = 0
        name = f"<call {self.call}>"
        lines = code.splitlines(keepends=True)
        linecache.cache[name] = (len(code), None, lines, name)
        # Notebooks need this line; here figures are shown without it.
        code = "".join("\n" if line.strip().startswith("%matplotlib") else line for line in lines)
        status = "ok"
        try:
            self.running = True
            self.execute(code, name)
        except SystemExit:
            pass
        except BaseException as error:
            status = "interrupted" if isinstance(error, KeyboardInterrupt) else "error"
            self.running = False
            self.report(error, name)
        self.running = status == "ok"
        try:
            self.show_figures()
        except Exception:
            traceback.print_exc()
        self.running = False
        return status

    def execute(self, code, name):
        tree = ast.parse(code, name)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not code.rstrip().endswith(";"):
            last = ast.Expression(tree.body.pop().value)
        names = self.module.__dict__
        exec(compile(tree, name, "exec"), names)
        if last is not None:
            value = eval(compile(last, name, "eval"), names)
            if value is not None:
                names["_"] = value
                self.display(value)

    def display(self, *values):
        """Shows values as a notebook does."""
        for value in values:
            picture = getattr(value, "_repr_png_", None)
            data = picture() if callable(picture) else None
            if isinstance(data, bytes):
                self.save(lambda path, data=data: self.write(path, data))
                continue
            text = value if isinstance(value, str) and len(values) > 1 else repr(value)
            if len(text) > MAX_VALUE:
                text = text[:MAX_VALUE] + f"... ({len(text)} characters)"
            print(text)

    @staticmethod
    def write(path, data):
        with open(path, "wb") as file:
            file.write(data)

    @staticmethod
    def report(error, name):
        try:
            tb = error.__traceback__
            while tb is not None and tb.tb_frame.f_code.co_filename != name:
                tb = tb.tb_next
            text = traceback.TracebackException(type(error), error, tb)
            text.stack[:] = [frame for frame in text.stack if frame.filename != __file__]
            sys.stderr.write("".join(text.format()))
        except BaseException as second:
            try:
                sys.stderr.write(f"{type(error).__name__} ({type(second).__name__} in its text)\n")
            except BaseException:
                pass

    def save(self, write):
        if self.figures < MAX_FIGURES:
            self.figures += 1
            write(f"{FIGURES}/{self.call:06d}-{self.figures:03d}.png")

    def show_figures(self):
        """Saves the open figures of matplotlib, and closes them."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            if figure.get_axes() or figure.texts or figure.images:
                self.save(
                    lambda path, figure=figure: figure.savefig(
                        path, format="png", bbox_inches="tight"
                    )
                )
        pyplot.close("all")


def above(file):
    """The file at a number that code does not meet by chance, closed in programs that it starts."""
    return fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, 90)


def main():
    requests, output, answers = above(0), above(1), above(2)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(output, 2)
    os.umask(0o022)
    try:
        os.nice(5)
    except OSError:
        pass
    sys.path[:0] = ["/mnt/data"]
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    sys.argv = [""]
    session = Session(requests, answers, output)
    builtins.__dict__["_threadmill_show_figures"] = session.show_figures
    signal.signal(signal.SIGINT, session.interrupt)
    session.serve()


main()
