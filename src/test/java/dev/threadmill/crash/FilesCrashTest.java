package dev.threadmill.crash;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ServerProcess;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * A node is killed in the middle of an upload, of reading a file, of embedding its text, of a
 * search and of code that runs; a second node continues. Both have a heap that is smaller than the
 * largest upload.
 */
class FilesCrashTest {
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(60);
  private static final int MEGABYTE = 1 << 20;
  private static final int HEAP_MEGABYTES = 256;
  private static final int LARGE_MEGABYTES = 300;

  private Cluster cluster;

  /** The node that runs; the other one is down. */
  private ServerProcess node;

  @Test
  void nothingIsLostOrDoubleAfterAKillInTheMiddle() throws Exception {
    try (var pair =
        Cluster.of(2)
            .with("THREADMILL_LEASE", "1s")
            .with("THREADMILL_VECTOR_STORES_LEASE", "2s")
            .with("THREADMILL_FILES_CLEANUP_INTERVAL", "500ms")
            .withoutIndexing()) {
      cluster = pair;
      for (var each : cluster.nodes()) {
        each.withJvmOption("-Xmx" + HEAP_MEGABYTES + "m")
            .withJvmOption("-Dthreadmill.runs.sweep-every=200ms");
      }
      cluster.start();
      node = cluster.node(0);
      cluster.node(1).kill();

      anUploadThatIsLargerThanTheHeap();
      killedInTheMiddleOfAnUpload();
      var store = killedWhileAFileIsRead();
      killedWhileATextIsEmbedded(store);
      killedInTheMiddleOfASearch();
      killedInTheMiddleOfCode();
    }
  }

  private ApiClient api() {
    return cluster.api(node);
  }

  /** The running node is killed, and the other one starts. */
  private void fail() {
    node.kill();
    node = node == cluster.node(0) ? cluster.node(1) : cluster.node(0);
    node.start().awaitReady();
  }

  private void await(String what, java.util.concurrent.Callable<Boolean> condition) {
    cluster.await(what, LONG_ENOUGH, () -> assertThat(condition.call()).as(what).isTrue());
  }

  private long number(String sql) {
    try (var connection = cluster.connect();
        var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      return rows.next() ? rows.getLong(1) : 0;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private void execute(String sql) {
    try (var connection = cluster.connect();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  // ---- uploads

  /** So many megabytes; after the first two it waits for the gate. */
  private static InputStream content(int megabytes, CountDownLatch gate) {
    return new InputStream() {
      private final byte[] line = "0123456789abcde\n".repeat(4_096).getBytes();
      private long left = (long) megabytes * MEGABYTE;

      @Override
      public int read() {
        return left-- > 0 ? '\n' : -1;
      }

      @Override
      public int read(byte[] buffer, int from, int length) {
        if (left == 0) {
          return -1;
        }
        if (left <= (long) (megabytes - 2) * MEGABYTE) {
          try {
            gate.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        }
        int size = (int) Math.min(left, Math.min(length, line.length));
        System.arraycopy(line, 0, buffer, from, size);
        left -= size;
        return size;
      }
    };
  }

  private java.util.concurrent.CompletableFuture<HttpResponse<String>> upload(InputStream content) {
    var head =
        new FormBody().field("purpose", "assistants").bytes(); // ends with the boundary's end
    var start =
        new String(head, StandardCharsets.UTF_8).replace(FormBody.end(), "")
            + FormBody.head("file", "large.txt", "text/plain");
    var body =
        new SequenceInputStream(
            java.util.Collections.enumeration(
                List.of(
                    new java.io.ByteArrayInputStream(start.getBytes(StandardCharsets.UTF_8)),
                    content,
                    new java.io.ByteArrayInputStream(
                        ("\r\n" + FormBody.end()).getBytes(StandardCharsets.UTF_8)))));
    var request =
        HttpRequest.newBuilder(URI.create(node.url() + "/v1/files"))
            .header("Authorization", "Bearer " + cluster.apiKey())
            .header("Content-Type", FormBody.contentType())
            .POST(HttpRequest.BodyPublishers.ofInputStream(() -> body))
            .build();
    return HttpClient.newHttpClient().sendAsync(request, HttpResponse.BodyHandlers.ofString());
  }

  private static CountDownLatch open() {
    return new CountDownLatch(0);
  }

  private void anUploadThatIsLargerThanTheHeap() {
    var stored = upload(content(LARGE_MEGABYTES, open())).join();

    assertThat(stored.statusCode()).as(stored.body()).isEqualTo(200);
    var file = Json.read(stored.body(), JsonNode.class);
    assertThat(file.path("bytes").asLong()).isEqualTo((long) LARGE_MEGABYTES * MEGABYTE);
    api().delete("/v1/files/" + file.path("id").asText());
  }

  private void killedInTheMiddleOfAnUpload() {
    await("the deleted file to be removed", () -> number("SELECT sum(bytes) FROM file_blobs") == 0);
    var gate = new CountDownLatch(1);
    var broken = upload(content(20, gate));
    await(
        "the upload to arrive",
        () -> number("SELECT count(*) FROM file_blobs WHERE state = 'writing'") == 1);

    fail();
    gate.countDown();

    assertThat(broken.handle((_, e) -> e != null).join()).isTrue();
    // The lease of the killed node ends.
    execute("UPDATE file_blobs SET leased_until = now() WHERE state = 'writing'");
    await("what is left to be removed", () -> number("SELECT count(*) FROM file_blobs") == 0);
    assertThat(number("SELECT sum(bytes) + sum(blobs) FROM file_usage")).isZero();
    assertThat(api().get("/v1/files").json().path("data")).isEmpty();
    assertThat(upload(content(3, open())).join().statusCode()).isEqualTo(200);
    assertThat(api().get("/v1/files").json().path("data")).hasSize(1);
  }

  // ---- vector stores

  private String file(String name, String type, String text) {
    return new FormBody()
        .field("purpose", "assistants")
        .file("file", name, type, text.getBytes(StandardCharsets.UTF_8))
        .post(api(), "/v1/files")
        .id();
  }

  private static String paragraphs(int count, String before, String after) {
    return IntStream.range(0, count)
        .mapToObj(
            n ->
                "%sThe harbour of town number %d has %d cranes and %d sheds for grain.%s"
                    .formatted(before, n, n * 7 % 91, n * 13 % 57, after))
        .collect(Collectors.joining("\n"));
  }

  private void add(String store, String file) {
    var added =
        api()
            .post("/v1/vector_stores/" + store + "/files", "{\"file_id\": \"%s\"}".formatted(file));
    assertThat(added.status()).as(added.text()).isEqualTo(200);
  }

  /** Waits until the file is indexed: each of its chunks once. */
  private void requireWhole(String store, String file) {
    await(
        "the file to be indexed",
        () ->
            api()
                .get("/v1/vector_stores/" + store + "/files/" + file)
                .json()
                .path("status")
                .asText()
                .equals("completed"));
    var ofFile = " FROM vector_store_index WHERE source_id = '%s'".formatted(file);
    var chunks =
        number(
            "SELECT c.chunks FROM vector_store_contents c JOIN vector_store_files f"
                + " ON f.content = c.id WHERE f.id = '%s'".formatted(file));
    assertThat(chunks).isPositive();
    assertThat(number("SELECT count(*)" + ofFile)).isEqualTo(chunks);
    assertThat(number("SELECT count(DISTINCT part)" + ofFile)).isEqualTo(chunks);
  }

  private String killedWhileAFileIsRead() {
    var store = api().post("/v1/vector_stores", "{}").id();
    var file = file("towns.txt", "text/plain", paragraphs(400, "In fact: ", ""));
    add(store, file);
    await(
        "a node to claim the file",
        () -> number("SELECT claim FROM vector_store_files WHERE id = '%s'".formatted(file)) == 1);

    fail();

    requireWhole(store, file);
    return store;
  }

  private void killedWhileATextIsEmbedded(String store) {
    var file = file("harbours.txt", "text/plain", paragraphs(1_500, "", ""));
    add(store, file);
    await(
        "some chunks to be indexed",
        () ->
            number("SELECT count(*) FROM vector_store_index WHERE source_id = '%s'".formatted(file))
                > 0);

    fail();

    assertThat(number("SELECT count(*) FROM vector_store_files WHERE status = 'in_progress'"))
        .as("killed in the middle")
        .isOne();
    requireWhole(store, file);
  }

  // ---- runs

  private String assistant(String tool) {
    return api()
        .post(
            "/v1/assistants",
            "{\"model\": \"gpt-4o\", \"tools\": [{\"type\": \"%s\"}]}".formatted(tool))
        .id();
  }

  private JsonNode start(String assistant, String attachments) {
    var started =
        api()
            .post(
                "/v1/threads/runs",
                """
                {"assistant_id": "%s", "thread": {"messages": [
                  {"role": "user", "content": "Go", "attachments": [%s]}]}}"""
                    .formatted(assistant, attachments));
    assertThat(started.status()).as(started.text()).isEqualTo(200);
    return started.json();
  }

  private void awaitOpenCall(JsonNode run) {
    await(
        "the call to begin",
        () ->
            number(
                    "SELECT count(*) FROM tool_calls WHERE run_id = '%s' AND output IS NULL"
                        .formatted(run.path("id").asText()))
                == 1);
  }

  /** Waits until the run has completed, with one call and one answer. */
  private void requireOneAnswer(JsonNode run) {
    var thread = "/v1/threads/" + run.path("thread_id").asText();
    var path = thread + "/runs/" + run.path("id").asText();
    await(
        "the run to complete",
        () -> api().get(path).json().path("status").asText().equals("completed"));
    assertThat(api().get(path + "/steps").json().path("data")).hasSize(2);
    assertThat(api().get(thread + "/messages").json().path("data"))
        .extracting(message -> message.path("role").asText())
        .containsExactly("assistant", "user");
  }

  private void killedInTheMiddleOfASearch() {
    cluster.provider().reset();
    cluster
        .provider()
        .reply(
            Reply.call("file_search", "{\"queries\": [\"cranes of town 17\"]}"),
            Reply.text("There are some."));
    // A search waits for a file that is attached until it is indexed.
    var file = file("attached.txt", "text/plain", paragraphs(1_200, "", ""));
    var run =
        start(
            assistant("file_search"),
            "{\"file_id\": \"%s\", \"tools\": [{\"type\": \"file_search\"}]}".formatted(file));
    awaitOpenCall(run);

    fail();

    requireOneAnswer(run);
    assertThat(cluster.provider().lastRequest().body().toString()).contains("The harbour of town");
  }

  private void killedInTheMiddleOfCode() {
    var code =
        "import time; open('made.txt', 'w').write('x'); print('begun', flush=True); time.sleep(2)";
    cluster.provider().reset();
    cluster
        .provider()
        .reply(
            Reply.call("code_interpreter", Json.write(Map.of("code", code))),
            Reply.text("It is made."));
    var run = start(assistant("code_interpreter"), "");
    awaitOpenCall(run);

    fail();

    requireOneAnswer(run);
    assertThat(
            number(
                "SELECT count(*) FROM files WHERE thread_id = '%s'"
                    .formatted(run.path("thread_id").asText())))
        .isOne();
  }
}
