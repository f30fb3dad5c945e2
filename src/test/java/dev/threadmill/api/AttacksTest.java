package dev.threadmill.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the holder of one project's key can do to a node with a small heap, beside the traffic of
 * another project: that one loses less than a second at any time, and none of its requests.
 */
@Timeout(120)
class AttacksTest {
  private static final int AT_ONCE = 12;
  private static final int LARGE = 700_000;

  private static final Duration MAX_LOSS = Duration.ofSeconds(1);
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private static Cluster cluster;
  private static RecordingServer toolServer;
  private static FakeProvider attackersModels;
  private static ApiClient attacker;
  private static String attackersKey;
  private static Bystander bystander;
  private static Duration undisturbed;

  @TempDir private static Path folder;

  @BeforeAll
  static void start() throws IOException {
    toolServer = RecordingServer.start();
    // The provider in this process would slow down the other project's runs as well.
    attackersModels = FakeProvider.start().otherwise(AttacksTest::reply);
    var models = folder.resolve("models.yaml");
    Files.writeString(
        models,
        """
        providers:
          attackers: {type: openai, base_url: "%s"}
        models:
          - {name: attack/*, provider: attackers, model: "*"}
        """
            .formatted(attackersModels.baseUrl()));
    cluster =
        Cluster.of(1)
            .with("THREADMILL_EGRESS_ALLOW", "127.0.0.1")
            .with("THREADMILL_MODELS", models.toString());
    cluster.node(0).withJvmOption("-Xmx400m");
    cluster.start();
    var admin = cluster.admin(cluster.node(0));
    var project = admin.post("/v1/projects", "{\"name\": \"attacker\"}").id();
    attackersKey =
        admin.post("/v1/projects/" + project + "/api_keys", "{}").json().path("value").asText();
    attacker = cluster.node(0).api(attackersKey);
    bystander = new Bystander(cluster.api(cluster.node(0)));
    bystander.awaitRequests(100);
  }

  @AfterAll
  static void stop() {
    bystander.close();
    cluster.close();
    attackersModels.close();
    toolServer.close();
  }

  /** How long the requests of the other project take anyway. */
  @BeforeEach
  void measureUndisturbed() {
    bystander.takeLongest();
    bystander.awaitRequests(40);
    undisturbed = bystander.takeLongest();
    bystander.takeSlowness();
  }

  @AfterEach
  void theOtherProjectLostLessThanASecond() {
    bystander.awaitRequests(10);
    var request = bystander.longestRequest();
    var longest = bystander.takeLongest();
    double slowness = Math.max(1, bystander.takeSlowness());
    assertThat(cluster.node(0).isAlive()).as(() -> cluster.logs()).isTrue();
    assertThat(bystander.faults()).as(() -> cluster.logs()).isEmpty();
    assertThat(longest.toMillis())
        .as("milliseconds of %s on a machine %.1f times as slow as at best", request, slowness)
        .isLessThan((long) (MAX_LOSS.plus(undisturbed).toMillis() * slowness));
  }

  /** Calls the function that the model is named after, with the arguments that the user says. */
  private static Reply reply(FakeProvider.Request request) {
    var messages = request.body().path("messages");
    var last = messages.get(messages.size() - 1);
    if (request.model().equals("large")) {
      return Reply.text("word".repeat(250_000));
    }
    return last.path("role").asText().equals("user")
        ? Reply.call(request.model(), last.path("content").asText())
        : Reply.text("Done.");
  }

  @Test
  void toolsAnswerInEncodingsThatUnpackToGigabytes() throws IOException {
    answer("lzma", "lzma", HexFormat.of().parseHex("5d000000800000010000000000" + "00".repeat(64)));
    answer("xz", "xz", HexFormat.of().parseHex("fd377a585a000004e6d6b446" + "00".repeat(64)));
    answer("zstd", "zstd", HexFormat.of().parseHex("28b52ffdc000000000000000ff" + "00".repeat(64)));
    answer("gzip", "gzip", gzip(gzip(new byte[64 << 20])));
    answer("gzip-twice", "gzip, gzip", gzip(gzip(new byte[64 << 20])));
    answer("gzip-once", "gzip", gzip(new byte[64 << 20]));
    var runs = new ArrayList<Callable<String>>();
    for (var path : List.of("lzma", "xz", "zstd", "gzip", "gzip-twice", "gzip-once")) {
      var assistant = assistant("attack/get", webhook(path));
      for (int i = 0; i < AT_ONCE / 4; i++) {
        runs.add(() -> run(assistant, "{}"));
      }
    }

    assertThat(atOnce(runs)).containsOnly("completed");
  }

  @Test
  void schemasDouble() {
    var schema =
        IntStream.range(0, 40)
            .mapToObj(
                i ->
                    "\"a%1$d\": {\"anyOf\": [{\"$ref\": \"#/$defs/a%2$d\"}, {\"$ref\": \"#/$defs/a%2$d\"}]}"
                        .formatted(i, i + 1))
            .collect(
                Collectors.joining(
                    ",", "{\"$ref\": \"#/$defs/a0\", \"$defs\": {", ", \"a40\": false}}"));
    var posts = new ArrayList<Callable<Integer>>();
    for (int i = 0; i < 4 * AT_ONCE; i++) {
      posts.add(() -> create("attack/f", function("f", schema)).status());
    }

    assertThat(atOnce(posts)).containsOnly(400);
  }

  @Test
  void schemasWithinTheBoundsCostAsMuchAsIsAllowed() {
    var schema =
        IntStream.range(0, 14)
            .mapToObj(
                i ->
                    "\"a%1$d\": {\"anyOf\": [{\"$ref\": \"#/$defs/a%2$d\"}, {\"$ref\": \"#/$defs/a%2$d\"}]}"
                        .formatted(i, i + 1))
            .collect(
                Collectors.joining(
                    ",", "{\"$ref\": \"#/$defs/a0\", \"$defs\": {", ", \"a14\": false}}"));
    var runs = new ArrayList<Callable<String>>();
    for (int i = 0; i < AT_ONCE; i++) {
      var assistant = assistant("attack/f", function("f", schema.replace("a0", "b" + i)));
      runs.add(() -> run(assistant, "{\"s\": 1}"));
    }

    assertThat(atOnce(runs)).containsOnly("completed");
  }

  @Test
  void patternsBacktrack() {
    var assistant =
        assistant(
            "attack/f",
            function("f", "{\"properties\": {\"s\": {\"pattern\": \"^(a|a)*(b|b)*$\"}}}"));
    var runs = new ArrayList<Callable<String>>();
    for (int i = 0; i < AT_ONCE; i++) {
      runs.add(() -> run(assistant, "{\"s\": \"" + "a".repeat(60) + "c\"}"));
    }

    assertThat(atOnce(runs)).containsOnly("completed");
  }

  @Test
  void largeSchemasFillCaches() {
    var schema =
        IntStream.range(0, 13_000)
            .mapToObj(n -> "\"p_%d\": {\"type\": \"string\"}".formatted(n))
            .collect(Collectors.joining(",", "{\"properties\": {", "}}"));
    var runs = new ArrayList<Callable<String>>();
    for (int i = 0; i < 2 * AT_ONCE; i++) {
      var own = schema.replace("\"p_", "\"p" + i + "_");
      runs.add(() -> run(assistant("attack/f", function("f", own)), "{}"));
    }

    assertThat(atOnce(runs)).containsOnly("requires_action");
  }

  @Test
  void messagesOfControlCharactersAreInTheSameBatchAsOthersMessages() {
    var control =
        JSON.objectNode().put("role", "user").put("content", "\u0001\u0002\u001f".repeat(20_000));
    var posts = new ArrayList<Callable<Integer>>();
    for (int i = 0; i < AT_ONCE; i++) {
      var thread = attacker.post("/v1/threads", "{}").id();
      posts.add(
          () -> attacker.post("/v1/threads/" + thread + "/messages", control.toString()).status());
    }
    assertThat(atOnce(posts)).containsOnly(200);
    var api = cluster.api(cluster.node(0));
    var thread =
        api.post(
                "/v1/threads",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"My safe opens with 71-02-44.\"}]}")
            .id();

    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                api.get("/v1/threads/" + thread + "/memory?query=safe")
                    .text()
                    .contains("71-02-44"));
  }

  @Test
  void hugeBodiesArriveAtOnceAndSlowOnesNeverEnd() throws IOException {
    var sockets = new ArrayList<Socket>();
    for (int i = 0; i < 200; i++) {
      var socket = new Socket("127.0.0.1", cluster.node(0).port());
      sockets.add(socket);
      socket
          .getOutputStream()
          .write(
              "POST /v1/threads HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n%s"
                  .formatted(attackersKey, " ".repeat(100_000))
                  .getBytes(StandardCharsets.US_ASCII));
    }
    var thread = attacker.post("/v1/threads", "{}").id();
    var image = image();
    var posts = new ArrayList<Callable<Integer>>();
    for (int i = 0; i < AT_ONCE; i++) {
      posts.add(() -> attacker.post("/v1/threads/" + thread + "/messages", image).status());
      posts.add(() -> attacker.post("/v1/threads", "[".repeat(9_000_000)).status());
      posts.add(
          () ->
              attacker.post("/v1/threads", "{\"a\":".repeat(900) + "1" + "}".repeat(900)).status());
    }

    assertThat(atOnce(posts)).allMatch(status -> status < 500);
    for (var socket : sockets) {
      socket.close();
    }
  }

  @Test
  void clientsReplayALargeRunAndReadNothing() throws IOException {
    var body =
        "{\"assistant_id\": \"%s\", \"thread\": {\"messages\": [{\"role\": \"user\", \"content\": \"Go\"}]}}"
            .formatted(create("attack/large", webhook("none")).id());
    var run = attacker.post("/v1/threads/runs", body).json();
    var path =
        "/v1/threads/%s/runs/%s".formatted(run.path("thread_id").asText(), run.path("id").asText());
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> attacker.get(path).json().path("status").asText().equals("completed"));

    try (var clients = new SilentClients(cluster.node(0).url(), attackersKey)) {
      for (int i = 0; i < 300; i++) {
        clients.get(path + "/events");
      }
      bystander.awaitRequests(100);
    }
    assertThat(attacker.get(path + "/events").text()).endsWith("data: [DONE]\n\n");
  }

  @Test
  void clientsAskForLargeAnswersAndReadNothing() throws IOException {
    var thread = "/v1/threads/" + attacker.post("/v1/threads", "{}").id() + "/messages";
    var message = thread + "/" + attacker.post(thread, image()).id();
    var items =
        thread.replace("threads/thread_", "conversations/conv_").replace("/messages", "/items")
            + "?include=message.input_image.image_url";
    var schema = "{\"description\": \"%s\"}".formatted("word ".repeat(150_000));
    var assistant = "/v1/assistants/" + create("attack/f", function("f", schema)).id();
    var paths = List.of(thread, message, items, assistant);
    assertThat(paths).allSatisfy(p -> assertThat(attacker.get(p).text()).hasSizeGreaterThan(LARGE));

    try (var clients = new SilentClients(cluster.node(0).url(), attackersKey)) {
      for (int i = 0; i < 100; i++) {
        for (var path : paths) {
          clients.get(path);
        }
      }
      bystander.awaitRequests(100);
    }
    await().atMost(Duration.ofSeconds(60)).until(() -> attacker.get(message).status() == 200);
  }

  private static String image() {
    var message = JSON.objectNode().put("role", "user");
    message
        .putArray("content")
        .addObject()
        .put("type", "image_url")
        .putObject("image_url")
        .put("url", "data:image/png;base64," + "iVBORw0K".repeat(9 << 17));
    return message.toString();
  }

  private static void answer(String name, String encoding, byte[] body) {
    toolServer.on(
        "/" + name,
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Content-Encoding", encoding);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          RecordingServer.replyBytes(exchange, 200, body);
        });
  }

  private static byte[] gzip(byte[] content) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(bytes)) {
      gzip.write(content);
    }
    return bytes.toByteArray();
  }

  private static String webhook(String path) {
    return "{\"type\": \"webhook\", \"webhook\": {\"name\": \"get\", \"endpoint\": \"%s\"}}"
        .formatted(toolServer.url("/" + path));
  }

  private static String function(String name, String schema) {
    return "{\"type\": \"function\", \"function\": {\"name\": \"%s\", \"parameters\": %s}}"
        .formatted(name, schema);
  }

  private static ApiClient.Response create(String model, String tool) {
    return attacker.post(
        "/v1/assistants", "{\"model\": \"%s\", \"tools\": [%s]}".formatted(model, tool));
  }

  private static String assistant(String model, String tool) {
    var created = create(model, tool);
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    return created.id();
  }

  /** Runs the assistant on a new thread with this text, and returns the final status. */
  private static String run(String assistant, String text) {
    ObjectNode body = JSON.objectNode().put("assistant_id", assistant);
    body.putObject("thread")
        .putArray("messages")
        .addObject()
        .put("role", "user")
        .put("content", text);
    var created = attacker.post("/v1/threads/runs", body.toString());
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    var path =
        "/v1/threads/%s/runs/%s".formatted(created.json().path("thread_id").asText(), created.id());
    return await()
        .atMost(Duration.ofSeconds(40))
        .pollInterval(Duration.ofMillis(100))
        .until(
            () -> attacker.get(path).json().path("status").asText(),
            status -> !List.of("queued", "in_progress").contains(status));
  }

  private static <T> List<T> atOnce(List<Callable<T>> work) {
    try (var threads = Executors.newFixedThreadPool(AT_ONCE)) {
      var results = new ArrayList<T>();
      for (var done : threads.invokeAll(work)) {
        results.add(done.get());
      }
      return results;
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }
}
