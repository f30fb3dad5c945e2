package dev.threadmill.sandbox;

/**
 * An attempt to leave the sandbox.
 *
 * @param code prints {@code ESCAPED} if it succeeds and {@code contained} if it is refused
 * @param note what the note to the model has to contain; null if the code runs to its end
 */
record Attempt(String name, String code, String note) {
  /** Functions that the code uses. */
  static final String HELPERS =
      """
      import ctypes, errno, os, platform, shutil, signal, socket, subprocess, sys, time
      def refused(action, *arguments):
          try:
              result = action(*arguments)
          except (OSError, ValueError, PermissionError, MemoryError, OverflowError) as e:
              print("contained", type(e).__name__, e)
              return
          print("ESCAPED", result)
      def denied(x86, arm, *arguments):
          number = arm if platform.machine() == "aarch64" else x86
          if number < 0:
              print("contained", "no such call here")
              return
          libc = ctypes.CDLL(None, use_errno=True)
          result = libc.syscall(ctypes.c_long(number), *arguments)
          error = ctypes.get_errno()
          if result == -1 and error in (errno.EPERM, errno.ENOSYS, errno.EACCES):
              print("contained", os.strerror(error))
          else:
              print("ESCAPED", result, os.strerror(error))
      def absent(path):
          print("ESCAPED" if os.path.lexists(path) else "contained", path)
      def remove(path):
          shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)
      """;

  static Attempt of(String name, String code) {
    return new Attempt(name, code, null);
  }

  @Override
  public String toString() {
    return name;
  }
}
