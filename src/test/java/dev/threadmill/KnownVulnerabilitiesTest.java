package dev.threadmill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Holds the libraries on the class path against the list of versions with known holes. */
class KnownVulnerabilitiesTest {
  private static final Path LIST = Path.of("src/test/resources/known-vulnerabilities.txt");

  /** {@code …/io/netty/netty-common/4.1.133.Final/netty-common-4.1.133.Final.jar}. */
  private static final Pattern JAR =
      Pattern.compile(".*/repository/(.+)/([^/]+)/([^/]+)/\\2-\\3[^/]*\\.jar.*");

  private record Library(String group, String artifact, String version) {}

  private record Advisory(String group, String artifact, String safe, String hole) {
    static Advisory of(String line) {
      var words = line.split("\\s+", 3);
      var name = words[0].split(":");
      return new Advisory(name[0], name[1], words[1], words[2]);
    }

    boolean concerns(Library library) {
      return group.equals(library.group())
          && (artifact.endsWith("*")
              ? library.artifact().startsWith(artifact.substring(0, artifact.length() - 1))
              : artifact.equals(library.artifact()));
    }
  }

  private static List<Advisory> advisories() throws IOException {
    return Files.readAllLines(LIST).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .map(Advisory::of)
        .toList();
  }

  private static Set<Library> libraries() throws IOException {
    var libraries = new LinkedHashSet<Library>();
    var loader = KnownVulnerabilitiesTest.class.getClassLoader();
    for (var name : List.of("META-INF/MANIFEST.MF", "META-INF/")) {
      for (var url : Collections.list(loader.getResources(name))) {
        var jar = JAR.matcher(url.toString());
        if (jar.matches()) {
          libraries.add(new Library(jar.group(1).replace('/', '.'), jar.group(2), jar.group(3)));
        }
      }
    }
    return libraries;
  }

  @Test
  void noLibraryHasAVersionWithAKnownHole() throws IOException {
    var libraries = libraries();
    assertThat(libraries).as("libraries on the class path").hasSizeGreaterThan(100);

    var vulnerable = new ArrayList<String>();
    for (var advisory : advisories()) {
      libraries.stream()
          .filter(advisory::concerns)
          .filter(library -> compare(library.version(), advisory.safe()) < 0)
          .map(library -> "%s: %s".formatted(library, advisory.hole()))
          .forEach(vulnerable::add);
    }

    assertThat(vulnerable).isEmpty();
  }

  @Test
  void theListNamesLibrariesThatAreUsed() throws IOException {
    var libraries = libraries();

    assertThat(advisories())
        .filteredOn(advisory -> libraries.stream().anyMatch(advisory::concerns))
        .extracting(Advisory::artifact)
        .contains("netty-*", "vertx-*", "postgresql", "kafka-clients");
  }

  @ParameterizedTest
  @CsvSource({
    "4.1.132.Final, 4.1.133, -1",
    "4.1.133.Final, 4.1.133, 0",
    "4.2.0.Final, 4.1.133, 1",
    "42.7.9, 42.7.11, -1",
    "2.21.2, 2.15.0, 1",
    "33.5.0-jre, 33.4, 1",
    "2.6, 2.0, 1",
    "10, 10.0.2, -1",
  })
  void versionsAreComparedNumberByNumber(String version, String other, int expected) {
    assertThat(Integer.signum(compare(version, other))).isEqualTo(expected);
  }

  private static int compare(String version, String other) {
    return Arrays.compare(numbers(version), numbers(other));
  }

  private static int[] numbers(String version) {
    var numbers =
        Pattern.compile("\\d+")
            .matcher(version.replaceFirst("(?i)[.-](final|jre|android).*", ""))
            .results()
            .mapToInt(number -> Integer.parseInt(number.group()))
            .toArray();
    return Arrays.copyOf(numbers, Math.max(numbers.length, 6));
  }
}
