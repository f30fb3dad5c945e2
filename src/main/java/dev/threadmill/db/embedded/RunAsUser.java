package dev.threadmill.db.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The user that PostgreSQL runs as when the server is root: PostgreSQL refuses to run as root. */
record RunAsUser(String name, int uid, int gid) {

  /**
   * The user to run as; empty if the server is an ordinary user.
   *
   * @param data the data directory; if it exists, its owner is the user
   */
  static Optional<RunAsUser> neededFor(Path data) {
    if (!isRoot()) {
      return Optional.empty();
    }
    List<RunAsUser> users = users();
    try {
      if (Files.isDirectory(data)) {
        int uid = (int) Files.getAttribute(data, "unix:uid");
        int gid = (int) Files.getAttribute(data, "unix:gid");
        if (uid != 0) {
          return Optional.of(
              users.stream()
                  .filter(user -> user.uid == uid)
                  .findFirst()
                  .orElse(new RunAsUser("#" + uid, uid, gid)));
        }
      }
    } catch (IOException e) {
      throw new EmbeddedPostgresException("cannot see who owns " + data + ": " + e.getMessage(), e);
    }
    return Stream.of("postgres", "nobody", "daemon")
        .flatMap(name -> users.stream().filter(user -> user.name.equals(name) && user.uid != 0))
        .findFirst()
        .or(() -> users.stream().filter(user -> user.uid != 0).findFirst())
        .or(
            () -> {
              throw new EmbeddedPostgresException(
                  "PostgreSQL does not run as root, and /etc/passwd names no other user to run it as");
            });
  }

  static boolean isRoot() {
    try {
      return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
    } catch (IOException | UnsupportedOperationException e) {
      return "root".equals(System.getProperty("user.name"));
    }
  }

  /** The prefix of a command that makes it run as this user, in the same process where possible. */
  List<String> commandPrefix() {
    if (Command.findExecutable("setpriv").isPresent()) {
      return List.of("setpriv", "--reuid=" + uid, "--regid=" + gid, "--clear-groups", "--");
    }
    if (Command.findExecutable("runuser").isPresent()) {
      return List.of("runuser", "-u", name, "--");
    }
    // "$0" "$@" pass the arguments unchanged.
    return List.of("su", "-s", "/bin/sh", name, "-c", "exec \"$0\" \"$@\"", "--");
  }

  /** Gives a file, or a folder with its content, to this user. */
  void chown(Path path) throws IOException {
    try (var all = Files.walk(path)) {
      for (Path each : (Iterable<Path>) all::iterator) {
        Files.setAttribute(each, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
        Files.setAttribute(each, "unix:gid", gid, LinkOption.NOFOLLOW_LINKS);
      }
    }
  }

  /**
   * Whether this user can enter a folder; a private parent, such as a 0700 home of root, prevents
   * it.
   */
  boolean canEnter(Path folder) {
    var words = new ArrayList<>(commandPrefix());
    words.addAll(List.of("/bin/sh", "-c", "cd \"$0\" 2>/dev/null", folder.toString()));
    return Command.run(Duration.ofSeconds(10), words).ok();
  }

  private static List<RunAsUser> users() {
    try (var lines = Files.lines(Path.of("/etc/passwd"))) {
      return lines
          .map(line -> line.split(":"))
          .filter(parts -> parts.length > 3 && parts[2].matches("\\d+") && parts[3].matches("\\d+"))
          .map(
              parts ->
                  new RunAsUser(
                      parts[0], (int) Long.parseLong(parts[2]), (int) Long.parseLong(parts[3])))
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
