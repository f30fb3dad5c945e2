package dev.threadmill.testing;

import static org.assertj.core.api.Assertions.assertThat;

/** A browser that is signed in to the console: it sends the cookie of its session, and no key. */
public record ConsoleBrowser(String cookie) {
  private static final String HEADER = "X-Threadmill-Console";

  /** Signs in with the key of this caller. */
  public static ConsoleBrowser signIn(ApiClient caller) {
    var opened = caller.post("/v1/console_sessions", "");
    assertThat(opened.status()).as(opened.text()).isEqualTo(200);
    var set = opened.headers().firstValue("Set-Cookie").orElseThrow();
    return new ConsoleBrowser(set.substring(0, set.indexOf(';')));
  }

  /** Requests of the console's own pages. */
  public ApiClient page() {
    return otherPage().with(HEADER, "1");
  }

  /** Requests with the cookie alone, such as those of a form of another site. */
  public ApiClient otherPage() {
    return ApiClient.anonymous().with("Cookie", cookie);
  }
}
