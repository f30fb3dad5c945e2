package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The static site that is built from the documentation. */
class SiteTest {
  private static final Path SCRIPTS = Path.of("docs", "site").toAbsolutePath();
  private static final Pattern LINK = Pattern.compile(" (?:href|src)=\"([^\"]*)\"");
  private static final Pattern ANCHOR = Pattern.compile(" id=\"([^\"]*)\"");

  @TempDir Path out;

  @Test
  void everyPageIsBuiltAndEveryLinkLeadsSomewhere() throws IOException {
    var scripts = NodePackages.besideTheirPackages(SCRIPTS);

    var outcome =
        Command.in(
                scripts,
                "node",
                "build.mjs",
                Path.of("").toAbsolutePath().toString(),
                out.toString())
            .run(Duration.ofMinutes(1));

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    var broken = new TreeSet<String>();
    int pages = 0;
    try (var files = Files.walk(out)) {
      for (var page : files.filter(file -> file.toString().endsWith(".html")).sorted().toList()) {
        if (page.toString().contains("examples")) {
          continue;
        }
        pages++;
        var text = Files.readString(page);
        assertThat(text).contains("Content-Security-Policy").doesNotContain("<script");
        var links = LINK.matcher(text);
        while (links.find()) {
          var link = links.group(1);
          if (!link.matches("[a-z]+:.*") && !resolves(page, link)) {
            broken.add(out.relativize(page) + " -> " + link);
          }
        }
      }
    }
    assertThat(broken).isEmpty();
    assertThat(pages).isGreaterThan(70);
    assertThat(out.resolve("index.html")).content().contains("docs/tutorial.html");
  }

  private static boolean resolves(Path page, String link) throws IOException {
    int hash = link.indexOf('#');
    var path = hash < 0 ? link : link.substring(0, hash);
    var file = path.isEmpty() ? page : page.resolveSibling(path).normalize();
    if (!Files.isRegularFile(file)) {
      return false;
    }
    var wanted = hash < 0 ? null : link.substring(hash + 1);
    return wanted == null
        || ANCHOR
            .matcher(Files.readString(file))
            .results()
            .anyMatch(id -> id.group(1).equals(wanted));
  }
}
