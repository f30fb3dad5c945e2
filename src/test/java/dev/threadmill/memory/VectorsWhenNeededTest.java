package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.memory.recall.MemoryScope;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Messages are indexed by their words at once, and by their vectors when something may read them.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class VectorsWhenNeededTest {
  private final ApiClient user = ApiClient.user();
  FakeProvider provider;
  @Inject IndexMessages index;
  @Inject IndexQueue queue;
  @Inject VectorRequests requests;
  @Inject Jdbc jdbc;

  @BeforeEach
  void emptyTheQueue() {
    provider.reset();
    jdbc.update("DELETE FROM memory_queue");
    requests.clear();
  }

  /** Entries of a thread, and how many of them have vectors. */
  private record Entries(int all, int embedded) {}

  private Entries entries(MemoryThread thread) {
    return jdbc.one(
            """
            SELECT count(*) AS all, count(embedding) AS embedded FROM memory_index
            WHERE thread_id = ?
            """,
            row -> new Entries(row.integer("all"), row.integer("embedded")),
            thread.id())
        .orElseThrow();
  }

  /** What the worker does. */
  private void work() throws InterruptedException {
    while (requests.handle(index::request) | index.indexNextBatch() > 0) {}
  }

  private String assistant(String memory) {
    return user.post(
            "/v1/assistants",
            "{\"model\": \"gpt-4o\", \"instructions\": \"Be brief.\", \"memory\": %s}"
                .formatted(memory))
        .id();
  }

  private void modify(String assistant, String memory) {
    var answer = user.post("/v1/assistants/" + assistant, "{\"memory\": %s}".formatted(memory));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
  }

  /** The assistants that the entries of a thread belong to. */
  private List<String> assistants(MemoryThread thread) {
    return jdbc.list(
        "SELECT assistant_id FROM memory_index WHERE thread_id = ?",
        row -> row.text("assistant_id"),
        thread.id());
  }

  private void run(MemoryThread thread, String assistant, Map<String, Object> settings) {
    var body = new HashMap<>(settings);
    body.put("assistant_id", assistant);
    var run = user.post(thread.path() + "/runs", Json.write(body)).id();
    await()
        .until(
            () ->
                user.get(thread.path() + "/runs/" + run)
                    .json()
                    .path("status")
                    .asText()
                    .equals("completed"));
  }

  @Test
  void aShortThreadIsIndexedByItsWordsUntilSomethingAsksForItsMemory() throws Exception {
    var thread = MemoryThread.of(user, List.of("The spare key hangs behind the barometer."));

    work();

    assertThat(entries(thread)).isEqualTo(new Entries(1, 0));
    var memory = thread.memory("Where is the key?", 1);
    assertThat(memory.at("/vector_context/0/text").asText()).contains("barometer");
    assertThat(memory.path("pending").asInt()).isZero();
    assertThat(entries(thread)).isEqualTo(new Entries(1, 1));
  }

  @Test
  void anIdleMachineEmbedsWhatNothingHasAskedFor() throws Exception {
    var thread = MemoryThread.of(user, List.of("It rained all day.", "We played chess."));
    work();

    assertThat(index.embedDeferred()).isEqualTo(2);

    assertThat(entries(thread)).isEqualTo(new Entries(2, 2));
    assertThat(queue.pending(new ThreadId(thread.id()))).isZero();
  }

  @Test
  void aMemoryThatOtherThreadsReadIsEmbeddedAtOnce() throws Exception {
    var assistant = assistant("{\"summary_method\": \"none\", \"scope\": \"assistant\"}");
    var thread = MemoryThread.of(user, List.of("I am a vegetarian."));
    run(thread, assistant, Map.of());

    work();

    assertThat(entries(thread)).isEqualTo(new Entries(2, 2));
  }

  @Test
  void aRecallFromAUsersThreadsEmbedsWhatWasDeferredInThem() throws Exception {
    var name = "ada-" + System.nanoTime();
    var old = MemoryThread.ofUser(user, name, "I love figs.");
    work();
    assertThat(entries(old)).isEqualTo(new Entries(1, 0));

    var assistant = assistant("{\"summary_method\": \"none\", \"scope\": \"user\"}");
    run(MemoryThread.ofUser(user, name, "Which fruit do I love?"), assistant, Map.of());
    work();

    assertThat(entries(old)).isEqualTo(new Entries(1, 1));
  }

  @Test
  void messagesThatWereIndexedBeforeTheFirstRunAreEmbeddedForAMemoryThatOtherThreadsRead()
      throws Exception {
    var assistant = assistant("{\"summary_method\": \"none\", \"scope\": \"assistant\"}");
    var thread = MemoryThread.of(user, List.of("I am a vegetarian."));
    work();
    assertThat(entries(thread)).isEqualTo(new Entries(1, 0));

    run(thread, assistant, Map.of());
    work();

    assertThat(entries(thread)).isEqualTo(new Entries(2, 2));
    assertThat(assistants(thread)).containsExactly(assistant, assistant);
  }

  @Test
  void anEntryKeepsItsAssistantWhenItGetsItsVectorLater() throws Exception {
    var assistant = assistant("{\"summary_method\": \"none\"}");
    var thread = MemoryThread.of(user, List.of("I am a vegetarian."));
    work();
    run(thread, assistant, Map.of());
    work();
    assertThat(entries(thread)).isEqualTo(new Entries(2, 0));

    while (index.embedDeferred() > 0) {}

    assertThat(entries(thread)).isEqualTo(new Entries(2, 2));
    assertThat(assistants(thread)).containsExactly(assistant, assistant);
  }

  @Test
  void aScopeThatBecomesWiderEmbedsWhatWasDeferred() throws Exception {
    var assistant = assistant("{\"summary_method\": \"none\"}");
    var thread = MemoryThread.of(user, List.of("I am a vegetarian."));
    work();
    run(thread, assistant, Map.of());
    work();
    assertThat(entries(thread)).isEqualTo(new Entries(2, 0));

    modify(assistant, "{\"summary_method\": \"none\", \"scope\": \"assistant\"}");
    work();

    assertThat(entries(thread)).isEqualTo(new Entries(2, 2));
  }

  @Test
  void aMemoryThatIsSwitchedOnIndexesTheWordsOfEarlierMessages() throws Exception {
    var assistant = assistant("{\"enabled\": false}");
    var thread = MemoryThread.of(user, List.of("I am a vegetarian."));
    run(thread, assistant, Map.of());
    work();
    assertThat(entries(thread)).isEqualTo(new Entries(0, 0));

    modify(assistant, "{\"summary_method\": \"none\"}");
    work();

    assertThat(entries(thread)).isEqualTo(new Entries(2, 0));
  }

  @Test
  void aRecallFromAUsersThreadsEmbedsThoseWhoseAssistantHasNoMemory() throws Exception {
    var name = "bob-" + System.nanoTime();
    var old = MemoryThread.ofUser(user, name, "I love figs.");
    run(old, assistant("{\"enabled\": false}"), Map.of());
    work();
    assertThat(entries(old)).isEqualTo(new Entries(0, 0));

    var assistant = assistant("{\"summary_method\": \"none\", \"scope\": \"user\"}");
    run(MemoryThread.ofUser(user, name, "Which fruit do I love?"), assistant, Map.of());
    work();

    assertThat(entries(old)).isEqualTo(new Entries(2, 2));
  }

  @Test
  void aRequestForManyMessagesIsHandledInBatches() {
    jdbc.update(
        """
        INSERT INTO memory_queue (thread_id, message_id, project_id, due, user_id)
        SELECT 'thread_many', 'msg_' || n, 'proj_many', 'infinity', 'carol'
        FROM generate_series(1, 1001) n
        """);
    var scope = new MemoryScope.OfUser(new ProjectId("proj_many"), "carol");

    assertThat(queue.request(scope, true)).isEqualTo(1_000);
    assertThat(queue.request(scope, true)).isEqualTo(1);
    assertThat(queue.request(scope, true)).isZero();
    jdbc.update("DELETE FROM memory_queue");
  }

  @Test
  void aRequestThatFailsIsKeptWithThoseBehindIt() {
    var project = new ProjectId("proj_kept");
    var scopes =
        List.of(
            new MemoryScope.OfUser(project, "ada"),
            new MemoryScope.OfUser(project, "bob"),
            new MemoryScope.OfUser(project, "carol"));
    scopes.forEach(requests::add);

    assertThatThrownBy(
            () ->
                requests.handle(
                    request -> {
                      if (request.scope().equals(scopes.get(1))) {
                        throw new IllegalStateException("the database is away");
                      }
                      return false;
                    }))
        .isInstanceOf(IllegalStateException.class);

    var handled = new HashSet<MemoryScope>();
    assertThat(requests.handle(request -> !handled.add(request.scope()))).isFalse();
    assertThat(handled).containsExactlyInAnyOrder(scopes.get(1), scopes.get(2));
  }

  @Test
  void aLongThreadIsEmbeddedAtOnce() throws Exception {
    var thread = MemoryThread.of(user, Collections.nCopies(100, "It rains."));

    work();

    assertThat(entries(thread)).isEqualTo(new Entries(100, 100));
  }

  @Test
  void aThreadIsEmbeddedBeforeItOutgrowsTheWindow() throws Exception {
    var assistant = assistant("{\"summary_method\": \"none\"}");
    var thread = MemoryThread.of(user, List.of("The boat is green. ".repeat(34)));
    run(thread, assistant, Map.of("max_prompt_tokens", 8_000));
    work();
    assertThat(entries(thread).embedded()).isZero();

    run(thread, assistant, Map.of("max_prompt_tokens", 256));
    work();

    // the answer of the second run is not in the window of any run yet
    assertThat(entries(thread)).isEqualTo(new Entries(3, 2));
  }

  @Test
  void aMemoryThatIsSwitchedOffHasNoEntriesUntilItIsSwitchedOnAndRead() throws Exception {
    var assistant = assistant("{\"enabled\": false}");
    var thread = MemoryThread.of(user, List.of("The spare key hangs behind the barometer."));
    run(thread, assistant, Map.of());

    work();
    assertThat(index.embedDeferred()).isZero();

    assertThat(entries(thread)).isEqualTo(new Entries(0, 0));
    assertThat(thread.recalled("Where is the key?", 1)).first().asString().contains("barometer");
    assertThat(entries(thread).embedded()).isPositive();
  }

  @Test
  void aMessageThatChangesWhileItIsIndexedIsIndexedAgain() throws Exception {
    var thread = MemoryThread.create(user);
    var message = thread.say("user", "The key hangs behind the barometer.");
    var claimed = queue.claim(1);
    jdbc.update(
        "UPDATE messages SET content = ? WHERE thread_id = ? AND id = ?",
        Tx.json(List.of(Map.of("type", "text", "text", "The key is in the harbour."))),
        thread.id(),
        message);

    jdbc.runInTransaction(tx -> queue.complete(tx, claimed));
    work();

    assertThat(thread.recalled("harbour", 1)).containsExactly("The key is in the harbour.");
    assertThat(
            jdbc.one(
                "SELECT terms::text AS terms FROM memory_index WHERE source_id = ?",
                row -> row.text("terms"),
                message))
        .hasValueSatisfying(terms -> assertThat(terms).contains("harbour"));
  }
}
