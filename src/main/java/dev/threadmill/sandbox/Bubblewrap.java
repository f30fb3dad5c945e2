package dev.threadmill.sandbox;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Runs sessions with bubblewrap: in namespaces of their own, without network, on a read-only view
 * of a few folders of the system, without privileges, with limits of the kernel for each process
 * and a {@link SeccompFilter}.
 *
 * <p>If the server is root, bubblewrap sets the mounts up as root, without a user namespace, and
 * {@code setpriv} changes to a user that only this session has: the limit on processes does not
 * bind root. Otherwise bubblewrap makes a user namespace, in which the limit counts from zero.
 */
final class Bubblewrap implements CageRuntime {
  /** Standard folders that hold programs and libraries, on the distributions that have them. */
  private static final List<String> SYSTEM =
      List.of("/usr/bin", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/share");

  private static final List<String> LINKS = List.of("/bin", "/lib", "/lib64", "/lib32");

  /**
   * Files that the C library, Python and its libraries read; none of them describes this machine.
   */
  private static final List<String> SETTINGS =
      List.of(
          "/etc/alternatives",
          "/etc/fonts",
          "/etc/ld.so.cache",
          "/etc/matplotlibrc",
          "/etc/mime.types",
          "/etc/python3",
          "/etc/python3.11",
          "/etc/python3.12",
          "/etc/python3.13");

  private static final List<String> HIDDEN =
      List.of(
          "/proc/keys",
          "/proc/key-users",
          "/proc/kcore",
          "/proc/timer_list",
          "/proc/sched_debug",
          "/proc/kallsyms",
          "/proc/modules");

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
    return python.missing();
  }

  @Override
  public int owner(int place) {
    return isRoot ? config.firstUid() + place : -1;
  }

  @Override
  public List<String> command(Cage cage) {
    var command = new ArrayList<String>();
    // The filter is file 9 of bubblewrap, which closes it.
    command.addAll(List.of("/bin/sh", "-c", "exec \"$@\" 9<\"$0\"", files.filter().toString()));
    command.add(program);
    isolate(command);
    mountSystem(command);
    mountSession(command, cage.folder());
    environment(command);
    command.addAll(List.of("--chdir", "/mnt/data", "--seccomp", "9", "--"));
    if (isRoot) {
      var user = Integer.toString(cage.folder().owner());
      command.addAll(List.of("/usr/bin/setpriv", "--reuid", user, "--regid", user));
      command.addAll(List.of("--clear-groups", "--inh-caps=-all", "--bounding-set=-all"));
    }
    limits(command);
    command.addAll(List.of(python.program(), "-I", "-B", "-u", SandboxFiles.DRIVER));
    return command;
  }

  private void isolate(List<String> command) {
    if (isRoot) {
      command.addAll(List.of("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"));
      command.add("--unshare-cgroup-try");
    } else {
      command.addAll(List.of("--unshare-all", "--uid", "1000", "--gid", "1000"));
    }
    command.addAll(List.of("--hostname", "sandbox", "--die-with-parent", "--new-session"));
    command.addAll(List.of("--cap-drop", "ALL"));
    if (isRoot) {
      command.addAll(List.of("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"));
      command.addAll(List.of("--cap-add", "CAP_SETPCAP"));
    }
  }

  private void mountSystem(List<String> command) {
    for (var folder : SYSTEM) {
      readOnly(command, folder, folder);
    }
    for (var link : LINKS) {
      var path = Path.of(link);
      if (Files.isSymbolicLink(path)) {
        try {
          command.addAll(List.of("--symlink", Files.readSymbolicLink(path).toString(), link));
        } catch (java.io.IOException e) {
          throw new java.io.UncheckedIOException(e);
        }
      } else {
        readOnly(command, link, link);
      }
    }
    for (var path : SETTINGS) {
      readOnly(command, path, path);
    }
    for (var name : SandboxFiles.ETC) {
      readOnly(command, files.etc(name).toString(), "/etc/" + name);
    }
    readOnly(command, files.drivers().toString(), SandboxFiles.DRIVERS);
    command.addAll(List.of("--proc", "/proc", "--dev", "/dev"));
    for (var path : HIDDEN) {
      if (Files.exists(Path.of(path))) {
        command.addAll(List.of("--ro-bind", "/dev/null", path));
      }
    }
  }

  private static void readOnly(List<String> command, String from, String to) {
    if (Files.exists(Path.of(from))) {
      makeParents(command, to);
      command.addAll(List.of("--ro-bind", from, to));
    }
  }

  /** Makes the folders above one. Those that bubblewrap makes by itself are private to root. */
  private static void makeParents(List<String> command, String path) {
    for (int end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) {
      var parent = path.substring(0, end);
      if (!command.contains(parent)) {
        command.addAll(List.of("--perms", "0755", "--dir", parent));
      }
    }
  }

  private void mountSession(List<String> command, SessionFolder folder) {
    makeParents(command, "/mnt/data");
    command.addAll(List.of("--bind", folder.data().toString(), "/mnt/data"));
    command.addAll(List.of("--bind", folder.figures().toString(), "/mnt/figures"));
    command.addAll(List.of("--bind", folder.tmp().toString(), "/tmp"));
    command.addAll(List.of("--bind", folder.shm().toString(), "/dev/shm"));
    // After /tmp, which may be where they are.
    for (var each : python.folders()) {
      readOnly(command, each, each);
    }
    // These are in memory and have no limit of their own.
    command.addAll(List.of("--remount-ro", "/dev", "--remount-ro", "/"));
  }

  private void environment(List<String> command) {
    command.add("--clearenv");
    python.environment().forEach((name, value) -> setenv(command, name, value));
  }

  private static void setenv(List<String> command, String name, String value) {
    command.addAll(List.of("--setenv", name, value));
  }

  private void limits(List<String> command) {
    long memory = config.memoryMb() * KIB * KIB;
    command.add("/usr/bin/prlimit");
    command.add("--as=" + memory);
    command.add("--fsize=" + config.diskMb() * KIB * KIB);
    command.add("--nproc=" + config.processes());
    command.add("--nofile=" + NOFILE);
    command.add("--core=0");
    command.add("--memlock=" + 64 * KIB);
    command.add("--msgqueue=0");
    command.add("--sigpending=256");
    command.add("--cpu=" + Math.max(60, 2 * config.idle().toSeconds()));
    command.add("--");
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
