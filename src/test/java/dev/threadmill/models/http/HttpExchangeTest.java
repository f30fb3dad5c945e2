package dev.threadmill.models.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.models.ModelsSetup;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import io.vertx.core.Vertx;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that share few connections, some of which are given up. */
class HttpExchangeTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final byte[] BODY = "{\"model\": \"m\", \"stream\": true}".getBytes(UTF_8);

  private final FakeProvider provider = FakeProvider.start();
  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void tearDown() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
    provider.close();
  }

  private Transport transport(int connections) {
    try (var setup = new ModelsSetup(Map.of("connections", Integer.toString(connections)))) {
      return new Transport(vertx, setup.config());
    }
  }

  private HttpExchange post(Transport transport) throws IOException, InterruptedException {
    return post(transport, BODY);
  }

  private HttpExchange post(Transport transport, byte[] body)
      throws IOException, InterruptedException {
    return transport.post(
        provider.baseUrl() + "/chat/completions", Map.of(), RequestBody.of(body), PATIENCE);
  }

  private static String read(HttpExchange exchange) throws IOException, InterruptedException {
    var all = new ByteArrayOutputStream();
    for (var bytes = exchange.read(PATIENCE); bytes != null; bytes = exchange.read(PATIENCE)) {
      all.writeBytes(bytes);
    }
    return all.toString(UTF_8);
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000, 128 * 1024, 128 * 1024 + 1, 10_000_000})
  void aBodyOfAnyLengthArrivesAsItIs(int length) throws Exception {
    provider.reply(Reply.text("Seen."), Reply.text("Seen again."));
    var body = new StringBuilder("{\"model\": \"m\", \"stream\": true, \"said\": \"");
    for (int i = 0; body.length() < length - 2; i++) {
      body.append((char) ('a' + i % 26));
    }
    var bytes = body.append("\"}").toString().getBytes(UTF_8);
    var transport = transport(1);

    for (int time = 0; time < 2; time++) {
      try (var exchange = post(transport, bytes)) {
        assertThat(read(exchange)).contains("Seen");
      }
    }

    var said = body.substring(body.indexOf("abc"), body.length() - 2);
    assertThat(provider.requests())
        .extracting(request -> request.body().path("said").asText())
        .containsExactly(said, said);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 500})
  void givingUpAnAnswerThatHasComeWholeCutsNobodyElsesOnTheSameConnection(int words)
      throws Exception {
    var gate = new ReplyGate();
    provider.reply(Reply.text("word ".repeat(words)), Reply.text("the next").withGate(gate));
    gate.release(2);
    var transport = transport(1);

    var unread = post(transport);
    var next = post(transport);
    var asked = provider.requests();
    assertThat(asked.get(1).remote()).as("the connection").isEqualTo(asked.get(0).remote());
    unread.close();
    gate.open();

    assertThat(read(next)).contains("next").contains("[DONE]");
    assertThat(asked.get(1).hungUp()).isFalse();
  }

  @Test
  void givingUpAnAnswerInTheMiddleHangsUpOnTheProvider() throws Exception {
    var gate = new ReplyGate();
    provider.reply(Reply.text("a b c").withGate(gate), Reply.text("the next"));
    gate.release(2);
    var transport = transport(1);

    var exchange = post(transport);
    exchange.read(PATIENCE);
    exchange.close();

    await().atMost(PATIENCE).until(() -> provider.requests().getFirst().hungUp());
    assertThat(read(post(transport))).contains("next").contains("[DONE]");
  }

  /** What happens when runs are cancelled while they end: on other threads, at any moment. */
  @Test
  void answersThatAreReadComeWholeWhileOthersAreGivenUpAtAnyMoment() throws Exception {
    provider.otherwise(_ -> Reply.text("one two three four five six").withPause(1));
    var transport = transport(32);
    var answers = new ConcurrentLinkedQueue<String>();
    try (var clients = Executors.newFixedThreadPool(32)) {
      var done = new ArrayList<Future<?>>();
      for (int i = 0; i < 400; i++) {
        done.add(clients.submit(() -> giveUpSometime(transport)));
        done.add(clients.submit(() -> answers.add(read(post(transport)))));
      }
      for (var each : done) {
        each.get();
      }
    }
    assertThat(answers).hasSize(400).allMatch(answer -> answer.contains("[DONE]"));
  }

  private Void giveUpSometime(Transport transport) throws Exception {
    try (var exchange = post(transport)) {
      int pieces = ThreadLocalRandom.current().nextInt(12);
      for (int i = 0; i < pieces && exchange.read(PATIENCE) != null; i++) {
        Thread.yield();
      }
    }
    return null;
  }
}
