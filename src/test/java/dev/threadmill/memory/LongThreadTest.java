package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A run costs the same on a long thread as on a short one, and each message the same space. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class LongThreadTest {
  private static final int SHORT = 50;
  private static final int LONG = 5_000;
  private static final Set<String> ENDS = Set.of("completed", "failed", "incomplete");

  private final ApiClient user = ApiClient.user();
  FakeProvider provider;
  @Inject Jdbc jdbc;

  @BeforeEach
  void beginAnew() {
    provider.reset();
  }

  @Test
  void aRunOnFiveThousandMessagesCostsNoMoreWorkAndNoMoreRoomThanOneOnFifty() {
    var assistant =
        user.post(
                "/v1/assistants",
                "{\"model\": \"gpt-4o\", \"memory\": {\"summary_method\": \"none\"}}")
            .id();
    run(filled(SHORT), assistant); // so that what is read once is known

    var onShort = leastCost(filled(SHORT), assistant);
    var onLong = leastCost(filled(LONG), assistant);

    assertThat(onLong.leftOut()).isGreaterThan(LONG - 10);
    assertThat(onLong.recalled()).isPositive();
    assertThat(onLong.statements()).isLessThanOrEqualTo(onShort.statements());
    assertThat(onLong.commits()).isEqualTo(onShort.commits());
    assertThat(onLong.contextBytes()).isLessThan(onShort.contextBytes() + 500);
  }

  @Test
  void theMemoryOfAThreadGrowsInProportionToItsMessages() {
    var few = indexed(20);
    var many = indexed(200);

    assertThat(many.rows()).isEqualTo(10 * few.rows());
    assertThat(many.bytes()).isCloseTo(10 * few.bytes(), Percentage.withPercentage(3));
  }

  private record Cost(long statements, long commits, int contextBytes, int leftOut, int recalled) {}

  /** The least of several, since the server's maintenance sends statements at any time. */
  private Cost leastCost(MemoryThread thread, String assistant) {
    return IntStream.range(0, 6)
        .mapToObj(i -> cost(thread, assistant))
        .min(Comparator.comparingLong(Cost::statements).thenComparing(Cost::commits))
        .orElseThrow();
  }

  private Cost cost(MemoryThread thread, String assistant) {
    long statements = jdbc.statements();
    long commits = jdbc.commits();
    var created =
        user.post(
            thread.path() + "/runs",
            Json.write(
                Map.of(
                    "assistant_id",
                    assistant,
                    "stream",
                    true,
                    "truncation_strategy",
                    Map.of("type", "last_messages", "last_messages", 10))));
    assertThat(created.text()).contains("thread.run.completed");
    var spent = jdbc.statements() - statements;
    var committed = jdbc.commits() - commits;
    var run = user.get(thread.path() + "/runs").json().at("/data/0/id").asText();
    var steps = thread.path() + "/runs/" + run + "/steps";
    var step = user.get(steps).json().at("/data/0/id").asText();
    var context = user.get(steps + "/" + step + "/context").json();
    return new Cost(
        spent,
        committed,
        jdbc.one(
                "SELECT length(context::text) AS bytes FROM run_steps WHERE id = ?",
                row -> row.integer("bytes"),
                step)
            .orElseThrow(),
        context.at("/left_out/messages").asInt(),
        recalled(context));
  }

  private static int recalled(JsonNode context) {
    int recalled = 0;
    for (var part : context.path("parts")) {
      recalled += part.path("type").asText().equals("recalled") ? 1 : 0;
    }
    return recalled;
  }

  private void run(MemoryThread thread, String assistant) {
    var run =
        user.post(thread.path() + "/runs", Json.write(Map.of("assistant_id", assistant))).id();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> user.get(thread.path() + "/runs/" + run).json().path("status").asText(),
            ENDS::contains);
  }

  /** A thread with many messages, whose index entries are copies of a few embedded ones. */
  private MemoryThread filled(int messages) {
    var seed = MemoryThread.of(user, List.of("Our dog Biscuit hates chicken.", "It rains."));
    assertThat(seed.memory("dog", 1).path("pending").asInt()).isZero();
    var thread = MemoryThread.create(user);
    jdbc.update(
        """
        INSERT INTO messages (thread_id, id, project_id, created_at, status, role, content,
          metadata, tokens)
        SELECT ?, 'msg_' || right(s.thread_id, 8) || lpad(n::text, 6, '0'), s.project_id,
          t.tail - interval '1 day' + n * interval '1 millisecond', 'completed', 'user', s.content,
          '{}', s.tokens
        FROM generate_series(1, ?) n
        JOIN (SELECT *, row_number() OVER (ORDER BY created_at, id) AS place
              FROM messages WHERE thread_id = ?) s ON s.place = 1 + n % 2,
          threads t WHERE t.id = ?
        """,
        thread.id(), messages, seed.id(), thread.id());
    jdbc.update("DELETE FROM memory_queue WHERE thread_id = ?", thread.id());
    jdbc.update(
        """
        INSERT INTO memory_index (thread_id, source_id, part, model, project_id, source_type,
          begins, ends, created_at, traits, terms, embedding)
        SELECT m.thread_id, m.id, 0, i.model, m.project_id, 'message', i.begins, i.ends,
          m.created_at, i.traits, i.terms, i.embedding
        FROM messages m
        JOIN messages s ON s.thread_id = ? AND s.content = m.content
        JOIN memory_index i ON i.thread_id = s.thread_id AND i.source_id = s.id
        WHERE m.thread_id = ?
        """,
        seed.id(),
        thread.id());
    thread.say("user", "What does Biscuit hate?");
    assertThat(thread.memory("Biscuit", 1).path("pending").asInt()).isZero();
    return thread;
  }

  private record IndexSize(int rows, long bytes) {}

  private IndexSize indexed(int messages) {
    var thread = MemoryThread.create(user);
    for (int i = 0; i < messages; i++) {
      thread.say("user", "The delivery number %04d arrives on Thursday morning.".formatted(i));
    }
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> thread.memory("delivery", 1).path("pending").asInt() == 0);
    return jdbc.one(
            """
            SELECT count(*) AS rows, sum(pg_column_size(i.*)) AS bytes FROM memory_index i
            WHERE thread_id = ?
            """,
            row -> new IndexSize(row.integer("rows"), row.bigint("bytes")),
            thread.id())
        .orElseThrow();
  }
}
