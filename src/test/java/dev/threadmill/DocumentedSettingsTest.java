package dev.threadmill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every setting is on a page, by its name or by its variable. */
class DocumentedSettingsTest {
  /** Set by the start, or read for no provider. */
  private static final Set<String> INTERNAL =
      Set.of("threadmill.home.home", "threadmill.models.ollama.api-key");

  @Test
  void everySettingIsOnAPageOrInternal() throws IOException {
    var pages = pages();
    var properties = Files.readString(Path.of("src/main/resources/application.properties"));
    var settings =
        CheckSettings.MAPPINGS.stream()
            .flatMap(
                mapping ->
                    Stream.of(mapping.getDeclaredMethods())
                        .flatMap(each -> names(CheckSettings.property(mapping, each), each)))
            .toList();

    assertThat(settings)
        .hasSizeGreaterThan(80)
        .filteredOn(name -> !INTERNAL.contains(name) && !isOn(pages, name, properties))
        .as("settings on no page of docs")
        .isEmpty();
  }

  /** The name of a setting, or those of its group. */
  private static Stream<String> names(String name, Method method) {
    var group = method.getReturnType();
    return group.isInterface() && group.isMemberClass()
        ? Stream.of(group.getDeclaredMethods())
            .flatMap(each -> names(name + "." + CheckSettings.hyphenated(each), each))
        : Stream.of(name);
  }

  /** Rows of one feature shorten its variables: {@code …_DISK_MB}. */
  private static boolean isOn(String pages, String name, String properties) {
    var variable = name.toUpperCase(Locale.ROOT).replaceAll("[.\\-]", "_");
    var last = name.substring(name.lastIndexOf('.') + 1);
    var shortened = "…_" + last.toUpperCase(Locale.ROOT).replace('-', '_') + "`";
    var other =
        Pattern.compile("(?m)^" + Pattern.quote(name) + "=\\$\\{(\\w+)").matcher(properties);
    return pages.contains("`" + name + "`")
        || pages.contains(variable)
        || pages.contains(shortened)
        || other.find() && pages.contains(other.group(1));
  }

  private static String pages() throws IOException {
    try (var files = Files.walk(Path.of("docs"))) {
      return files
          .filter(file -> file.toString().endsWith(".md"))
          .map(DocumentedSettingsTest::text)
          .collect(Collectors.joining());
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
