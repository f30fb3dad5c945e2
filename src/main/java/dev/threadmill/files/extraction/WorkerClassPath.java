package dev.threadmill.files.extraction;

import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The class path of the process that reads documents. A packaged server keeps its libraries in
 * {@code lib/extraction}, apart from those of the server; in a development build all are on one
 * path.
 */
final class WorkerClassPath {
  private WorkerClassPath() {}

  static String find() {
    var own = ownFile();
    if (own != null && own.toString().endsWith(".jar")) {
      var root = own.getParent().getParent();
      if (Files.isDirectory(root.resolve("lib/extraction"))) {
        return String.join(
            File.pathSeparator,
            own.toString(),
            root.resolve("lib/extraction") + "/*",
            root.resolve("lib/main") + "/*",
            root.resolve("lib/boot") + "/*");
      }
    }
    // the process has a working folder of its own
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static Path ownFile() {
    try {
      var source = WorkerClassPath.class.getProtectionDomain().getCodeSource();
      return source == null ? null : Path.of(source.getLocation().toURI());
    } catch (URISyntaxException | IllegalArgumentException e) {
      return null;
    }
  }
}
