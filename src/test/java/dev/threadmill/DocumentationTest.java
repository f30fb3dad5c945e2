package dev.threadmill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks that the documentation agrees with the files and the code that it names. */
class DocumentationTest {
  private static final Path DOCS = Path.of("docs");
  private static final Path ARCHITECTURE = DOCS.resolve("architecture.md");
  private static final List<Path> SOURCES =
      List.of(Path.of("src/main/java"), Path.of("src/test/java"));
  private static final Path PACKAGES = Path.of("src/main/java/dev/threadmill");

  private static final Pattern FENCE = Pattern.compile("(?ms)^```.*?^```");
  private static final Pattern MERMAID = Pattern.compile("(?ms)^```mermaid$(.*?)^```");
  private static final Pattern BOX = Pattern.compile("\\[\"([a-z0-9., ]+)<br/>([^\"]*)\"\\]");
  private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");
  private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");
  private static final Pattern CLASS_NAME =
      Pattern.compile("([A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+)(?:[.#][A-Za-z]\\w*)?");
  private static final Pattern TYPE =
      Pattern.compile("\\b(?:class|interface|record|enum) ([A-Z]\\w*)");
  private static final Pattern PACKAGE_ROW = Pattern.compile("(?m)^\\| `[a-z0-9.]+`.*$");
  private static final Pattern PACKAGE_NAME = Pattern.compile("[a-z0-9]+(\\.[a-z0-9]+)*");

  @Test
  void everyRelativeLinkNamesAFileAndAHeadingOfIt() throws IOException {
    var broken = new ArrayList<String>();
    int links = 0;
    for (var page : pages()) {
      var found = LINK.matcher(FENCE.matcher(Files.readString(page)).replaceAll(""));
      while (found.find()) {
        var target = found.group(1);
        if (!target.contains("://")) {
          links++;
          if (!resolves(page, target)) {
            broken.add(page + " -> " + target);
          }
        }
      }
    }

    assertThat(broken).isEmpty();
    assertThat(links).isGreaterThan(50);
  }

  @Test
  void everyClassThatAPageNamesExists() throws IOException {
    var types = types();
    var pages = new ArrayList<>(List.of(ARCHITECTURE, DOCS.resolve("guarantees.md")));
    pages.addAll(markdown(DOCS.resolve("decisions")));
    var unknown = new TreeSet<String>();
    for (var page : pages) {
      var code = CODE.matcher(FENCE.matcher(Files.readString(page)).replaceAll(""));
      while (code.find()) {
        var name = CLASS_NAME.matcher(code.group(1));
        if (name.matches() && !types.contains(name.group(1))) {
          unknown.add(page.getFileName() + ": " + code.group(1));
        }
      }
    }

    assertThat(unknown).isEmpty();
  }

  @Test
  void everyGuaranteeNamesATestThatExists() throws IOException {
    var tests = types();
    var rows =
        Pattern.compile("(?m)^\\| (I\\d+) \\|.*\\| ([^|]*) \\|$")
            .matcher(Files.readString(DOCS.resolve("guarantees.md")))
            .results()
            .toList();

    assertThat(rows).hasSizeGreaterThanOrEqualTo(17);
    for (var row : rows) {
      assertThat(names(row.group(2)))
          .as(row.group(1))
          .isNotEmpty()
          .allSatisfy(name -> assertThat(name).endsWith("Test").isIn(tests));
    }
  }

  @Test
  void theDiagramOfARunNamesClassesOfThePackagesThatItShows() throws IOException {
    var diagrams = MERMAID.matcher(Files.readString(ARCHITECTURE));
    assertThat(diagrams.find()).as("a Mermaid diagram").isTrue();
    var elsewhere = new TreeSet<String>();
    int named = 0;
    var boxes = BOX.matcher(diagrams.group(1));
    while (boxes.find()) {
      var folders =
          Stream.of(boxes.group(1).split(", "))
              .map(name -> PACKAGES.resolve(name.replace('.', '/')))
              .toList();
      var name = CLASS_NAME.matcher(boxes.group(2));
      while (name.find()) {
        named++;
        var file = name.group(1) + ".java";
        if (folders.stream().noneMatch(folder -> Files.exists(folder.resolve(file)))) {
          elsewhere.add(boxes.group());
        }
      }
    }

    assertThat(elsewhere).isEmpty();
    assertThat(named).isGreaterThan(30);
  }

  @Test
  void everyPackageSaysWhatItIs() throws IOException {
    var silent = new TreeSet<String>();
    try (Stream<Path> files = Files.walk(PACKAGES)) {
      files
          .filter(DocumentationTest::isJava)
          .map(Path::getParent)
          .distinct()
          .filter(folder -> !folder.equals(PACKAGES))
          .filter(folder -> !Files.exists(folder.resolve("package-info.java")))
          .forEach(folder -> silent.add(folder.toString()));
    }

    assertThat(silent).as("packages without a package-info.java").isEmpty();
  }

  @Test
  void everyPackageThatIsDescribedExistsAndEveryFeatureIsDescribed() throws IOException {
    var described = new TreeSet<String>();
    var rows = PACKAGE_ROW.matcher(Files.readString(ARCHITECTURE));
    while (rows.find()) {
      names(rows.group()).filter(PACKAGE_NAME.asMatchPredicate()).forEach(described::add);
    }
    var packages = packages();
    var features =
        packages.stream().map(name -> name.replaceFirst("\\..*", "")).distinct().toList();

    assertThat(packages).containsAll(described);
    assertThat(described).containsAll(features);
  }

  private static Stream<String> names(String text) {
    return CODE.matcher(text).results().map(code -> code.group(1));
  }

  private static List<Path> pages() throws IOException {
    var pages = new ArrayList<>(List.of(Path.of("README.md"), Path.of("CONTRIBUTING.md")));
    pages.addAll(markdown(DOCS));
    pages.addAll(markdown(Path.of("deploy")));
    return pages;
  }

  private static List<Path> markdown(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".md")).sorted().toList();
    }
  }

  private static boolean resolves(Path page, String target) throws IOException {
    int hash = target.indexOf('#');
    var path = hash < 0 ? target : target.substring(0, hash);
    var file = path.isEmpty() ? page : page.resolveSibling(path).normalize();
    if (!Files.exists(file)) {
      return false;
    }
    return hash < 0 || anchors(file).contains(target.substring(hash + 1));
  }

  /** The anchors of a page's headings, as Git hosts derive them. */
  private static Set<String> anchors(Path page) throws IOException {
    var anchors = new HashSet<String>();
    var headings = HEADING.matcher(FENCE.matcher(Files.readString(page)).replaceAll(""));
    while (headings.find()) {
      anchors.add(
          headings
              .group(1)
              .toLowerCase(Locale.ROOT)
              .replaceAll("[^\\p{L}\\p{N} _-]", "")
              .replace(' ', '-'));
    }
    return anchors;
  }

  /** The simple names of all types of the project, nested ones included. */
  private static Set<String> types() throws IOException {
    var types = new HashSet<String>();
    for (var source : SOURCES) {
      try (Stream<Path> files = Files.walk(source)) {
        for (Path file : (Iterable<Path>) files.filter(DocumentationTest::isJava)::iterator) {
          var type = TYPE.matcher(Files.readString(file));
          while (type.find()) {
            types.add(type.group(1));
          }
        }
      }
    }
    return types;
  }

  /** All packages with classes in them or below them, relative to the root package. */
  private static Set<String> packages() throws IOException {
    var packages = new TreeSet<String>();
    try (Stream<Path> files = Files.walk(PACKAGES)) {
      files
          .filter(DocumentationTest::isJava)
          .filter(file -> !file.endsWith("package-info.java"))
          .map(file -> PACKAGES.relativize(file.getParent()))
          .flatMap(DocumentationTest::withParents)
          .forEach(packages::add);
    }
    return packages;
  }

  private static Stream<String> withParents(Path folder) {
    return Stream.iterate(folder, each -> each != null, Path::getParent)
        .map(each -> each.toString().replace('/', '.'))
        .filter(name -> !name.isEmpty());
  }

  private static boolean isJava(Path file) {
    return file.toString().endsWith(".java");
  }
}
