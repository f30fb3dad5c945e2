package dev.threadmill.runs.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.LiveEventLog;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunSubscriptions;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs with very many events, and readers that lag or join late. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(180)
class LongRunsTest {
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(90);
  private static final ProjectId PROJECT = new ProjectId("proj_default");

  private static final int WORDS = 30_000;
  private static final String TEXT = text();

  /** One event each, and more than the buffers of a connection hold. */
  private static final List<Reply.Step> CHUNKS = Reply.text(TEXT).steps();

  private static final int HELD_BACK = 10;
  private static final int NEARLY_ALL = CHUNKS.size() - 2 * HELD_BACK;

  private final ApiClient user = ApiClient.user();
  private final ReplyGate gate = new ReplyGate();
  private final String model = "long-" + System.identityHashCode(gate);
  FakeProvider provider;
  @Inject LocalRuns liveRuns;
  @Inject RunSubscriptions watches;
  @Inject LoadRun loadRun;

  private static String text() {
    var text = new StringBuilder();
    for (int i = 0; i < WORDS; i++) {
      text.append("word").append(i).append(i % 7 == 0 ? " ☔ " : " ");
    }
    return text.toString().strip();
  }

  /** A conversation whose answer is streamed except for the last chunks: the run stays live. */
  private Conversation conversation() {
    var steps = new ArrayList<>(CHUNKS);
    steps.add(steps.size() - HELD_BACK, new Reply.Step.Wait(gate));
    provider.replyTo(model, Reply.streamed(steps));
    return Conversation.of(user, model, "Go on and on.");
  }

  @AfterEach
  void letGo() {
    gate.open();
  }

  private LiveRun liveWhenNearlyAllIsPublished(RunId run) {
    var live = liveRuns.find(run).orElseThrow();
    await("the run goes on").atMost(LONG_ENOUGH).until(() -> kept(live, NEARLY_ALL) > 0);
    return live;
  }

  /** How many events are in memory from this one on. */
  private static long kept(LiveRun live, int from) {
    return IntStream.range(from, 2 * CHUNKS.size())
        .filter(i -> live.events().publishedAt(i) != null)
        .count();
  }

  private static String text(List<SseStream.Frame> frames) {
    var text = new StringBuilder();
    for (var frame : frames) {
      if ("thread.message.delta".equals(frame.event())) {
        text.append(frame.json().at("/delta/content/0/text/value").asText());
      }
    }
    return text.toString();
  }

  @Test
  void aReaderThatStallsDelaysNoOtherAndMissesNothing() {
    var conversation = conversation();
    try (var stalled = conversation.stream()) {
      var seen = new ArrayList<SseStream.Frame>();
      seen.add(stalled.next());
      var run = seen.getFirst().json();
      var live = liveWhenNearlyAllIsPublished(new RunId(run.path("id").asText()));
      await("the journal has all")
          .atMost(LONG_ENOUGH)
          .until(() -> kept(live, 0) < LiveEventLog.MAX_RETAINED + 2 * LiveEventLog.MIN_RETAINED);
      try (var late = user.events(conversation.path(run) + "/events")) {
        gate.open();
        assertThat(text(late.rest())).as("a reader that joins late").isEqualTo(TEXT);
      }
      conversation.until(run, "completed");

      seen.addAll(stalled.rest());
      assertThat(text(seen)).as("a reader that stalled until the run had ended").isEqualTo(TEXT);
      var ids = new HashSet<String>();
      assertThat(seen.subList(0, seen.size() - 1)).allMatch(frame -> ids.add(frame.id()));
      assertThat(seen.getLast().isDone()).isTrue();
    }
  }

  @Test
  void eventsOfARunWithoutReadersDoNotStayInMemory() {
    var conversation = conversation();
    var run = conversation.run();
    var live = liveWhenNearlyAllIsPublished(new RunId(run.path("id").asText()));

    await("the journal has all")
        .atMost(LONG_ENOUGH)
        .until(() -> kept(live, 0) < 3 * LiveEventLog.MIN_RETAINED);
  }

  @Test
  void aReaderFarBehindLoadsTheJournalInParts() throws InterruptedException {
    var conversation = conversation();
    var run = new RunId(conversation.run().path("id").asText());
    liveWhenNearlyAllIsPublished(run);
    var woken = new Semaphore(0);
    var thread = new ThreadId(conversation.thread());
    var reader =
        new RunEventStream(
            new RunEventReader(liveRuns, watches, loadRun, PROJECT, thread, run, EventId.START),
            EventEncoder.ASSISTANTS_API,
            false,
            null);
    reader.open(woken::release);

    int all = 0;
    int most = 0;
    while (all < NEARLY_ALL) {
      int part = 0;
      while (reader.next(1).frames() != null) {
        part++;
      }
      all += part;
      most = Math.max(most, part);
      assertThat(all >= NEARLY_ALL || woken.tryAcquire(60, TimeUnit.SECONDS))
          .as("woken after %d events", all)
          .isTrue();
    }
    reader.close();
    assertThat(most).as("events held at once").isLessThan(NEARLY_ALL / 3);
  }
}
