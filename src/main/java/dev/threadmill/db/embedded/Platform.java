package dev.threadmill.db.embedded;

import java.util.Locale;

/** The platform, as the names of the PostgreSQL archives spell it. */
record Platform(String system, String architecture) {

  static Platform current() {
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String architecture = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return new Platform(
        system.contains("mac") ? "darwin" : system.contains("linux") ? "linux" : system,
        switch (architecture) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64", "arm64" -> "arm_64";
          default -> architecture;
        });
  }

  String archive() {
    return "postgres-" + system + "-" + architecture + ".txz";
  }

  String librarySuffix() {
    return system.equals("darwin") ? ".dylib" : ".so";
  }

  @Override
  public String toString() {
    return system + "-" + architecture;
  }
}
