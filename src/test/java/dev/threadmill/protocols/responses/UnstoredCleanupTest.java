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
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.awaitility.Awaitility;
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

  /** All tables of the database, for whatever text or bytes a row has. */
  private List<String> tablesWith(String marker) {
    var hex = HexFormat.of().formatHex(marker.getBytes(StandardCharsets.UTF_8));
    var found = new ArrayList<String>();
    for (var table :
        jdbc.list(
            "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = current_schema()",
            row -> row.text("name"))) {
      jdbc.list(
          "SELECT t::text AS line FROM " + table + " t WHERE t::text ILIKE ? OR t::text LIKE ?",
          row -> found.add(table + ": " + row.text("line")),
          "%" + marker + "%",
          "%" + hex + "%");
    }
    return found;
  }

  private String bodyWith(String marker, boolean stream) {
    var file = Base64.getEncoder().encodeToString(marker.getBytes(StandardCharsets.UTF_8));
    return """
        {"model": "%1$s", "store": false, "stream": %3$s, "instructions": "Be %2$s.",
         "metadata": {"name": "%2$s"}, "user": "%2$s", "prompt_cache_key": "%2$s",
         "include": ["reasoning.encrypted_content"],
         "tools": [{"type": "function", "name": "ask", "parameters": {"type": "object",
           "properties": {"%2$s": {"type": "string"}}}}],
         "input": [
          {"role": "developer", "content": "Know %2$s."},
          {"role": "user", "content": [{"type": "input_text", "text": "Say %2$s"},
            {"type": "input_image", "image_url": "https://%2$s.example/a.png"},
            {"type": "input_file", "filename": "%2$s.txt", "file_data": "data:text/plain;base64,%4$s"}]},
          {"type": "function_call", "call_id": "call_%2$s", "name": "ask",
           "arguments": "{\\"%2$s\\": \\"%2$s\\"}"},
          {"type": "function_call_output", "call_id": "call_%2$s", "output": "It is %2$s."}]}"""
        .formatted(model, marker, stream, file);
  }

  @Test
  void nothingOfAnUnstoredResponseStaysInAnyTableOrInTheLog() {
    var marker = "mark" + UUID.randomUUID().toString().replace("-", "");
    var lines = new ConcurrentLinkedQueue<String>();
    var handler = new LinesHandler(lines);
    var own = Logger.getLogger("dev.threadmill");
    var level = own.getLevel();
    own.setLevel(Level.ALL);
    handler.setLevel(Level.ALL);
    own.addHandler(handler);
    try {
      var answer = Reply.text("I say " + marker).withReasoning("It thinks " + marker);
      provider.replyTo(
          model, answer, answer, Reply.call("ask", "{\"%1$s\": \"%1$s\"}".formatted(marker)));

      var whole = user.post("/v1/responses", bodyWith(marker, false));
      assertThat(whole.status()).as(whole.text()).isEqualTo(200);
      try (var stream = user.stream("/v1/responses", bodyWith(marker, true))) {
        assertThat(stream.rest().getLast().event()).isEqualTo("response.completed");
      }
      var call =
          user.with("Idempotency-Key", UUID.randomUUID().toString())
              .post("/v1/responses", bodyWith(marker, false));
      assertThat(call.text()).contains(marker, "function_call");

      // The stream's response is deleted behind its end.
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(() -> assertThat(tablesWith(marker)).isEmpty());
      assertThat(lines).noneMatch(line -> line.contains(marker));
    } finally {
      own.removeHandler(handler);
      own.setLevel(level);
    }
  }

  /** Keeps what is logged. */
  private static final class LinesHandler extends Handler {
    private final ConcurrentLinkedQueue<String> lines;

    LinesHandler(ConcurrentLinkedQueue<String> lines) {
      this.lines = lines;
    }

    @Override
    public void publish(LogRecord line) {
      lines.add(
          line.getMessage()
              + Arrays.toString(line.getParameters())
              + (line.getThrown() == null ? "" : line.getThrown().toString()));
    }

    @Override
    public void flush() {
      // Nothing is buffered.
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }
}
