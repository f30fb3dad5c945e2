package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Responses that are not stored, and whose node has stopped before it could delete them. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class UnstoredCleanupTest {
  private static final ProjectId PROJECT = new ProjectId("proj_default");

  private final ApiClient user = ApiClient.user();
  private final String model = "unstored-" + UUID.randomUUID();
  FakeProvider provider;

  @Inject Jdbc jdbc;
  @Inject ResponseStore store;
  @Inject UnstoredCleanup cleanup;

  @BeforeEach
  void beginAnew() {
    provider.reset();
  }

  /** A stored response whose run has just ended. */
  private StoredResponse justEnded() {
    provider.replyTo(model, Reply.text("Hello."));
    var response =
        user.post("/v1/responses", "{\"model\": \"%s\", \"input\": \"Hi\"}".formatted(model));
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return store.find(PROJECT, response.id()).orElseThrow();
  }

  /** Another response of the same thread, which is not stored and was created this long ago. */
  private StoredResponse unstored(StoredResponse like, RunId run, Duration age) {
    var response =
        new StoredResponse(
            StoredResponse.PREFIX + UUID.randomUUID().toString().replace("-", ""),
            PROJECT,
            like.thread(),
            run,
            Instant.now().minus(age),
            null,
            null,
            null,
            false,
            false,
            false,
            Json.MAPPER.createObjectNode(),
            Json.MAPPER.createArrayNode(),
            "");
    jdbc.runInTransaction(tx -> store.insert(tx, response));
    return response;
  }

  private List<String> unstored() {
    return store.unstoredBefore(Instant.now(), null, 10_000).stream()
        .map(StoredResponse::id)
        .toList();
  }

  @Test
  void oneWhoseRunHasJustEndedStaysHoweverLongTheRunTook() {
    var ended = justEnded();
    var lengthy = unstored(ended, ended.run(), Duration.ofHours(1));

    cleanup.run();

    assertThat(unstored()).contains(lengthy.id());
    store.deleteAndCommit(lengthy);
  }

  @Test
  void manyThatHaveToStayKeepNoOtherFromBeingDeleted() {
    var ended = justEnded();
    var lengthy = new ArrayList<StoredResponse>();
    for (int i = 0; i < 101; i++) {
      lengthy.add(unstored(ended, ended.run(), Duration.ofHours(2)));
    }
    var left = unstored(ended, new RunId("run_gone"), Duration.ofHours(1));

    cleanup.run();

    assertThat(unstored())
        .doesNotContain(left.id())
        .containsAll(lengthy.stream().map(StoredResponse::id).toList());
    lengthy.forEach(store::deleteAndCommit);
  }
}
