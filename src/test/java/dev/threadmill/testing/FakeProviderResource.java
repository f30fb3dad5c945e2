package dev.threadmill.testing;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.util.Map;

/**
 * Makes a {@link FakeProvider} the default provider of the server under test. It is injected into
 * fields of type {@code FakeProvider}; tests should {@code reset()} it before each test.
 */
public final class FakeProviderResource implements QuarkusTestResourceLifecycleManager {
  private FakeProvider provider;

  @Override
  public Map<String, String> start() {
    provider = FakeProvider.start();
    return Map.of(
        "threadmill.models.openai.base-url", provider.baseUrl(),
        "threadmill.models.openai.api-key", "sk-fake",
        "threadmill.models.moderations", "true",
        "threadmill.models.reads-files", "true",
        "threadmill.models.first-backoff", "1ms",
        "threadmill.web-search.url", provider.baseUrl() + "/web-search",
        "threadmill.web-search.secret", "search-secret");
  }

  @Override
  public void inject(TestInjector test) {
    test.injectIntoFields(provider, new TestInjector.MatchesType(FakeProvider.class));
  }

  @Override
  public void stop() {
    if (provider != null) {
      provider.close();
    }
  }
}
