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
 * What the scripts of a language need. It is installed nowhere but in the cache, once for each
 * version of what is wanted. A machine that lacks the language itself, or from which no registry
 * can be reached, skips these tests and says why; with THREADMILL_REQUIRE_SDKS=true it fails.
 */
final class Toolchain {
  private static final int TRIES = 3;
  private static final Duration INSTALL_LIMIT = Duration.ofMinutes(4);
  private static final Pattern NOT_REACHED =
      Pattern.compile(
          "ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET_TIMEOUT"
              + "|NewConnectionError|Connection refused|Network is unreachable|timed out"
              + "|Name or service not known|Temporary failure in name resolution");

  private Toolchain() {}

  /** Goes on only if these programs are at hand. */
  static void require(String sdk, String... programs) {
    for (var program : programs) {
      if (!Command.exists(program)) {
        skip("%s is not driven: there is no %s on this machine".formatted(sdk, program));
      }
    }
  }

  /**
   * The folder in the cache that holds what is wanted; it is made if it is not there yet.
   *
   * @param wanted what the folder depends on, down to the versions
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

  /** Two test runs may install the same at once: the first one stays. */
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

  /** Leaves the test out, unless all of them are wanted. */
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
