package dev.threadmill.db.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The archive from which this machine downloads Debian packages, and the key that it trusts.
 *
 * @param uri of the archive
 * @param options as a one-line entry spells them, such as {@code signed-by=…}
 */
record AptSource(String uri, String options) {
  private static final Pattern ONE_LINE =
      Pattern.compile(
          "^deb\\s+(?:\\[(?<options>[^]]*)]\\s+)?(?<uri>\\S+)\\s+(?<suite>\\S+)\\s+(?<components>.*)$");

  /** The machine's own entry for the Debian archive, if it is a Debian. */
  static Optional<AptSource> ofThisMachine(Path etc) {
    return codename(etc)
        .flatMap(
            codename ->
                entries(etc.resolve("apt")).stream()
                    .filter(
                        entry -> entry.suites.contains(codename) || entry.suites.contains("stable"))
                    .filter(entry -> entry.components.contains("main"))
                    .map(entry -> new AptSource(entry.uri, entry.options))
                    .findFirst());
  }

  /** The entry for sources and binaries of another suite. */
  String line(String type, String suite) {
    return type
        + " "
        + (options.isBlank() ? "" : "[" + options + "] ")
        + uri
        + " "
        + suite
        + " main\n";
  }

  private record Entry(String uri, List<String> suites, List<String> components, String options) {}

  private static Optional<String> codename(Path etc) {
    Map<String, String> release = new TreeMap<>();
    try {
      for (String line : Files.readAllLines(etc.resolve("os-release"))) {
        int equals = line.indexOf('=');
        if (equals > 0) {
          release.put(line.substring(0, equals), line.substring(equals + 1).replace("\"", ""));
        }
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    return "debian".equals(release.get("ID"))
        ? Optional.ofNullable(release.get("VERSION_CODENAME"))
        : Optional.empty();
  }

  private static List<Entry> entries(Path apt) {
    List<Path> files = new ArrayList<>();
    files.add(apt.resolve("sources.list"));
    try (var parts = Files.list(apt.resolve("sources.list.d"))) {
      parts.sorted().forEach(files::add);
    } catch (IOException e) {
      // Without that folder, sources.list is the only file.
    }
    List<Entry> entries = new ArrayList<>();
    for (Path file : files) {
      try {
        String text = Files.readString(file);
        entries.addAll(file.toString().endsWith(".sources") ? stanzas(text) : lines(text));
      } catch (IOException e) {
        // An unreadable file is skipped.
      }
    }
    return entries;
  }

  private static List<Entry> lines(String text) {
    return text.lines()
        .map(line -> ONE_LINE.matcher(line.replaceFirst("#.*", "").strip()))
        .filter(Matcher::matches)
        .map(
            match ->
                new Entry(
                    match.group("uri"),
                    List.of(match.group("suite")),
                    List.of(match.group("components").split("\\s+")),
                    withoutArchitecture(Optional.ofNullable(match.group("options")).orElse(""))))
        .toList();
  }

  private static String withoutArchitecture(String options) {
    return options.replaceAll("\\b(arch|lang|target)[-+]?=\\S+", "").strip();
  }

  private static List<Entry> stanzas(String text) {
    List<Entry> entries = new ArrayList<>();
    for (String stanza : text.split("\\n\\s*\\n")) {
      Map<String, String> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      stanza
          .lines()
          .filter(line -> !line.startsWith("#") && line.indexOf(':') > 0 && !line.startsWith(" "))
          .forEach(
              line ->
                  fields.put(
                      line.substring(0, line.indexOf(':')),
                      line.substring(line.indexOf(':') + 1).strip()));
      String key = fields.getOrDefault("Signed-By", "");
      boolean enabled = !fields.getOrDefault("Enabled", "yes").equalsIgnoreCase("no");
      boolean binary = List.of(fields.getOrDefault("Types", "").split("\\s+")).contains("deb");
      // A one-line entry cannot hold a key that is written into the stanza; such a source is
      // skipped.
      if (enabled
          && binary
          && fields.containsKey("URIs")
          && (key.isEmpty() || key.startsWith("/"))) {
        entries.add(
            new Entry(
                fields.get("URIs").split("\\s+")[0],
                List.of(fields.getOrDefault("Suites", "").split("\\s+")),
                List.of(fields.getOrDefault("Components", "").split("\\s+")),
                key.isEmpty() ? "" : "signed-by=" + key.replaceAll("\\s+", ",")));
      }
    }
    return entries;
  }
}
