package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.openai.core.ObjectMappers;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseStreamEvent;
import dev.threadmill.api.Json;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.runs.api.RunItem;
import dev.threadmill.runs.api.RunItem.Call.Executor;
import dev.threadmill.runs.api.RunItem.Place;
import dev.threadmill.runs.api.RunItem.Status;
import dev.threadmill.runs.api.RunSnapshot;
import dev.threadmill.runs.api.RunState;
import dev.threadmill.runs.api.RunUpdate;
import dev.threadmill.runs.api.RunUpdate.ItemText;
import dev.threadmill.threads.ContentPart;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** Streams of random runs, folded by the accumulator of the official SDK for Java. */
class ResponseEncoderTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_790_000_000);

  private static RunSnapshot run(RunState status) {
    return new RunSnapshot(
        new ThreadId("thread_1"),
        new RunId("run_1"),
        null,
        status,
        NOW,
        NOW,
        true,
        status == RunState.FAILED ? new RunSnapshot.Failure("server_error", "It broke.") : null,
        status == RunState.INCOMPLETE ? "max_completion_tokens" : null,
        List.of(),
        new Usage(3, 4, 1),
        NOW,
        Metadata.EMPTY,
        new RunSnapshot.Settings(
            "m",
            "",
            List.of(),
            ToolChoice.AUTO,
            true,
            null,
            null,
            null,
            null,
            ResponseFormat.AUTO,
            null,
            TurnOptions.NONE));
  }

  private static StoredResponse stored(boolean background) {
    var request = Json.MAPPER.createObjectNode().put("model", "m").put("summary", true);
    request.putArray("tools");
    request.putObject("text").putObject("format").put("type", "text");
    request.putObject("names").putObject("shell").put("name", "shell").put("custom", true);
    return new StoredResponse(
        "resp_1",
        new ProjectId("proj_1"),
        new ThreadId("thread_1"),
        new RunId("run_1"),
        NOW,
        null,
        null,
        null,
        false,
        background,
        true,
        request,
        Json.MAPPER.createArrayNode(),
        "");
  }

  private static ResponseEncoder encoder(StoredResponse stored, EventWriter writer) {
    return new ResponseEncoder(
        stored, run(RunState.QUEUED), writer, _ -> "sealed", Include.NOTHING);
  }

  /** The updates of a random run. */
  private static final class RandomRun {
    private final Random random;
    private final List<RunUpdate> updates = new ArrayList<>();
    private int items;

    RandomRun(long seed) {
      random = new Random(seed);
    }

    private Place next(String prefix) {
      return new Place(items, prefix + (++items));
    }

    private String word() {
      return List.of("one ", "zwei ", "\"\\ ", "\n", "ü𝄞 ").get(random.nextInt(5));
    }

    private String deltas(Place place, ItemText kind) {
      var text = new StringBuilder();
      for (int i = random.nextInt(4); i >= 0; i--) {
        var piece = word();
        text.append(piece);
        updates.add(new RunUpdate.ItemDelta(place, kind, piece));
      }
      return text.toString();
    }

    List<RunUpdate> make() {
      updates.add(new RunUpdate.StatusChanged(run(RunState.QUEUED)));
      updates.add(new RunUpdate.StatusChanged(run(RunState.IN_PROGRESS)));
      for (int turn = random.nextInt(3); turn > 0; turn--) {
        reasoning();
        calls(Executor.SERVER);
      }
      reasoning();
      switch (random.nextInt(5)) {
        case 0 -> {
          calls(Executor.CLIENT);
          updates.add(new RunUpdate.StatusChanged(run(RunState.REQUIRES_ACTION)));
        }
        case 1 -> {
          message(Status.INCOMPLETE);
          updates.add(new RunUpdate.StatusChanged(run(RunState.INCOMPLETE)));
        }
        case 2 -> updates.add(new RunUpdate.StatusChanged(run(RunState.FAILED)));
        default -> {
          message(Status.COMPLETED);
          updates.add(new RunUpdate.StatusChanged(run(RunState.COMPLETED)));
        }
      }
      return updates;
    }

    private void reasoning() {
      if (random.nextBoolean()) {
        var place = next("step_a-");
        updates.add(
            new RunUpdate.ItemStarted(new RunItem.Reasoning(place, Status.IN_PROGRESS, "", null)));
        var text = deltas(place, ItemText.REASONING);
        updates.add(
            new RunUpdate.ItemEnded(new RunItem.Reasoning(place, Status.COMPLETED, text, null)));
      }
    }

    private void message(Status end) {
      var place = next("msg_");
      updates.add(
          new RunUpdate.ItemStarted(new RunItem.Message(place, Status.IN_PROGRESS, List.of())));
      List<ContentPart> content;
      if (random.nextInt(4) == 0) {
        content = List.of(ContentPart.refusal("No."));
        updates.add(new RunUpdate.ItemDelta(place, ItemText.REFUSAL, "No."));
      } else {
        content = List.of(ContentPart.text(deltas(place, ItemText.MESSAGE)));
      }
      updates.add(new RunUpdate.ItemEnded(new RunItem.Message(place, end, content)));
    }

    private void calls(Executor executor) {
      var calls = new ArrayList<RunItem.Call>();
      for (int i = random.nextInt(3); i >= 0; i--) {
        boolean isRefused = random.nextInt(5) == 0;
        var name = random.nextInt(3) == 0 ? "shell" : "ask";
        var place = next("call_");
        calls.add(
            call(place, Status.IN_PROGRESS, name, isRefused ? Executor.NONE : executor, null));
        updates.add(new RunUpdate.ItemStarted(call(place, Status.IN_PROGRESS, name, null, null)));
        deltas(place, ItemText.ARGUMENTS);
      }
      calls.forEach(call -> updates.add(new RunUpdate.CallReady(call)));
      for (var call : calls) {
        if (executor == Executor.SERVER || call.executor() == Executor.NONE) {
          updates.add(
              new RunUpdate.ItemEnded(
                  call(call.place(), Status.COMPLETED, call.name(), call.executor(), "out")));
        }
      }
    }

    private static RunItem.Call call(
        Place place, Status status, String name, Executor executor, String output) {
      return new RunItem.Call(
          place,
          status,
          "function",
          name,
          null,
          "{\"input\": \"ls\"}",
          executor,
          null,
          output,
          "",
          List.of(),
          List.of());
    }
  }

  private static List<JsonNode> events(ResponseEncoder encoder, List<RunUpdate> updates) {
    var events = new ArrayList<JsonNode>();
    for (var update : updates) {
      var bytes = encoder.encode(null, update);
      if (bytes != null) {
        for (var line : new String(bytes, StandardCharsets.UTF_8).split("\n")) {
          if (line.startsWith("data: ")) {
            events.add(Json.tree(line.substring("data: ".length())));
          }
        }
      }
    }
    return events;
  }

  @RepeatedTest(60)
  void aFoldedStreamIsTheResponseThatIsReadLater(RepetitionInfo repetition) throws Exception {
    long seed = repetition.getCurrentRepetition();
    var updates = new RandomRun(seed).make();
    var encoder = encoder(stored(seed % 2 == 0), new EventWriter(true, -1));

    var events = events(encoder, updates);

    var accumulator = ResponseAccumulator.create();
    int number = 0;
    for (var event : events) {
      assertThat(event.path("sequence_number").asInt()).isEqualTo(number++);
      var typed = ObjectMappers.jsonMapper().readValue(event.toString(), ResponseStreamEvent.class);
      accumulator.accumulate(typed.validate());
    }
    var folded = accumulator.response();
    assertThat(folded)
        .isEqualTo(
            ObjectMappers.jsonMapper().readValue(encoder.response().toString(), Response.class));
    folded.validate();
    requireOrder(events);
  }

  /** What the accumulators of other SDKs demand. */
  private static void requireOrder(List<JsonNode> events) {
    var open = new ArrayList<String>();
    var done = new ArrayList<JsonNode>();
    assertThat(events.getFirst().path("type").asText()).isEqualTo("response.created");
    for (var event : events) {
      var type = event.path("type").asText();
      switch (type) {
        case "response.output_item.added" -> {
          assertThat(event.path("output_index").asInt()).isEqualTo(open.size());
          open.add(event.at("/item/id").asText());
        }
        case "response.output_item.done" -> {
          assertThat(event.at("/item/id").asText())
              .isEqualTo(open.get(event.path("output_index").asInt()));
          done.add(event.path("item"));
        }
        default -> {
          if (event.has("item_id")) {
            assertThat(event.path("item_id").asText())
                .isEqualTo(open.get(event.path("output_index").asInt()));
          }
        }
      }
      assertThat(event.has("error")).isFalse();
    }
    var output = events.getLast().at("/response/output");
    assertThat(done).hasSize(output.size()).containsAll(output);
  }

  @Test
  void aReaderThatResumesReceivesTheRestWithTheSameNumbers() {
    var updates = new RandomRun(7).make();
    var all = events(encoder(stored(false), new EventWriter(true, -1)), updates);

    var rest = events(encoder(stored(false), new EventWriter(true, 4)), updates);

    assertThat(rest).isEqualTo(all.subList(5, all.size()));
  }

  @Test
  void aCancelledRunEndsWithoutATerminalEvent() {
    var updates =
        List.<RunUpdate>of(
            new RunUpdate.StatusChanged(run(RunState.QUEUED)),
            new RunUpdate.StatusChanged(run(RunState.IN_PROGRESS)),
            new RunUpdate.StatusChanged(run(RunState.CANCELLED)));
    var encoder = encoder(stored(true), new EventWriter(true, -1));

    var events = events(encoder, updates);

    assertThat(events.getLast().path("type").asText()).isEqualTo("response.in_progress");
    ObjectNode response = encoder.response();
    assertThat(response.path("status").asText()).isEqualTo("cancelled");
  }

  @Test
  void anApprovedCallIsShownByTheResponseInWhichItIsMadeAndNoOtherCallOfItsStep() {
    var before = new Place(Place.BEFORE, "call_1");
    var approved =
        RandomRun.call(before, Status.COMPLETED, "ask", Executor.APPROVAL, "you said hello");
    var made =
        RandomRun.call(
            new Place(Place.BEFORE, "call_2"), Status.COMPLETED, "ask", Executor.SERVER, "out");
    var message =
        new RunItem.Message(
            new Place(0, "msg_1"), Status.COMPLETED, List.of(ContentPart.text("Done.")));
    var streamed = encoder(stored(false), new EventWriter(true, -1));
    events(
        streamed,
        List.of(
            new RunUpdate.StatusChanged(run(RunState.IN_PROGRESS)),
            new RunUpdate.ItemEnded(made),
            new RunUpdate.ItemEnded(approved),
            new RunUpdate.ItemStarted(message),
            new RunUpdate.ItemEnded(message)));
    var read = encoder(stored(false), new EventWriter(false, -1));

    read.collect(List.of(made, approved, message));

    assertThat(read.response().path("output"))
        .extracting(item -> item.path("type").asText())
        .containsExactly("mcp_call", "message");
    assertThat(read.response().at("/output/0/approval_request_id").asText()).isEqualTo("mcpr_1");
    assertThat(read.response().path("output")).isEqualTo(streamed.response().path("output"));
  }
}
