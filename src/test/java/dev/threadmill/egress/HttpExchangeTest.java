package dev.threadmill.egress;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

  @AfterEach
  void tearDown() {
    provider.close();
  }

  private StreamingResponse post(EgressClient client) throws EgressException, InterruptedException {
    return post(client, BODY);
  }

  private StreamingResponse post(EgressClient client, byte[] body)
      throws EgressException, InterruptedException {
    return client.open(
        new EgressRequest(
            "POST",
            provider.baseUrl() + "/chat/completions",
            Map.of(),
            Map.of(),
            RequestBody.of(body),
            List.of(),
            new Timeouts(PATIENCE, PATIENCE, null),
            100_000_000));
  }

  private static String read(StreamingResponse response)
      throws EgressException, InterruptedException {
    return response.read().text();
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
    var client = EgressClients.forProviders(1);

    for (int time = 0; time < 2; time++) {
      try (var exchange = post(client, bytes)) {
        assertThat(read(exchange)).contains("Seen");
      }
    }

    var said = body.substring(body.indexOf("abc"), body.length() - 2);
    assertThat(provider.requests())
        .extracting(request -> request.body().path("said").asText())
        .containsExactly(said, said);
  }

  /** A few pieces are read ahead, so that the response is complete although it is not read. */
  @ParameterizedTest
  @ValueSource(ints = {1, 20})
  void closingACompleteResponseDoesNotCutTheNextOneOnItsConnection(int words) throws Exception {
    var gate = new ReplyGate();
    provider.reply(Reply.text("word ".repeat(words)), Reply.text("the next").withGate(gate));
    gate.release(2);
    var client = EgressClients.forProviders(1);

    var unread = post(client);
    var next = post(client);
    var requests = provider.requests();
    assertThat(requests.get(1).remote()).as("the connection").isEqualTo(requests.get(0).remote());
    unread.close();
    gate.open();

    assertThat(read(next)).contains("next").contains("[DONE]");
    assertThat(requests.get(1).hungUp()).isFalse();
  }

  @Test
  void givingUpAnAnswerInTheMiddleHangsUpOnTheProvider() throws Exception {
    var gate = new ReplyGate();
    provider.reply(Reply.text("a b c").withGate(gate), Reply.text("the next"));
    gate.release(2);
    var client = EgressClients.forProviders(1);

    var exchange = post(client);
    assertThat(exchange.body().read()).isPositive();
    exchange.close();

    await().atMost(PATIENCE).until(() -> provider.requests().getFirst().hungUp());
    assertThat(read(post(client))).contains("next").contains("[DONE]");
  }

  /** What happens when runs are cancelled while they end: on other threads, at any moment. */
  @Test
  void answersThatAreReadComeWholeWhileOthersAreGivenUpAtAnyMoment() throws Exception {
    provider.otherwise(_ -> Reply.text("one two three four five six").withPause(1));
    var client = EgressClients.forProviders(32);
    var answers = new ConcurrentLinkedQueue<String>();
    try (var clients = Executors.newFixedThreadPool(32)) {
      var done = new ArrayList<Future<?>>();
      for (int i = 0; i < 400; i++) {
        done.add(clients.submit(() -> giveUpSometime(client)));
        done.add(clients.submit(() -> answers.add(read(post(client)))));
      }
      for (var each : done) {
        each.get();
      }
    }
    assertThat(answers).hasSize(400).allMatch(answer -> answer.contains("[DONE]"));
  }

  private Void giveUpSometime(EgressClient client) throws Exception {
    try (var exchange = post(client)) {
      int pieces = ThreadLocalRandom.current().nextInt(12);
      var buffer = new byte[16_384];
      for (int i = 0; i < pieces && exchange.body().read(buffer) >= 0; i++) {
        Thread.yield();
      }
    }
    return null;
  }
}
