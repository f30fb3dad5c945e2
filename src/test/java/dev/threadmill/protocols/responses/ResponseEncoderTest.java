package dev.threadmill.protocols.responses;

import static dev.threadmill.protocols.responses.RandomRun.NOW;
import static dev.threadmill.protocols.responses.RandomRun.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.openai.core.ObjectMappers;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseStreamEvent;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.runs.api.RunItem;
import dev.threadmill.runs.api.RunItem.Call.Executor;
import dev.threadmill.runs.api.RunItem.Place;
import dev.threadmill.runs.api.RunItem.Status;
import dev.threadmill.runs.api.RunState;
import dev.threadmill.runs.api.RunUpdate;
import dev.threadmill.runs.api.RunUpdate.ItemText;
import dev.threadmill.threads.ContentPart;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** Streams of random runs, folded by the accumulator of the official SDK for Java. */
class ResponseEncoderTest {
  private static StoredResponse stored(boolean background) {
    var request = Json.MAPPER.createObjectNode().put("model", "m").put("summary", true);
    request.put("early_calls", true);
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
        stored,
        run(RunState.QUEUED),
        1,
        writer,
        _ -> "sealed",
        summary -> summary,
        Include.NOTHING);
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
    var encoder = encoder(stored(seed % 2 == 0), EventWriter.behind(-1, false));

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
    var read = encoder(stored(false), EventWriter.counting());
    read.collect(RandomRun.items(updates));
    assertThat(read.response().path("output")).isEqualTo(encoder.response().path("output"));
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

    var events = events(encoder(stored(false), EventWriter.behind(-1, false)), updates);

    assertThat(events)
        .filteredOn(event -> event.has("delta"))
        .extracting(event -> event.path("delta").asText())
        .containsExactly("ls", " -l");
    assertThat(events.getLast().at("/item/input").asText()).isEqualTo("ls -l");
  }

  @Test
  void aCallThatDoesNotFitIsShownAsIncomplete() {
    var place = new Place(0, "call_1");
    var call = RandomRun.call(place, Status.IN_PROGRESS, "ask", Executor.CLIENT, "{");
    var encoder = encoder(stored(false), EventWriter.behind(-1, false));

    var events =
        events(
            encoder,
            List.of(
                new RunUpdate.ItemStarted(RandomRun.executedBy(call, null)),
                new RunUpdate.ItemDelta(place, ItemText.ARGUMENTS, "{"),
                new RunUpdate.CallReady(RandomRun.executedBy(call, Executor.NONE)),
                new RunUpdate.ItemEnded(
                    RandomRun.ended(
                        RandomRun.executedBy(call, Executor.NONE), Status.COMPLETED, "Invalid."))));

    assertCallIsIncomplete(encoder, events, "arguments", "{");
  }

  @Test
  void aCallThatTheEndOfTheRunCutsOffIsShownAsIncomplete() {
    var place = new Place(0, "call_1");
    var call = RandomRun.call(place, Status.IN_PROGRESS, "shell", Executor.CLIENT, "");
    var encoder = encoder(stored(false), EventWriter.behind(-1, false));

    var events =
        events(
            encoder,
            List.of(
                new RunUpdate.ItemStarted(RandomRun.executedBy(call, null)),
                new RunUpdate.ItemDelta(place, ItemText.ARGUMENTS, "{\"input\": \"rm "),
                new RunUpdate.StatusChanged(run(RunState.INCOMPLETE))));

    assertThat(events.getLast().path("type").asText()).isEqualTo("response.incomplete");
    assertThat(events.getLast().at("/response/output"))
        .isEqualTo(encoder.response().path("output"));
    assertCallIsIncomplete(encoder, events, "input", "rm ");
  }

  private static void assertCallIsIncomplete(
      ResponseEncoder encoder, List<JsonNode> events, String field, String value) {
    assertThat(events)
        .extracting(event -> event.path("type").asText())
        .containsOnlyOnce("response.output_item.added", "response.output_item.done");
    var item = encoder.response().at("/output/0");
    assertThat(item.path("status").asText()).isEqualTo("incomplete");
    assertThat(item.path(field).asText()).isEqualTo(value);
  }

  @Test
  void aCallOfTheServerIsShownWhileTheModelWritesIt() {
    var place = new Place(0, "call_1");
    var tool = new ToolSpec.CodeInterpreter(null, null);
    var call = RandomRun.call(place, Status.IN_PROGRESS, "code_interpreter", tool, null, "");
    var made =
        RandomRun.call(
            place,
            Status.IN_PROGRESS,
            "code_interpreter",
            tool,
            Executor.SERVER,
            "{\"code\": \"print(1)\"}");
    var encoder = encoder(stored(false), EventWriter.behind(-1, false));

    var begun =
        events(
            encoder,
            List.of(
                new RunUpdate.ItemStarted(call),
                new RunUpdate.ItemDelta(place, ItemText.ARGUMENTS, "print"),
                new RunUpdate.ItemDelta(place, ItemText.ARGUMENTS, "(1)")));
    var rest = events(encoder, List.of(new RunUpdate.CallReady(made)));

    assertThat(begun)
        .extracting(event -> event.path("type").asText())
        .endsWith(
            "response.output_item.added",
            "response.code_interpreter_call.in_progress",
            "response.code_interpreter_call_code.delta",
            "response.code_interpreter_call_code.delta");
    assertThat(rest)
        .extracting(event -> event.path("type").asText())
        .containsExactly(
            "response.code_interpreter_call_code.done",
            "response.code_interpreter_call.interpreting");
  }

  @Test
  void aResponseOfAnEarlierVersionIsReplayedAsItWasStreamed() {
    var place = new Place(0, "call_1");
    var tool = new ToolSpec.FileSearch(null, null);
    var call = RandomRun.call(place, Status.IN_PROGRESS, "file_search", tool, null, "");
    var earlier = stored(false);
    ((ObjectNode) earlier.request()).remove("early_calls");
    var encoder = encoder(earlier, EventWriter.behind(-1, false));

    var begun = events(encoder, List.of(new RunUpdate.ItemStarted(call)));
    var ready =
        events(
            encoder, List.of(new RunUpdate.CallReady(RandomRun.executedBy(call, Executor.SERVER))));

    assertThat(begun)
        .extracting(event -> event.path("type").asText())
        .doesNotContain("response.output_item.added");
    assertThat(ready.getFirst().path("type").asText()).isEqualTo("response.output_item.added");
  }

  @Test
  void aReaderThatResumesReceivesTheRestWithTheSameNumbers() {
    var updates = new RandomRun(7).make();
    var all = events(encoder(stored(false), EventWriter.behind(-1, false)), updates);

    var rest = events(encoder(stored(false), EventWriter.behind(4, false)), updates);

    assertThat(rest).isEqualTo(all.subList(5, all.size()));
  }

  @Test
  void aReaderThatWaitsForEventsOfALostNodeIsToldThatTheyAreLost() {
    var updates =
        List.<RunUpdate>of(
            new RunUpdate.StatusChanged(run(RunState.IN_PROGRESS)),
            new RunUpdate.TakenOver(2),
            new RunUpdate.TakenOver(3),
            new RunUpdate.StatusChanged(run(RunState.COMPLETED)));

    var ahead = events(encoder(stored(false), EventWriter.behind(7, false)), updates);
    var caughtUp = events(encoder(stored(false), EventWriter.behind(1, false)), updates);

    assertThat(ahead).hasSize(1);
    assertThat(ahead.getFirst().path("type").asText()).isEqualTo("error");
    assertThat(ahead.getFirst().path("code").asText()).isEqualTo(EventWriter.LOST);
    assertThat(ahead.getFirst().at("/error/code").asText()).isEqualTo(EventWriter.LOST);
    assertThat(caughtUp).hasSize(1);
    assertThat(caughtUp.getFirst().path("type").asText()).isEqualTo("response.completed");
  }

  @Test
  void aCancelledRunEndsWithoutATerminalEvent() {
    var updates =
        List.<RunUpdate>of(
            new RunUpdate.StatusChanged(run(RunState.QUEUED)),
            new RunUpdate.StatusChanged(run(RunState.IN_PROGRESS)),
            new RunUpdate.StatusChanged(run(RunState.CANCELLED)));
    var encoder = encoder(stored(true), EventWriter.behind(-1, false));

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
    var streamed = encoder(stored(false), EventWriter.behind(-1, false));
    events(
        streamed,
        List.of(
            new RunUpdate.StatusChanged(run(RunState.IN_PROGRESS)),
            new RunUpdate.ItemEnded(made),
            new RunUpdate.ItemEnded(approved),
            new RunUpdate.ItemStarted(message),
            new RunUpdate.ItemEnded(message)));
    var read = encoder(stored(false), EventWriter.counting());

    read.collect(List.of(made, approved, message));

    assertThat(read.response().path("output"))
        .extracting(item -> item.path("type").asText())
        .containsExactly("mcp_call", "message");
    assertThat(read.response().at("/output/0/approval_request_id").asText()).isEqualTo("mcpr_1");
    assertThat(read.response().path("output")).isEqualTo(streamed.response().path("output"));
  }
}
