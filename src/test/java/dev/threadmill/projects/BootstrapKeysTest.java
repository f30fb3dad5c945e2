package dev.threadmill.projects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.narayana.jta.QuarkusTransaction;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collections;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class BootstrapKeysTest {
  @Inject ApiKeysConfig settingsOfTheServer;

  private record Given(Optional<String> adminKey, Optional<String> apiKey)
      implements ApiKeysConfig {
    @Override
    public Optional<String> trustedProxies() {
      return Optional.empty();
    }

    @Override
    public boolean recordUse() {
      return false;
    }

    @Override
    public Duration recordUseInterval() {
      return Duration.ofMinutes(1);
    }

    @Override
    public boolean cleanup() {
      return false;
    }

    static Given nothing() {
      return new Given(Optional.empty(), Optional.empty());
    }
  }

  private static BootstrapKeys.GeneratedKeys start(ApiKeysConfig settings) {
    var firstStart = new BootstrapKeys(settings, InstantSource.system());
    QuarkusTransaction.requiringNew().run(() -> firstStart.createKeys(null));
    return firstStart.generatedKeys();
  }

  @AfterEach
  void restoreTheKeysOfTheServer() {
    start(settingsOfTheServer);
  }

  @Test
  void aConfiguredKeyReplacesTheStoredOneAtOnce() {
    var before = Secret.random().value();
    var after = Secret.random().value();
    start(new Given(Optional.empty(), Optional.of(before)));
    start(new Given(Optional.empty(), Optional.of(after)));

    assertThat(ApiClient.withKey(before).get("/v1/assistants").status()).isEqualTo(401);
    assertThat(ApiClient.withKey(after).get("/v1/assistants").status()).isEqualTo(200);
  }

  @Test
  void aLaterStartWithoutSettingsChangesNothing() {
    var made = start(Given.nothing());

    assertThat(made.adminKey()).isEmpty();
    assertThat(made.apiKey()).isEmpty();
    assertThat(ApiClient.admin().get("/v1/projects").status()).isEqualTo(200);
  }

  @Test
  void ofNodesThatStartAtOnceOneGeneratesTheKey() throws Exception {
    QuarkusTransaction.requiringNew().run(() -> ApiKey.deleteById("key_admin"));

    try (var nodes = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<BootstrapKeys.GeneratedKeys> node = () -> start(Given.nothing());
      long made = 0;
      for (var start : nodes.invokeAll(Collections.nCopies(3, node))) {
        made += start.get().adminKey().stream().count();
      }
      assertThat(made).isEqualTo(1);
    }
  }

  @Test
  void aKeyThatNoHeaderCanCarryStopsTheStart() {
    for (var key : new String[] {"short", "with a space", "schlüssel-1234"}) {
      assertThatThrownBy(() -> start(new Given(Optional.of(key), Optional.empty())))
          .hasMessageContaining("THREADMILL_ADMIN_KEY")
          .hasMessageNotContaining(key);
    }
    assertThatThrownBy(
            () -> start(new Given(Optional.of("sk-same-key"), Optional.of("sk-same-key"))))
        .hasMessageContaining("THREADMILL_API_KEY");
  }

  @Test
  void secretsAreNotInTheDatabase() {
    var key = Secret.random();
    start(new Given(Optional.empty(), Optional.of(key.value())));

    ApiKey row = ApiKey.findById("key_default");

    assertThat(new String(row.secretHash, java.nio.charset.StandardCharsets.ISO_8859_1))
        .isNotEqualTo(key.value());
    assertThat(row.hint).isEqualTo(key.hint()).hasSizeLessThan(15);
    assertThat(key.toString()).doesNotContain(key.value());
  }
}
