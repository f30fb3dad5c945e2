package dev.threadmill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.InvalidSettingException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StartupConfigTest {
  @TempDir Path folder;

  @Test
  void withNothingSetItListensOnLoopbackWithItsOwnDatabase() {
    StartupConfig settings =
        StartupConfig.from(Map.of("HOME", "/home/ada", "THREADMILL_DATABASE_URL", " "));

    assertThat(settings.host().isLoopbackAddress()).isTrue();
    assertThat(settings.port()).isEqualTo(8080);
    assertThat(settings.home()).isEqualTo(Path.of("/home/ada/.threadmill"));
    assertThat(settings.cache()).isEqualTo(Path.of("/home/ada/.threadmill/cache"));
    assertThat(settings.database()).isEmpty();
  }

  @Test
  void eachVariableReachesItsSetting() {
    StartupConfig settings =
        StartupConfig.from(
            Map.of(
                "THREADMILL_HOST", "0.0.0.0",
                "THREADMILL_PORT", "9000",
                "THREADMILL_HOME", "/data",
                "THREADMILL_CACHE", "/cache",
                "THREADMILL_PUBLIC_URL", "https://mill.example.com:8443/api/",
                "THREADMILL_CORS_ORIGINS", "https://a.example.com, http://localhost:3000",
                "THREADMILL_DATABASE_URL", "postgres://u:p@db/app"));

    assertThat(settings.host().isAnyLocalAddress()).isTrue();
    assertThat(settings.port()).isEqualTo(9000);
    assertThat(settings.home()).isEqualTo(Path.of("/data"));
    assertThat(settings.cache()).isEqualTo(Path.of("/cache"));
    assertThat(settings.publicUrl()).contains("https://mill.example.com:8443/api");
    assertThat(settings.corsOrigins())
        .containsExactly("https://a.example.com", "http://localhost:3000");
    assertThat(settings.database().get().jdbcUrl()).isEqualTo("jdbc:postgresql://db/app");
  }

  @ParameterizedTest
  @CsvSource({
    "THREADMILL_PORT, 80a",
    "THREADMILL_PORT, -1",
    "THREADMILL_PORT, 65536",
    "THREADMILL_PORT, tcp://10.0.0.7:8080",
    "THREADMILL_HOST, 256.256.256.256",
    "THREADMILL_DATABASE_URL, sqlite:app.db",
    "THREADMILL_PUBLIC_URL, mill.example.com",
    "THREADMILL_PUBLIC_URL, mill.example.com:8080",
    "THREADMILL_PUBLIC_URL, //mill.example.com",
    "THREADMILL_PUBLIC_URL, ftp://mill.example.com",
    "THREADMILL_PUBLIC_URL, https://",
    "THREADMILL_PUBLIC_URL, https://mill.example.com:99999",
    "THREADMILL_PUBLIC_URL, https://mill.example.com/?a=b",
    "THREADMILL_PUBLIC_URL, https://me:secret@mill.example.com",
    "THREADMILL_PUBLIC_URL, https://mill example.com",
    "THREADMILL_CORS_ORIGINS, app.example.com",
    "THREADMILL_CORS_ORIGINS, https://app.example.com/path",
    "THREADMILL_CORS_ORIGINS, https://*.example.com",
    "THREADMILL_CORS_ORIGINS, null",
  })
  void aWrongSettingIsNamedInOneLine(String variable, String value) {
    assertThatThrownBy(() -> StartupConfig.from(Map.of(variable, value)))
        .isInstanceOf(InvalidSettingException.class)
        .satisfies(e -> assertThat(e.getMessage()).startsWith(variable).doesNotContain("\n"));
  }

  @Test
  void aPortInUseIsNamed() throws Exception {
    try (var occupied = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      StartupConfig settings =
          StartupConfig.from(Map.of("THREADMILL_PORT", "" + occupied.getLocalPort()));

      assertThatThrownBy(settings::checkPort)
          .hasMessageStartingWith("THREADMILL_PORT=" + occupied.getLocalPort() + " is in use");
    }
  }

  @Test
  void aHomeThatIsAFileIsNamed() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(
            () -> StartupConfig.from(Map.of("THREADMILL_HOME", file.toString())).checkHome())
        .hasMessageStartingWith("THREADMILL_HOME=" + file + " cannot be written to");
  }

  @ParameterizedTest
  @CsvSource({"THREADMILL_PORT, eighty", "THREADMILL_PUBLIC_URL, mill.example.com"})
  void theProcessEndsWithOneLineAndNoStackTrace(String variable, String value) throws Exception {
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Threadmill.class.getName());
    builder.environment().put(variable, value);
    Process process = builder.start();

    List<String> errors = process.errorReader().lines().toList();

    assertThat(errors).hasSize(1).first().asString().contains(variable + "=" + value);
    assertThat(process.waitFor()).isEqualTo(1);
  }
}
