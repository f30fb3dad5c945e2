package dev.threadmill.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The reply of {@link FakeProvider} to one request: a sequence of steps, created by one of the
 * factories and modified by the {@code with…} methods, which return a copy.
 */
public record Reply(int status, Map<String, String> headers, List<Step> steps) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** One step of a reply. */
  public sealed interface Step {
    /** A chunk whose first choice has this delta. */
    record Delta(ObjectNode delta) implements Step {}

    /** The chunk with the finish reason. */
    record Finish(String reason) implements Step {}

    /** The chunk with the usage. */
    record Usage(int promptTokens, int completionTokens) implements Step {}

    /** Raw bytes, without an event around them. */
    record Raw(byte[] bytes) implements Step {}

    /** The line {@code data: [DONE]}. */
    record Done() implements Step {}

    /** Waits for this time. */
    record Pause(long millis) implements Step {}

    /** Waits until the gate releases one more step. */
    record Wait(ReplyGate gate) implements Step {}

    /** Never continues; the connection stays open. */
    record Hang() implements Step {}

    /** Closes the connection in the middle of the response. */
    record Cut() implements Step {}
  }

  public Reply {
    headers = Map.copyOf(headers);
    steps = List.copyOf(steps);
  }

  /** A text answer, one chunk per word, with finish reason, usage and end. */
  public static Reply text(String text) {
    var steps = new ArrayList<Step>();
    steps.add(new Step.Delta(JSON.createObjectNode().put("role", "assistant").put("content", "")));
    for (var word : text.split("(?<=\\s)(?=\\S)")) {
      if (!word.isEmpty()) {
        steps.add(new Step.Delta(JSON.createObjectNode().put("content", word)));
      }
    }
    int words = steps.size() - 1;
    steps.add(new Step.Finish("stop"));
    steps.add(new Step.Usage(10, words));
    steps.add(new Step.Done());
    return streamed(steps);
  }

  /** A tool call of an answer. */
  public record Call(String id, String name, String arguments) {}

  /** An answer with parallel tool calls, each call's arguments in fragments. */
  public static Reply calls(Call... calls) {
    var steps = new ArrayList<Step>();
    for (int index = 0; index < calls.length; index++) {
      var call = calls[index];
      steps.add(new Step.Delta(toolCall(index, call.id(), call.name(), "")));
      int middle = call.arguments().length() / 2;
      steps.add(new Step.Delta(toolCall(index, null, null, call.arguments().substring(0, middle))));
      steps.add(new Step.Delta(toolCall(index, null, null, call.arguments().substring(middle))));
    }
    steps.add(new Step.Finish("tool_calls"));
    steps.add(new Step.Usage(10, 5 * calls.length));
    steps.add(new Step.Done());
    return streamed(steps);
  }

  /** An answer with one tool call. */
  public static Reply call(String name, String arguments) {
    return calls(new Call("call_" + name, name, arguments));
  }

  /** An error status with the usual body. */
  public static Reply error(int status, String code, String message) {
    var body = JSON.createObjectNode();
    body.putObject("error")
        .put("message", message)
        .put("type", status == 429 ? "rate_limit_error" : "invalid_request_error")
        .putNull("param")
        .put("code", code);
    return new Reply(
        status,
        Map.of("content-type", "application/json"),
        List.of(new Step.Raw(body.toString().getBytes())));
  }

  /** No response at all. */
  public static Reply hang() {
    return new Reply(0, Map.of(), List.of(new Step.Hang()));
  }

  /** Exactly these steps, with status 200. */
  public static Reply streamed(List<Step> steps) {
    return new Reply(200, Map.of("content-type", "text/event-stream"), steps);
  }

  /** Exactly these bytes, one write per element. */
  public static Reply raw(String contentType, byte[]... writes) {
    var steps = new ArrayList<Step>();
    for (var write : writes) {
      steps.add(new Step.Raw(write));
    }
    return new Reply(200, Map.of("content-type", contentType), steps);
  }

  /** This reply after reasoning, one chunk per word, in the field that DeepSeek and vLLM use. */
  public Reply withReasoning(String text) {
    var more = new ArrayList<Step>();
    for (var word : text.split("(?<=\\s)(?=\\S)")) {
      more.add(new Step.Delta(JSON.createObjectNode().put("reasoning_content", word)));
    }
    more.addAll(steps);
    return new Reply(status, headers, more);
  }

  /** This reply after text, one chunk per word. */
  public Reply withTextBefore(String text) {
    var more =
        new ArrayList<>(text(text).steps().stream().filter(Step.Delta.class::isInstance).toList());
    more.addAll(steps);
    return new Reply(status, headers, more);
  }

  /** This reply with one more header. */
  public Reply withHeader(String name, String value) {
    var more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new Reply(status, more, steps);
  }

  /** This reply, where each chunk waits for the gate. */
  public Reply withGate(ReplyGate gate) {
    return between(new Step.Wait(gate));
  }

  /** This reply, with this pause before each chunk. */
  public Reply withPause(long millis) {
    return between(new Step.Pause(millis));
  }

  /** This reply up to its n-th chunk, after which the connection is closed. */
  public Reply cutAfter(int chunks) {
    return endAfter(chunks, new Step.Cut());
  }

  /** This reply up to its n-th chunk, after which nothing is sent. */
  public Reply hangAfter(int chunks) {
    return endAfter(chunks, new Step.Hang());
  }

  /** This reply without the steps of this kind, for example the usage. */
  public Reply without(Class<? extends Step> kind) {
    return new Reply(status, headers, steps.stream().filter(s -> !kind.isInstance(s)).toList());
  }

  private Reply between(Step step) {
    var more = new ArrayList<Step>();
    for (var each : steps) {
      more.add(step);
      more.add(each);
    }
    return new Reply(status, headers, more);
  }

  private Reply endAfter(int chunks, Step end) {
    var kept = new ArrayList<>(steps.subList(0, Math.min(chunks, steps.size())));
    kept.add(end);
    return new Reply(status, headers, kept);
  }

  /** The delta of a fragment of a tool call; null fields are omitted. */
  public static ObjectNode toolCall(int index, String id, String name, String arguments) {
    var delta = JSON.createObjectNode();
    var call = delta.putArray("tool_calls").addObject().put("index", index);
    if (id != null) {
      call.put("id", id).put("type", "function");
    }
    var function = call.putObject("function");
    if (name != null) {
      function.put("name", name);
    }
    function.put("arguments", arguments);
    return delta;
  }

  /** The response to a request without streaming: the accumulated steps. */
  JsonNode completion(String model) {
    var completion = JSON.createObjectNode();
    completion.put("id", "chatcmpl-fake").put("object", "chat.completion").put("created", 1);
    completion.put("model", model);
    var choice = completion.putArray("choices").addObject().put("index", 0);
    var message = choice.putObject("message").put("role", "assistant");
    var text = new StringBuilder();
    var calls = new ArrayList<ObjectNode>();
    for (var step : steps) {
      switch (step) {
        case Step.Delta(var delta) -> {
          text.append(delta.path("content").asText(""));
          for (var call : delta.path("tool_calls")) {
            while (calls.size() <= call.path("index").asInt()) {
              calls.add(JSON.createObjectNode().put("type", "function"));
            }
            merge(calls.get(call.path("index").asInt()), call);
          }
        }
        case Step.Finish(var reason) -> choice.put("finish_reason", reason);
        case Step.Usage(var prompt, var written) ->
            completion
                .putObject("usage")
                .put("prompt_tokens", prompt)
                .put("completion_tokens", written)
                .put("total_tokens", prompt + written);
        case Step.Raw _, Step.Done _, Step.Pause _, Step.Wait _, Step.Hang _, Step.Cut _ -> {}
      }
    }
    message.put("content", text.isEmpty() ? null : text.toString());
    if (!calls.isEmpty()) {
      message.putArray("tool_calls").addAll(calls);
    }
    return completion;
  }

  private static void merge(ObjectNode call, JsonNode piece) {
    if (piece.has("id")) {
      call.set("id", piece.get("id"));
    }
    var function = call.withObject("/function");
    if (piece.path("function").has("name")) {
      function.set("name", piece.path("function").get("name"));
    }
    function.put(
        "arguments",
        function.path("arguments").asText("") + piece.path("function").path("arguments").asText());
  }
}
