package dev.threadmill.db.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemPgvectorTest {
  private static final Platform LINUX = new Platform("linux", "x86_64");

  @TempDir Path root;
  @TempDir Path cache;

  @Test
  void thePackageOfTheMachineIsCopiedWithItsScripts() throws Exception {
    Path lib = Files.createDirectories(root.resolve("usr/lib/postgresql/17/lib"));
    Path share = Files.createDirectories(root.resolve("usr/share/postgresql/17/extension"));
    Files.writeString(lib.resolve("vector.so"), "library");
    Files.writeString(lib.resolve("other.so"), "other");
    Files.writeString(share.resolve("vector--0.8.1.sql"), "script");
    Files.writeString(share.resolve("vector.control"), "default_version = '0.8.1'\n");

    var copied = SystemPgvector.copied(root, cache, LINUX).orElseThrow();

    assertThat(copied.version()).isEqualTo("0.8.1");
    try (var files = Files.list(copied.folder())) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("vector.so", "vector--0.8.1.sql", "vector.control");
    }
    assertThat(copied.folder().resolve("vector.control")).content().contains("trusted = true");
  }

  @Test
  void thePackageForAnotherPostgresIsOfNoUse() throws Exception {
    Path lib = Files.createDirectories(root.resolve("usr/lib/postgresql/16/lib"));
    Path share = Files.createDirectories(root.resolve("usr/share/postgresql/16/extension"));
    Files.writeString(lib.resolve("vector.so"), "library");
    Files.writeString(share.resolve("vector.control"), "default_version = '0.8.1'\n");

    assertThat(SystemPgvector.copied(root, cache, LINUX)).isEmpty();
  }
}
