package dev.threadmill;

import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.models.registry.ModelsFileException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Properties;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Prints why Quarkus did not start: one line for a wrong setting, the stack trace for a fault of
 * the server.
 */
record StartupFailure(Throwable failure) {
  private static final Pattern PROPERTY = Pattern.compile("threadmill\\.[a-z0-9.\\-]*[a-z0-9]");

  private static final Pattern EXPRESSION = Pattern.compile("\\$\\{([A-Z][A-Z0-9_]*)[:}].*");

  private static final Pattern UNREADABLE =
      Pattern.compile(
          "The config property (\\S+) with the config value \"(.*)\" threw an Exception whilst"
              + " being converted (.*)");

  private static final Pattern DURATION = Pattern.compile("Invalid duration: .*");

  void printTo(PrintStream out) {
    List<String> lines =
        causes().filter(StartupFailure::isAboutASetting).flatMap(this::lines).distinct().toList();
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
    return cause instanceof ModelsFileException
        || cause instanceof InvalidSettingException
        || Stream.of("ConfigValidationException", "ConfigurationException", "QuarkusBindException")
            .anyMatch(cause.getClass().getSimpleName()::equals);
  }

  /** The message with the names of the environment variables in place of properties. */
  private Stream<String> lines(Throwable cause) {
    if (cause instanceof ModelsFileException || cause instanceof InvalidSettingException) {
      return Stream.of(cause.getMessage());
    }
    return Objects.toString(cause.getMessage(), cause.toString())
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.equals("Configuration validation failed:"))
        .map(line -> line.replaceFirst("^(\\w+\\.)+\\w+Exception: ", ""))
        .map(line -> line.replaceAll("SRCFG\\d+: ", ""))
        .map(line -> PROPERTY.matcher(line).replaceAll(StartupFailure::variable))
        .map(line -> UNREADABLE.matcher(line).replaceFirst("$1=$2 is wrong: $3"))
        .map(
            line ->
                DURATION
                    .matcher(line)
                    .replaceFirst("expected a duration, such as 500ms, 30s or 10m"));
  }

  private static String variable(MatchResult property) {
    return variable(property.group());
  }

  /**
   * The environment variable of a property: the one that application.properties names, else the
   * property in capitals.
   */
  static String variable(String property) {
    var written = new Properties();
    try (InputStream file = StartupFailure.class.getResourceAsStream("/application.properties")) {
      if (file != null) {
        written.load(file);
      }
    } catch (IOException e) {
      // Use the name in capitals.
    }
    Matcher expression = EXPRESSION.matcher(written.getProperty(property, ""));
    return expression.matches()
        ? expression.group(1)
        : property.toUpperCase(Locale.ROOT).replaceAll("[.\\-]", "_");
  }
}
