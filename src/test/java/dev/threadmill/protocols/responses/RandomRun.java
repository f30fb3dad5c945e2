package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.McpSpec;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.api.RunItem;
import dev.threadmill.runs.api.RunItem.Call.Executor;
import dev.threadmill.runs.api.RunItem.Place;
import dev.threadmill.runs.api.RunItem.Status;
import dev.threadmill.runs.api.RunSnapshot;
import dev.threadmill.runs.api.RunState;
import dev.threadmill.runs.api.RunUpdate;
import dev.threadmill.runs.api.RunUpdate.ItemText;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.tools.code.CodeArguments;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/** The updates of a random run. */
final class RandomRun {
  static final Instant NOW = Instant.ofEpochSecond(1_790_000_000);

  private final Random random;
  private final List<RunUpdate> updates = new ArrayList<>();
  private int items;

  RandomRun(long seed) {
    random = new Random(seed);
  }

  /** The run in this state. */
  static RunSnapshot run(RunState status) {
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

  /** The items that these updates leave, in their order. */
  static List<RunItem> items(List<RunUpdate> updates) {
    var items = new TreeMap<Integer, RunItem>();
    for (var update : updates) {
      switch (update) {
        case RunUpdate.ItemStarted(var item) -> items.put(item.place().index(), item);
        case RunUpdate.CallReady(var call) -> items.put(call.place().index(), call);
        case RunUpdate.ItemEnded(var item) -> items.put(item.place().index(), item);
        default -> {
          // The end of an item has its texts.
        }
      }
    }
    return List.copyOf(items.values());
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
      content = new ArrayList<>();
      if (random.nextBoolean()) {
        content.add(ContentPart.text(deltas(place, ItemText.MESSAGE)));
      }
      content.add(ContentPart.refusal(deltas(place, ItemText.REFUSAL)));
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
      var tool = executor == Executor.CLIENT ? function(name) : tool();
      updates.add(new RunUpdate.ItemStarted(call(place, Status.IN_PROGRESS, name, tool, null, "")));
      var arguments = arguments(place, name, tool);
      var ready = isRefused ? Executor.NONE : executor;
      calls.add(call(place, Status.IN_PROGRESS, name, tool, ready, arguments));
    }
    boolean isCutOff = random.nextInt(5) == 0;
    if (!isCutOff) {
      calls.forEach(call -> updates.add(new RunUpdate.CallReady(call)));
    }
    for (var call : calls) {
      if (isCutOff) {
        var undecided = executedBy(call, Executor.CLIENT);
        updates.add(new RunUpdate.ItemEnded(ended(undecided, Status.INCOMPLETE, null)));
      } else if (executor == Executor.SERVER || call.executor() == Executor.NONE) {
        updates.add(new RunUpdate.ItemEnded(ended(call, Status.COMPLETED, "out")));
      }
    }
  }

  /** A tool of the server; its calls of the last kind may need an approval. */
  private ToolSpec tool() {
    return switch (random.nextInt(6)) {
      case 0 -> null;
      case 1 -> new ToolSpec.FileSearch(null, null);
      case 2 -> new ToolSpec.CodeInterpreter(null, null);
      case 3 -> new WebSearchSpec(null, null, null);
      default ->
          new ToolSpec.Mcp(
              new McpSpec(
                  "s",
                  "https://mcp.example",
                  null,
                  null,
                  null,
                  null,
                  TextNode.valueOf(random.nextBoolean() ? "never" : "always"),
                  null));
    };
  }

  private static ToolSpec function(String name) {
    return new ToolSpec.Function(new FunctionSpec(name, null, null, null));
  }

  /** Arguments in pieces of any length; of code only the code. */
  private String arguments(Place place, String name, ToolSpec tool) {
    if (tool instanceof ToolSpec.CodeInterpreter) {
      return CodeArguments.toJson(deltas(place, ItemText.ARGUMENTS));
    }
    var words = new StringBuilder();
    for (int i = random.nextInt(4); i >= 0; i--) {
      words.append(word());
    }
    var whole =
        Json.MAPPER
            .createObjectNode()
            .put(name.equals("shell") ? "input" : "query", words.toString())
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

  static RunItem.Call call(
      Place place, Status status, String name, Executor executor, String arguments) {
    var tool = executor == Executor.CLIENT ? function(name) : null;
    return call(place, status, name, tool, executor, arguments);
  }

  static RunItem.Call call(
      Place place, Status status, String name, ToolSpec tool, Executor executor, String arguments) {
    return new RunItem.Call(
        place,
        status,
        "function",
        name,
        tool,
        arguments,
        executor,
        null,
        null,
        "",
        List.of(),
        List.of());
  }

  static RunItem.Call executedBy(RunItem.Call call, Executor executor) {
    return changed(call, call.status(), executor, call.output());
  }

  static RunItem.Call ended(RunItem.Call call, Status status, String output) {
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
