package dev.threadmill.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Runs sessions with bubblewrap, as {@link CageCommand} says, with limits of the kernel for each
 * process. If the server is root, each session has a user of its own: the limit on processes does
 * not bind root. Otherwise it has a user namespace, in which the limit counts from zero.
 */
final class Bubblewrap implements CageRuntime {
  private static final int NOFILE = 128;
  private static final long KIB = 1024;
  private static final int KILL_SECONDS = 5;

  private final SandboxConfig config;
  private final SandboxFiles files;
  private final Python python;
  private final boolean isRoot;
  private final String program;

  Bubblewrap(SandboxConfig config, SandboxFiles files, Python python, boolean isRoot) {
    this.config = config;
    this.files = files;
    this.python = python;
    this.isRoot = isRoot;
    this.program = config.bwrap().orElse("bwrap");
  }

  @Override
  public String name() {
    return "bubblewrap";
  }

  @Override
  public String missing() {
    var programs = missingPrograms(program, isRoot);
    return programs == null ? python.missing() : programs;
  }

  /** What is missing on this machine to start a program with bubblewrap; null for nothing. */
  static String missingPrograms(String program, boolean isRoot) {
    if (!System.getProperty("os.name").equals("Linux")) {
      return "bubblewrap needs Linux; set THREADMILL_SANDBOX=container";
    }
    if (SeccompFilter.Architecture.of(System.getProperty("os.arch")) == null) {
      return "bubblewrap is supported on x86-64 and aarch64; set THREADMILL_SANDBOX=container";
    }
    if (!Programs.exists(program)) {
      return "there is no program '%s'; install it (apt install bubblewrap)".formatted(program);
    }
    if (!Programs.exists("prlimit") || isRoot && !Programs.exists("setpriv")) {
      return "there are no programs prlimit and setpriv; install them (apt install util-linux)";
    }
    return null;
  }

  @Override
  public int owner(int place) {
    return isRoot ? config.firstUid() + place : -1;
  }

  @Override
  public List<String> command(Cage cage) {
    var folder = cage.folder();
    var command =
        new CageCommand(program, files, isRoot)
            .readOnly(files.drivers().toString(), SandboxFiles.DRIVERS)
            .writable(folder.data().toString(), "/mnt/data")
            .writable(folder.figures().toString(), "/mnt/figures")
            .writable(folder.tmp().toString(), "/tmp")
            .writable(folder.shm().toString(), "/dev/shm");
    // After /tmp, which may be where they are.
    python.folders().forEach(each -> command.readOnly(each, each));
    command.clearEnvironment();
    python.environment().forEach(command::setenv);
    var limited = new ArrayList<>(limits());
    limited.addAll(List.of(python.program(), "-I", "-B", "-u", SandboxFiles.DRIVER));
    return command.run("/mnt/data", folder.owner(), limited);
  }

  private List<String> limits() {
    long memory = config.memoryMb() * KIB * KIB;
    return List.of(
        "/usr/bin/prlimit",
        "--as=" + memory,
        "--fsize=" + config.diskMb() * KIB * KIB,
        "--nproc=" + config.processes(),
        "--nofile=" + NOFILE,
        "--core=0",
        "--memlock=" + 64 * KIB,
        "--msgqueue=0",
        "--sigpending=256",
        "--cpu=" + Math.max(60, 2 * config.idle().toSeconds()),
        "--");
  }

  @Override
  public String explain(String errors) {
    var text = errors.toLowerCase(Locale.ROOT);
    if (text.contains("namespace") || text.contains("setting up uid map")) {
      return "the kernel lets this user create no namespaces (%s); on Ubuntu allow it with an"
              .formatted(Programs.oneLine(errors))
          + " AppArmor profile for bwrap or sysctl kernel.apparmor_restrict_unprivileged_userns=0,"
          + " in a container give it the capability SYS_ADMIN or set THREADMILL_SANDBOX=container";
    }
    if (text.contains("operation not permitted") || text.contains("permission denied")) {
      return "bubblewrap may not set up its mounts (%s); in a container give it the capability"
              .formatted(Programs.oneLine(errors))
          + " SYS_ADMIN and an unconfined seccomp profile, or set THREADMILL_SANDBOX=container";
    }
    return "bubblewrap does not start Python: " + Programs.oneLine(errors);
  }

  /** Bubblewrap, and its process 1 in the sandbox. */
  private static final int GENERATIONS = 1;

  @Override
  public ControlGroup limit(Process process, Cage cage) {
    long memory = config.memoryMb() * KIB * KIB;
    return ControlGroup.create(cage.name(), memory, ProcessTree.beneath(process.pid(), 1));
  }

  @Override
  public void interrupt(Process process, Cage cage) {
    if (!process.isAlive()) {
      return;
    }
    for (long init : ProcessTree.children(process.pid())) {
      ProcessTree.children(init).stream()
          .min(Long::compare)
          .ifPresent(driver -> Signals.send(driver, Signals.INT));
    }
  }

  @Override
  public boolean freeze(Process process, Cage cage) {
    return !process.isAlive() || ProcessTree.stop(process.pid(), GENERATIONS);
  }

  @Override
  public void thaw(Process process, Cage cage) {
    if (process.isAlive()) {
      ProcessTree.resume(process.pid(), GENERATIONS);
    }
  }

  @Override
  public void kill(Process process, Cage cage) {
    // The number of a process that has ended may be that of another one.
    if (!process.isAlive()) {
      return;
    }
    var inits = ProcessTree.children(process.pid());
    if (!inits.isEmpty()) {
      // The kernel ends all processes of the namespace with its process 1, and bubblewrap, which
      // waits for that, ends after them.
      inits.forEach(init -> Signals.send(init, Signals.KILL));
      process.onExit().completeOnTimeout(process, KILL_SECONDS, TimeUnit.SECONDS).join();
    }
    process.destroyForcibly();
  }

  @Override
  public Usage usage(Process process, Cage cage, long memoryLimit) {
    var processes = ProcessTree.below(process.pid());
    return new Usage(ProcessTree.memory(processes, memoryLimit), ProcessTree.written(processes));
  }
}
