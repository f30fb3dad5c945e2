package dev.threadmill.sdk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Installs packages of npm for tests, each lock file in a folder of its own in the cache. */
final class NodePackages {
  private NodePackages() {}

  /**
   * Returns a folder with copies of these scripts and a link to their packages, because Node
   * resolves packages from the location of a script. Skips the test on a machine without Node or a
   * connection to the package registry.
   *
   * @param scripts a folder with scripts, package.json and package-lock.json
   */
  static Path besideTheirPackages(Path scripts) {
    var packages = installed(scripts);
    try {
      var folder = Path.of("target", "sdk", name(scripts)).toAbsolutePath();
      Files.createDirectories(folder);
      try (var all = Files.list(scripts)) {
        for (var script : all.filter(file -> file.toString().endsWith(".mjs")).toList()) {
          Files.write(folder.resolve(script.getFileName()), Files.readAllBytes(script));
        }
      }
      var link = folder.resolve("node_modules");
      Files.deleteIfExists(link);
      Files.createSymbolicLink(link, packages);
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The node_modules folder of these scripts. */
  static Path installed(Path scripts) {
    var name = "npm packages of " + name(scripts);
    Toolchain.require(name, "node", "npm");
    try {
      var lock = Files.readString(scripts.resolve("package-lock.json"));
      return Toolchain.installed(name, "node", lock, folder -> install(scripts, folder))
          .resolve("node_modules");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String name(Path scripts) {
    return scripts.getParent().getFileName() + "-" + scripts.getFileName();
  }

  private static Command install(Path scripts, Path folder) {
    try {
      for (var name : List.of("package.json", "package-lock.json")) {
        Files.copy(scripts.resolve(name), folder.resolve(name));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Command.in(
        folder,
        "npm",
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--prefer-offline");
  }
}
