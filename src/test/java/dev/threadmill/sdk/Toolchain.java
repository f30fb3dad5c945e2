package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.PostgresResource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.opentest4j.TestAbortedException;

/**
 * Installs the packages that scripts of another language need into the cache, once for each
 * version. On a machine without the language or a connection to a package registry these tests are
 * skipped with a reason; with THREADMILL_REQUIRE_SDKS=true they fail.
 */
final class Toolchain {
  private static final int TRIES = 3;
  private static final Duration INSTALL_LIMIT = Duration.ofMinutes(4);
  private static final Pattern NOT_REACHED =
      Pattern.compile(
          "ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET_TIMEOUT"
              + "|NewConnectionError|Connection refused|Network is unreachable|timed out"
              + "|dial tcp|Name or service not known|Temporary failure in name resolution");

  private Toolchain() {}

  /** Skips the test unless these programs exist. */
  static void require(String sdk, String... programs) {
    for (var program : programs) {
      if (!Command.exists(program)) {
        skip("%s is not driven: there is no %s on this machine".formatted(sdk, program));
      }
    }
  }

  /**
   * The folder in the cache with the packages; they are installed if it does not exist.
   *
   * @param wanted everything that the content depends on, including versions
   * @param install the command that fills an empty folder
   */
  static Path installed(String sdk, String name, String wanted, Function<Path, Command> install) {
    var folder = PostgresResource.cache().resolve("sdks").resolve(name + "-" + hash(wanted));
    if (Files.isDirectory(folder)) {
      return folder;
    }
    Command.Outcome outcome = null;
    for (int i = 0; i < TRIES; i++) {
      try {
        Files.createDirectories(folder.getParent());
        var scratch = Files.createTempDirectory(folder.getParent(), name + "-new-");
        outcome = install.apply(scratch).run(INSTALL_LIMIT);
        if (outcome.isSuccess()) {
          settle(scratch, folder);
          return folder;
        }
        PostgresResource.delete(scratch);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    if (NOT_REACHED.matcher(outcome.output()).find()) {
      skip("%s is not driven: it could not be fetched:%n%s".formatted(sdk, outcome.output()));
    }
    assertThat(outcome.isSuccess())
        .as("%s could not be installed:%n%s".formatted(sdk, outcome.output()))
        .isTrue();
    return folder;
  }

  /** Of two test runs that install the same packages at once, the first wins. */
  private static void settle(Path scratch, Path folder) throws IOException {
    try {
      Files.move(scratch, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (!Files.isDirectory(folder)) {
        throw e;
      }
      PostgresResource.delete(scratch);
    }
  }

  /** Skips the test, or fails it if all tests are required. */
  static void skip(String why) {
    if (Boolean.parseBoolean(System.getenv("THREADMILL_REQUIRE_SDKS"))) {
      throw new AssertionError(why);
    }
    System.err.println("SKIPPED: " + why);
    throw new TestAbortedException(why);
  }

  private static String hash(String text) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)), 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
