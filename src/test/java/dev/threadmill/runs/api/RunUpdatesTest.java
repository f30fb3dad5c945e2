package dev.threadmill.runs.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.api.RunClient.CreationHook;
import dev.threadmill.runs.api.RunUpdate.ItemText;
import dev.threadmill.runs.spec.RunOverrides;
import dev.threadmill.runs.spec.RunSpec;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.CreateMessage;
import dev.threadmill.threads.CreateThread;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a front door sees of a run: its items, live and replayed. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class RunUpdatesTest {
  private static final ProjectId PROJECT = new ProjectId("proj_default");

  private final String model = "items-" + UUID.randomUUID();
  FakeProvider provider;
  @Inject RunClient runs;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  private RunHandle start() {
    var weather =
        Json.read(
            "{\"type\": \"function\", \"function\": {\"name\": \"get_weather\"}}", ToolSpec.class);
    var settings =
        RunOverrides.builder().model(model).tools(List.of(weather)).exactReplay(true).build();
    var message =
        new CreateMessage(
            CreateMessage.Role.USER, List.of(ContentPart.text("Hi")), null, null, null);
    return runs.startWithThread(
        PROJECT,
        new CreateThread(List.of(message), null, null, null),
        RunSpec.withoutAssistant(settings),
        CreationHook.NONE);
  }

  private RunHandle again(RunHandle handle) {
    var known = handle.snapshot();
    return runs.find(PROJECT, known.thread(), known.id()).orElseThrow();
  }

  /** All updates up to the end, or the next pause. */
  private static List<RunUpdate> updates(RunHandle handle, boolean untilPause, String from)
      throws InterruptedException {
    var updates = new ArrayList<RunUpdate>();
    var stream =
        handle.stream(
            (_, update) -> {
              updates.add(update);
              return null;
            },
            untilPause,
            from);
    var changes = new Semaphore(0);
    stream.open(changes::release);
    try {
      while (!stream.next(Integer.MAX_VALUE).last()) {
        changes.acquire();
        changes.drainPermits();
      }
    } finally {
      stream.close();
    }
    return updates;
  }

  private static List<String> kinds(List<RunUpdate> updates) {
    return updates.stream()
        .map(
            update ->
                switch (update) {
                  case RunUpdate.StatusChanged(var run) -> run.status().wire();
                  case RunUpdate.ItemStarted(var item) -> "started " + kind(item);
                  case RunUpdate.ItemDelta(var place, var text, var piece) ->
                      "%d %s '%s'".formatted(place.index(), text, piece);
                  case RunUpdate.AnnotationAdded(_, var index, _) -> "annotation " + index;
                  case RunUpdate.TakenOver(var attempt) -> "attempt " + attempt;
                  case RunUpdate.CallReady(var call) -> "ready " + call.arguments();
                  case RunUpdate.ReasoningStored(var place, _) -> "state of " + place.index();
                  case RunUpdate.ItemEnded(var item) -> "ended " + kind(item);
                })
        .toList();
  }

  private static String kind(RunItem item) {
    return item.place().index() + " " + item.getClass().getSimpleName();
  }

  private static String texts(List<RunUpdate> updates, ItemText text) {
    return updates.stream()
        .filter(RunUpdate.ItemDelta.class::isInstance)
        .map(RunUpdate.ItemDelta.class::cast)
        .filter(delta -> delta.text() == text)
        .map(RunUpdate.ItemDelta::piece)
        .collect(Collectors.joining());
  }

  @Test
  void theItemsOfAnAnswerArriveInTheirOrder() throws Exception {
    provider.replyTo(model, Reply.text("It rains.").withReasoning("Let me see."));

    var updates = updates(start(), true, null);

    assertThat(kinds(updates))
        .startsWith("queued", "in_progress", "started 0 Reasoning")
        .containsSubsequence(
            "0 REASONING 'Let '",
            "0 REASONING 'see.'",
            "ended 0 Reasoning",
            "started 1 Message",
            "1 MESSAGE 'It '",
            "1 MESSAGE 'rains.'",
            "ended 1 Message",
            "completed");
    assertThat(updates)
        .filteredOn(RunUpdate.ItemEnded.class::isInstance)
        .map(update -> ((RunUpdate.ItemEnded) update).item())
        .satisfiesExactly(
            reasoning ->
                assertThat(((RunItem.Reasoning) reasoning).text()).isEqualTo("Let me see."),
            message -> {
              assertThat(message.status()).isEqualTo(RunItem.Status.COMPLETED);
              assertThat(((RunItem.Message) message).text()).isEqualTo("It rains.");
            });
  }

  @Test
  void aReplayFromTheStartHasTheSameUpdatesDownToEachDelta() throws Exception {
    provider.replyTo(
        model, Reply.text("It rains all day long.").withReasoning("Let me see what it does."));
    var run = start();

    var live = updates(run, true, null);
    var replayed = updates(again(run), true, null);

    assertThat(live.size()).as("deltas are not merged").isGreaterThan(14);
    assertThat(comparable(replayed)).containsExactlyElementsOf(comparable(live));
    assertThat(again(run).items(true, null))
        .extracting(RunUpdatesTest::kind)
        .containsExactly("0 Reasoning", "1 Message");
  }

  @Test
  void aRunThatWaitsForItsClientIsFollowedInTwoParts() throws Exception {
    provider.replyTo(
        model,
        Reply.call("get_weather", "{\"city\": \"Bonn\"}").withReasoning("I have to ask."),
        Reply.text("Rain."));
    var run = start();

    var first = updates(run, true, null);

    assertThat(kinds(first))
        .endsWith("state of 0", "ready {\"city\": \"Bonn\"}", "requires_action");
    assertThat(texts(first, ItemText.ARGUMENTS)).isEqualTo("{\"city\": \"Bonn\"}");
    var waiting = ((RunUpdate.StatusChanged) first.getLast()).snapshot();
    assertThat(waiting.usage()).isEqualTo(new Usage(10, 5));
    var ready = ready(first);
    assertThat(ready.executor()).isEqualTo(RunItem.Call.Executor.CLIENT);
    assertThat(ready.tool()).isInstanceOf(ToolSpec.Function.class);
    assertThat(waiting.pendingCalls().getFirst().id()).isEqualTo(ready.place().id());

    var resumed =
        runs.submit(PROJECT, waiting.thread(), waiting.id(), Map.of(ready.place().id(), "wet"));
    var start = resumed.start();
    var second = updates(resumed, true, null);

    assertThat(kinds(second))
        .startsWith("ended -1 Call", "queued", "in_progress", "started 0 Message")
        .endsWith("0 MESSAGE 'Rain.'", "ended 0 Message", "completed");
    assertThat(comparable(updates(again(run), true, null)))
        .containsExactlyElementsOf(comparable(first));
    assertThat(comparable(updates(again(run), true, start)))
        .containsExactlyElementsOf(comparable(second));
    var whole = again(run).items(false, null);
    assertThat(whole)
        .extracting(RunUpdatesTest::kind)
        .containsExactly("0 Reasoning", "1 Call", "2 Message");
    assertThat(((RunItem.Reasoning) whole.get(0)).state()).isNotNull();
    assertThat(((RunItem.Call) whole.get(1)).output()).isEqualTo("wet");
    assertThat(again(run).items(true, start))
        .extracting(RunUpdatesTest::kind)
        .containsExactly("-1 Call", "0 Message");
  }

  /** The state of a provider has other types of Java, but the same JSON, once it is read back. */
  private static List<Object> comparable(List<RunUpdate> updates) {
    return updates.stream()
        .map(
            update ->
                update instanceof RunUpdate.ReasoningStored(var place, var state)
                    ? List.<Object>of(place, Json.tree(Json.write(state)))
                    : update)
        .toList();
  }

  private static RunItem.Call ready(List<RunUpdate> updates) {
    return updates.stream()
        .filter(RunUpdate.CallReady.class::isInstance)
        .map(update -> ((RunUpdate.CallReady) update).call())
        .findFirst()
        .orElseThrow();
  }
}
