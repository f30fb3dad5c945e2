package dev.threadmill;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Why Quarkus did not start, for a person: one line where a setting is wrong, everything where we
 * are.
 */
record StartFailure(Throwable failure) {
  private static final Pattern PROPERTY = Pattern.compile("threadmill\\.[a-z0-9.\\-]*[a-z0-9]");

  void printTo(PrintStream out) {
    List<String> lines =
        causes().filter(StartFailure::isAboutASetting).flatMap(this::lines).distinct().toList();
    if (lines.isEmpty()) {
      failure.printStackTrace(out);
      out.println(
          "threadmill: cannot start: " + causes().reduce((_, last) -> last).orElse(failure));
    }
    lines.forEach(line -> out.println("threadmill: " + line));
  }

  private Stream<Throwable> causes() {
    List<Throwable> causes = new ArrayList<>();
    for (Throwable cause = failure;
        cause != null && !causes.contains(cause);
        cause = cause.getCause()) {
      causes.add(cause);
    }
    return causes.stream();
  }

  private static boolean isAboutASetting(Throwable cause) {
    return Stream.of("ConfigValidationException", "ConfigurationException", "QuarkusBindException")
        .anyMatch(cause.getClass().getSimpleName()::equals);
  }

  /** The settings by the names that people set them by. */
  private Stream<String> lines(Throwable cause) {
    return Objects.toString(cause.getMessage(), cause.toString())
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.equals("Configuration validation failed:"))
        .map(line -> line.replaceFirst("^(\\w+\\.)+\\w+Exception: ", ""))
        .map(line -> line.replaceFirst("^SRCFG\\d+: ", ""))
        .map(line -> PROPERTY.matcher(line).replaceAll(StartFailure::variable));
  }

  private static String variable(MatchResult property) {
    return variable(property.group());
  }

  static String variable(String property) {
    return property.toUpperCase(Locale.ROOT).replaceAll("[.\\-]", "_");
  }
}
