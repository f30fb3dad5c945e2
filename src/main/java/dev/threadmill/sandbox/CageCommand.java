package dev.threadmill.sandbox;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes the command that starts a program with bubblewrap: in namespaces of its own, without
 * network, on a read-only view of a few folders of the system, without privileges and with a {@link
 * SeccompFilter}.
 *
 * <p>If the server is root, bubblewrap sets the mounts up as root, without a user namespace, and
 * {@code setpriv} changes to another user. Otherwise bubblewrap makes a user namespace.
 */
final class CageCommand {
  /** Standard folders that hold programs and libraries, on the distributions that have them. */
  private static final List<String> SYSTEM =
      List.of("/usr/bin", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/share");

  private static final List<String> LINKS = List.of("/bin", "/lib", "/lib64", "/lib32");

  /** Files that the C library and programs read; none of them describes this machine. */
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

  private final List<String> command = new ArrayList<>();
  private final SandboxFiles files;
  private final boolean isRoot;

  /**
   * @param program bubblewrap
   */
  CageCommand(String program, SandboxFiles files, boolean isRoot) {
    this.files = files;
    this.isRoot = isRoot;
    // The filter is file 9 of bubblewrap, which closes it.
    command.addAll(List.of("/bin/sh", "-c", "exec \"$@\" 9<\"$0\"", files.filter().toString()));
    command.add(program);
    isolate();
    mountSystem();
  }

  private void isolate() {
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

  private void mountSystem() {
    for (var folder : SYSTEM) {
      readOnly(folder, folder);
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
        readOnly(link, link);
      }
    }
    for (var path : SETTINGS) {
      readOnly(path, path);
    }
    for (var name : SandboxFiles.ETC) {
      readOnly(files.etc(name).toString(), "/etc/" + name);
    }
    command.addAll(List.of("--proc", "/proc", "--dev", "/dev"));
    for (var path : HIDDEN) {
      if (Files.exists(Path.of(path))) {
        command.addAll(List.of("--ro-bind", "/dev/null", path));
      }
    }
  }

  /** Shows a file or folder that exists; nothing happens otherwise. */
  CageCommand readOnly(String from, String to) {
    if (Files.exists(Path.of(from))) {
      makeParents(to);
      command.addAll(List.of("--ro-bind", from, to));
    }
    return this;
  }

  /** Shows a folder that the program may change. */
  CageCommand writable(String from, String to) {
    makeParents(to);
    command.addAll(List.of("--bind", from, to));
    return this;
  }

  /** Makes the folders above one. Those that bubblewrap makes by itself are private to root. */
  private void makeParents(String path) {
    for (int end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) {
      var parent = path.substring(0, end);
      if (!command.contains(parent)) {
        command.addAll(List.of("--perms", "0755", "--dir", parent));
      }
    }
  }

  /** Clears the environment. */
  CageCommand clearEnvironment() {
    command.add("--clearenv");
    return this;
  }

  /** Sets a variable of the environment. */
  CageCommand setenv(String name, String value) {
    command.addAll(List.of("--setenv", name, value));
    return this;
  }

  /**
   * The command.
   *
   * @param workingFolder inside
   * @param owner the user of the program if the server is root
   * @param program with its limits and arguments
   */
  List<String> run(String workingFolder, int owner, List<String> program) {
    // These are in memory and have no limit of their own.
    command.addAll(List.of("--remount-ro", "/dev", "--remount-ro", "/"));
    command.addAll(List.of("--chdir", workingFolder, "--seccomp", "9", "--"));
    if (isRoot) {
      var user = Integer.toString(owner);
      command.addAll(List.of("/usr/bin/setpriv", "--reuid", user, "--regid", user));
      command.addAll(List.of("--clear-groups", "--inh-caps=-all", "--bounding-set=-all"));
    }
    command.addAll(program);
    return List.copyOf(command);
  }
}
