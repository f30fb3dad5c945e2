package dev.threadmill;

import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Warns of environment variables {@code THREADMILL_…} that nothing reads: a misspelled setting is
 * not ignored in silence.
 */
@Singleton
class UnknownSettings {
  private static final Logger LOG = Logger.getLogger(UnknownSettings.class);
  private static final String PREFIX = "THREADMILL_";
  private static final Pattern NAME = Pattern.compile("\\b" + PREFIX + "\\w+");

  /** What Kubernetes sets in a container for each service whose name begins so. */
  private static final Pattern SERVICE_LINK =
      Pattern.compile(
          PREFIX + "(\\w+_)?(SERVICE_HOST|SERVICE_PORT(_\\w+)?|PORT(_\\d+_(TCP|UDP)(_\\w+)?)?)");

  /** What scripts and examples around the server read, which may be set in the same shell. */
  private static final Set<String> OF_CLIENTS = Set.of("THREADMILL_URL");

  /** Names that differ in more letters are not suggested. */
  private static final int MAX_DISTANCE = 4;

  void onStart(@Observes StartupEvent start) {
    warnings(System.getenv()).forEach(LOG::warn);
  }

  /** One line for each variable that is unknown, in the order of their names. */
  static List<String> warnings(Map<String, String> environment) {
    var known = known(environment);
    return environment.keySet().stream()
        .filter(name -> NAME.matcher(name).matches())
        .filter(name -> !known.contains(name) && !SERVICE_LINK.matcher(name).matches())
        .sorted()
        .map(name -> warning(name, known))
        .toList();
  }

  private static String warning(String name, Set<String> known) {
    var hint = nearest(name, known).map("; did you mean %s?"::formatted).orElse("");
    return "unknown setting ignored name=%s%s".formatted(name, hint);
  }

  private static Set<String> known(Map<String, String> environment) {
    var known = new TreeSet<>(StartupConfig.VARIABLES);
    known.addAll(OF_CLIENTS);
    known.addAll(names(applicationProperties()));
    CheckSettings.MAPPINGS.forEach(mapping -> addProperties(known, mapping));
    // The models file names the variables that hold the keys of providers.
    var models = environment.getOrDefault("THREADMILL_MODELS", "");
    known.addAll(names(models.isBlank() ? "" : text(Path.of(models.strip()))));
    return known;
  }

  private static void addProperties(Set<String> known, Class<?> mapping) {
    Stream.of(mapping.getDeclaredMethods())
        .flatMap(method -> variables(CheckSettings.property(mapping, method), method))
        .forEach(known::add);
  }

  /** The variable of a property, or those of its group. */
  private static Stream<String> variables(String property, Method method) {
    var group = method.getReturnType();
    if (!group.isInterface() || !group.isMemberClass()) {
      return Stream.of(property.toUpperCase(Locale.ROOT).replaceAll("[.\\-]", "_"));
    }
    return Stream.of(group.getDeclaredMethods())
        .flatMap(each -> variables(property + "." + CheckSettings.hyphenated(each), each));
  }

  private static List<String> names(String text) {
    return NAME.matcher(text).results().map(MatchResult::group).toList();
  }

  private static String applicationProperties() {
    try (var file = UnknownSettings.class.getResourceAsStream("/application.properties")) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return ""; // The file is checked by the class that reads it.
    }
  }

  private static Optional<String> nearest(String name, Set<String> known) {
    return known.stream()
        .filter(each -> distance(name, each) <= MAX_DISTANCE)
        .min(Comparator.comparingInt(each -> distance(name, each)));
  }

  /** The number of letters to insert, delete or replace (Levenshtein). */
  private static int distance(String a, String b) {
    var previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      var row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, 1 + Math.min(previous[j], row[j - 1]));
      }
      previous = row;
    }
    return previous[b.length()];
  }
}
