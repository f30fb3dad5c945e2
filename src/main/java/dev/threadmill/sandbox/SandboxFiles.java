package dev.threadmill.sandbox;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** What all sessions read: the driver, a few files of {@code /etc}, the filter of system calls. */
final class SandboxFiles {
  /** The folder of the driver in the sandbox. */
  static final String DRIVERS = "/opt/threadmill";

  /** The path of the driver in the sandbox. */
  static final String DRIVER = DRIVERS + "/kernel.py";

  private static final List<String> SOURCES = List.of("kernel.py", "threadmill_backend.py");
  private static final Map<String, String> SETTINGS =
      Map.of(
          "passwd",
          "root:x:0:0:root:/:/usr/sbin/nologin\nuser:x:%d:%d:user:/tmp:/bin/sh\n",
          "group",
          "root:x:0:\nuser:x:%2$d:\n",
          "hosts",
          "127.0.0.1 localhost sandbox\n::1 localhost\n",
          "nsswitch.conf",
          "passwd: files\ngroup: files\nhosts: files\n");

  /** The names of the files in {@code /etc}. */
  static final List<String> ETC = List.copyOf(SETTINGS.keySet());

  private final Path root;

  private SandboxFiles(Path root) {
    this.root = root;
  }

  /**
   * Writes the files, each in one step: another server on this machine may read them.
   *
   * @param user the number of the first user that code runs as
   */
  static SandboxFiles write(Path root, int user) throws IOException {
    var files = new SandboxFiles(root);
    Files.createDirectories(files.drivers());
    Files.createDirectories(root.resolve("etc"));
    readable(root, files.drivers(), root.resolve("etc"));
    for (var name : SOURCES) {
      try (var in = SandboxFiles.class.getResourceAsStream("/sandbox/" + name)) {
        replace(files.drivers().resolve(name), in.readAllBytes());
      }
    }
    for (var each : SETTINGS.entrySet()) {
      var text = each.getValue().formatted(user, user);
      replace(files.etc(each.getKey()), text.getBytes(StandardCharsets.UTF_8));
    }
    var architecture = SeccompFilter.Architecture.of(System.getProperty("os.arch"));
    if (architecture != null) {
      replace(files.filter(), SeccompFilter.program(architecture));
    }
    return files;
  }

  private static void readable(Path... folders) throws IOException {
    for (var folder : folders) {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  private static void replace(Path file, byte[] content) throws IOException {
    if (Files.exists(file) && java.util.Arrays.equals(Files.readAllBytes(file), content)) {
      return;
    }
    var suffix = HexFormat.of().toHexDigits(ProcessHandle.current().pid());
    var next = file.resolveSibling(file.getFileName() + "." + suffix);
    Files.write(next, content);
    Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-r--r--"));
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  Path drivers() {
    return root.resolve("driver");
  }

  Path etc(String name) {
    return root.resolve("etc").resolve(name);
  }

  Path filter() {
    return root.resolve("seccomp.bpf");
  }
}
