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
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.models.FunctionSpec;
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
        updates.add(
            new RunUpdate.ItemStarted(
                executedBy(call(place, Status.IN_PROGRESS, name, executor, ""), null)));
        var arguments = arguments(place, name);
        calls.add(
            executedBy(
                call(place, Status.IN_PROGRESS, name, executor, arguments),
                isRefused ? Executor.NONE : executor));
      }
      boolean isCutOff = executor == Executor.CLIENT && random.nextInt(5) == 0;
      if (!isCutOff) {
        calls.forEach(call -> updates.add(new RunUpdate.CallReady(call)));
      }
      for (var call : calls) {
        if (isCutOff) {
          updates.add(new RunUpdate.ItemEnded(ended(call, Status.INCOMPLETE, null)));
        } else if (executor == Executor.SERVER || call.executor() == Executor.NONE) {
          updates.add(new RunUpdate.ItemEnded(ended(call, Status.COMPLETED, "out")));
        }
      }
    }

    /** Arguments in pieces of any length. */
    private String arguments(Place place, String name) {
      var words = new StringBuilder();
      for (int i = random.nextInt(4); i >= 0; i--) {
        words.append(word());
      }
      var whole =
          Json.MAPPER
              .createObjectNode()
              .put(name.equals("shell") ? "input" : "city", words.toString())
              .toString();
      for (int from = 0; from < whole.length(); ) {
        int to = whole.offsetByCodePoints(from, 1);
        for (int more = random.nextInt(5); more > 0 && to < whole.length(); more--) {
          to = whole.offsetByCodePoints(to, 1);
        }
        updates.add(new RunUpdate.ItemDelta(place, ItemText.ARGUMENTS, whole.substring(from, to)));
        from = to;
      }
      return whole;
    }

    private static RunItem.Call call(
        Place place, Status status, String name, Executor executor, String arguments) {
      return new RunItem.Call(
          place,
          status,
          "function",
          name,
          executor == Executor.CLIENT
              ? new ToolSpec.Function(new FunctionSpec(name, null, null, null))
              : null,
          arguments,
          executor,
          null,
          null,
          "",
          List.of(),
          List.of());
    }

    private static RunItem.Call executedBy(RunItem.Call call, Executor executor) {
      return changed(call, call.status(), executor, call.output());
    }

    private static RunItem.Call ended(RunItem.Call call, Status status, String output) {
      return changed(call, status, call.executor(), output);
    }

    private static RunItem.Call changed(
        RunItem.Call call, Status status, Executor executor, String output) {
      return new RunItem.Call(
          call.place(),
          status,
          call.type(),
          call.name(),
          call.tool(),
          call.arguments(),
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
          // A call that was refused or cut off ends, and is not in the output.
          if (!isWithdrawn(event.path("item"))) {
            done.add(event.path("item"));
          }
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

  private static boolean isWithdrawn(JsonNode item) {
    return List.of("function_call", "custom_tool_call").contains(item.path("type").asText())
        && item.path("status").asText().equals("incomplete");
  }

  @Test
  void theArgumentsOfACallArriveAsTheModelGivesThem() {
    var place = new Place(0, "call_1");
    var call = RandomRun.call(place, Status.IN_PROGRESS, "shell", Executor.CLIENT, "");
    var whole =
        RandomRun.call(
            place, Status.IN_PROGRESS, "shell", Executor.CLIENT, "{\"input\": \"ls -l\"}");
    var updates = new ArrayList<RunUpdate>();
    updates.add(new RunUpdate.ItemStarted(RandomRun.executedBy(call, null)));
    for (var piece : List.of("{\"inp", "ut\": \"ls", " -l\"}")) {
      updates.add(new RunUpdate.ItemDelta(place, ItemText.ARGUMENTS, piece));
    }
    updates.add(new RunUpdate.CallReady(whole));

    var events = events(encoder(stored(false), new EventWriter(true, -1)), updates);

    assertThat(events)
        .filteredOn(event -> event.has("delta"))
        .extracting(event -> event.path("delta").asText())
        .containsExactly("ls", " -l");
    assertThat(events.getLast().at("/item/input").asText()).isEqualTo("ls -l");
  }

  @Test
  void aCallThatDoesNotFitEndsIncompleteAndIsNotInTheOutput() {
    var place = new Place(0, "call_1");
    var call = RandomRun.call(place, Status.IN_PROGRESS, "ask", Executor.CLIENT, "{");
    var encoder = encoder(stored(false), new EventWriter(true, -1));

    var events =
        events(
            encoder,
            List.of(
                new RunUpdate.ItemStarted(RandomRun.executedBy(call, null)),
                new RunUpdate.ItemDelta(place, ItemText.ARGUMENTS, "{"),
                new RunUpdate.CallReady(RandomRun.executedBy(call, Executor.NONE))));

    assertThat(events.getLast().at("/item/status").asText()).isEqualTo("incomplete");
    assertThat(encoder.response().path("output")).isEmpty();
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
        RandomRun.ended(
            RandomRun.call(before, Status.COMPLETED, "ask", Executor.APPROVAL, "{}"),
            Status.COMPLETED,
            "you said hello");
    var made =
        RandomRun.ended(
            RandomRun.call(
                new Place(Place.BEFORE, "call_2"), Status.COMPLETED, "ask", Executor.SERVER, "{}"),
            Status.COMPLETED,
            "out");
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
