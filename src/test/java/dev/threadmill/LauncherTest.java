package dev.threadmill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LauncherTest {
  private static final Path LAUNCHER = Path.of("threadmill").toAbsolutePath();

  @TempDir Path folder;

  private record Output(int exit, String out, String err) {}

  @Test
  void helpNamesTheCommands() throws Exception {
    Output said = launcher(Map.of(), LAUNCHER, "help");

    assertThat(said.exit).isZero();
    assertThat(said.out).contains("start ", "test ", "THREADMILL_PORT");
  }

  @Test
  void everyClassThatItStartsExistsAndHasAMainMethod() throws Exception {
    var started =
        Pattern.compile("dev\\.threadmill\\.[a-z.]+[A-Z]\\w+")
            .matcher(Files.readString(LAUNCHER))
            .results()
            .map(MatchResult::group)
            .distinct()
            .toList();

    assertThat(started).hasSizeGreaterThanOrEqualTo(4);
    for (var name : started) {
      assertThat(Class.forName(name).getMethod("main", String[].class)).isNotNull();
    }
  }

  @Test
  void itIsFoundThroughLinksFromAnyFolder() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("mill"), LAUNCHER);
    Path linkToLink = Files.createSymbolicLink(folder.resolve("other"), Path.of("mill"));

    assertThat(launcher(Map.of(), linkToLink, "help").exit).isZero();
    assertThat(link).isSymbolicLink();
  }

  @Test
  void anUnknownCommandIsNamed() throws Exception {
    Output said = launcher(Map.of(), LAUNCHER, "strat");

    assertThat(said.exit).isEqualTo(2);
    assertThat(said.err).contains("'strat'").contains("Usage");
  }

  @Test
  void aMissingJdkIsSaidInTwoLinesWithTheWayToGetOne() throws Exception {
    // Given: a machine on which every folder that could hold a JDK is an empty one
    Path copy = folder.resolve("threadmill");
    Files.writeString(
        copy,
        Files.readString(LAUNCHER)
            .replaceAll("(/usr/lib/jvm|/opt|/usr/java|/usr/local|/Library)/", "/nonexistent/"));
    copy.toFile().setExecutable(true);
    Path tools = Files.createDirectory(folder.resolve("tools"));
    for (String tool : List.of("bash", "dirname", "readlink", "sed", "env")) {
      Files.createSymbolicLink(tools.resolve(tool), Path.of("/usr/bin").resolve(tool));
    }

    Output said =
        launcher(Map.of("PATH", tools.toString(), "HOME", folder.toString()), copy, "start");

    assertThat(said.exit).isEqualTo(1);
    assertThat(said.err).contains("needs a JDK 25").contains("JAVA_HOME").hasLineCount(2);
  }

  private Output launcher(Map<String, String> environment, Path launcher, String... words)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(words));
    var builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().remove("JAVA_HOME");
    builder.environment().putAll(environment);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Output(process.waitFor(), out, err);
  }
}
