package dev.threadmill.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class ConsolePagesTest {
  private static final Pattern SCRIPT = Pattern.compile("/console/assets/[\\w-]+\\.js");

  private final ApiClient browser = ApiClient.anonymous();

  @Test
  void everyAddressOfAPageIsTheSameFileWithAPolicyThatRunsNoForeignScript() {
    var home = browser.get("/console/");
    var page = browser.get("/console/p/proj_default/threads/thread_x?message=msg_y");

    assertThat(home.status()).isEqualTo(200);
    assertThat(page.text()).isEqualTo(home.text()).contains("<div id=\"app\">");
    assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
    assertThat(page.headers().firstValue("Cache-Control")).hasValue("no-cache");
    var policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();
    assertThat(policy)
        .contains("default-src 'self'", "script-src 'self'", "object-src 'none'")
        .contains("frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'")
        .doesNotContain("unsafe");
    assertThat(home.text()).doesNotContain("http://", "https://", "<style", "onload");
    assertThat(browser.get("/console").headers().firstValue("Location")).hasValue("console/");
    var root = browser.with("Accept", "text/html,application/xhtml+xml,*/*;q=0.8").get("/");
    assertThat(root.status()).isEqualTo(302);
    assertThat(root.headers().firstValue("Location")).hasValue("console/");
    assertThat(browser.get("/").status()).isEqualTo(404);
  }

  @Test
  void filesAreNamedByTheirContentCompressedAndKeptByBrowsers() {
    var matcher = SCRIPT.matcher(browser.get("/console/").text());
    assertThat(matcher.find()).isTrue();
    var script = matcher.group();

    var plain = browser.get(script);
    var compressed = browser.with("Accept-Encoding", "br, gzip").get(script);
    var tag = plain.headers().firstValue("ETag").orElseThrow();
    var again = browser.with("If-None-Match", tag).get(script);

    assertThat(plain.headers().firstValue("Content-Type"))
        .hasValue("text/javascript; charset=utf-8");
    assertThat(plain.headers().firstValue("Cache-Control").orElseThrow()).contains("immutable");
    assertThat(compressed.headers().firstValue("Content-Encoding")).hasValue("gzip");
    assertThat(again.status()).isEqualTo(304);
    assertThat(browser.get("/console/assets/none-x.js").status()).isEqualTo(404);
    assertThat(browser.get("/console/assets/..%2findex.html").status()).isEqualTo(400);
    assertThat(browser.get("/console/assets/a..b").status()).isEqualTo(404);
    assertThat(browser.post("/console/threads", "{}").status()).isEqualTo(404);
  }
}
