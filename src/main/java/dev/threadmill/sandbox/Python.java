package dev.threadmill.sandbox;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The Python that runs the code.
 *
 * @param program its path; empty if there is none
 * @param folders what it needs besides the folders of the system
 */
record Python(String program, List<String> folders) {
  private static final String ASK =
      "import sys, os; print(sys.version_info >= (3, 8));"
          + " print(sys.prefix); print(sys.base_prefix);"
          + " print(os.path.dirname(os.path.realpath(sys.executable)))";

  private static final List<String> SYSTEM = List.of("/usr/bin/", "/usr/lib", "/usr/share/");

  /**
   * The Python of the setting, else the one that was installed for the sandbox, else the system's.
   */
  static Python find(SandboxConfig config, Path home) {
    var installed = home.resolve("sandbox/python/bin/python");
    var program =
        config
            .python()
            .orElseGet(
                () ->
                    Files.isExecutable(installed)
                        ? installed.toString()
                        : Stream.of("/usr/bin/python3", "python3")
                            .map(Programs::find)
                            .filter(found -> !found.isEmpty())
                            .findFirst()
                            .orElse(""));
    return of(Programs.find(program));
  }

  private static Python of(String program) {
    if (program.isEmpty()) {
      return new Python("", List.of());
    }
    var answers = Programs.output(List.of(program, "-I", "-c", ASK)).lines().toList();
    if (answers.size() != 4 || !answers.getFirst().equals("True")) {
      return new Python("", List.of());
    }
    var folders = new ArrayList<String>();
    answers.subList(1, 4).stream()
        .map(folder -> folder.equals("/usr") ? "/usr/lib" : folder)
        .filter(folder -> !isSystem(folder) && !folders.contains(folder))
        .forEach(folders::add);
    // A name on the PATH may be a script that looks for the program in places that are not there.
    var own = Path.of(answers.get(1), "bin", Path.of(program).getFileName().toString());
    return new Python(Files.isExecutable(own) ? own.toString() : program, folders);
  }

  private static boolean isSystem(String folder) {
    return SYSTEM.stream().anyMatch((folder + "/")::startsWith);
  }

  /** What is missing, as one line with the remedy; null for nothing. */
  String missing() {
    return program.isEmpty()
        ? "there is no Python 3.8 or newer; install it (apt install python3) or set"
            + " THREADMILL_SANDBOX_PYTHON"
        : null;
  }

  /** The environment of the code. It has nothing of the server's. */
  Map<String, String> environment() {
    var environment = new LinkedHashMap<String, String>();
    environment.put("PATH", Path.of(program).getParent() + ":/usr/bin:/bin");
    environment.put("HOME", "/tmp");
    environment.put("TMPDIR", "/tmp");
    environment.put("LANG", "C.UTF-8");
    environment.put("LC_ALL", "C.UTF-8");
    environment.put("TZ", "UTC");
    environment.put("TERM", "dumb");
    environment.put("COLUMNS", "120");
    environment.put("XDG_CACHE_HOME", "/tmp/.cache");
    environment.put("MPLCONFIGDIR", "/tmp/.cache/matplotlib");
    environment.put("MPLBACKEND", "module://threadmill_backend");
    // Threads of number libraries and arenas of the C library reserve address space.
    environment.put("MALLOC_ARENA_MAX", "2");
    environment.put("OPENBLAS_NUM_THREADS", "2");
    environment.put("OMP_NUM_THREADS", "2");
    for (var name : List.of("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")) {
      // Which instructions this processor has: code of the wrong kind computes wrong results.
      if (System.getenv(name) != null) {
        environment.put(name, System.getenv(name));
      }
    }
    return environment;
  }
}
