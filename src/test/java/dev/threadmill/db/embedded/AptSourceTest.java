package dev.threadmill.db.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AptSourceTest {
  @TempDir Path etc;

  @BeforeEach
  void aDebian() throws IOException {
    Files.writeString(etc.resolve("os-release"), "ID=debian\nVERSION_CODENAME=bookworm\n");
    Files.createDirectories(etc.resolve("apt/sources.list.d"));
  }

  @Test
  void theEntryOfTheMachineIsTurnedToTheOtherSuiteWithItsKey() throws IOException {
    Files.writeString(
        etc.resolve("apt/sources.list.d/debian.sources"),
        """
        Types: deb
        # a comment
        URIs: http://mirror.test/other
        Suites: sid-of-others
        Components: main

        Types: deb
        URIs: http://mirror.test/debian
        Suites: bookworm bookworm-updates
        Components: main contrib
        Signed-By: /usr/share/keyrings/archive.gpg
        """);

    assertThat(AptSource.ofThisMachine(etc).orElseThrow().line("deb-src", "trixie"))
        .isEqualTo(
            "deb-src [signed-by=/usr/share/keyrings/archive.gpg] http://mirror.test/debian trixie main\n");
  }

  @Test
  void theOneLineFormIsUnderstoodToo() throws IOException {
    Files.writeString(
        etc.resolve("apt/sources.list"),
        """
        deb http://mirror.test/security bookworm-security main
        deb [arch=amd64 signed-by=/key.gpg] http://mirror.test/debian bookworm main # the archive
        """);

    assertThat(AptSource.ofThisMachine(etc).orElseThrow().line("deb", "trixie"))
        .isEqualTo("deb [signed-by=/key.gpg] http://mirror.test/debian trixie main\n");
  }

  @Test
  void theArchiveOfAnotherSystemIsNotTakenForDebians() throws IOException {
    Files.writeString(etc.resolve("os-release"), "ID=ubuntu\nVERSION_CODENAME=noble\n");
    Files.writeString(
        etc.resolve("apt/sources.list"), "deb http://mirror.test/ubuntu noble main universe\n");

    assertThat(AptSource.ofThisMachine(etc)).isEmpty();
  }

  @Test
  void aSourceThatIsSwitchedOffIsNotUsed() throws IOException {
    Files.writeString(
        etc.resolve("apt/sources.list.d/debian.sources"),
        """
        Enabled: no
        Types: deb
        URIs: http://mirror.test/debian
        Suites: bookworm
        Components: main
        """);

    assertThat(AptSource.ofThisMachine(etc)).isEmpty();
  }
}
