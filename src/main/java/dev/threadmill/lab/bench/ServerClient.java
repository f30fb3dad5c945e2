package dev.threadmill.lab.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Creates runs through the server, streamed, as an application with an official SDK would. */
final class ServerClient implements Client {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String WAITS = "\"status\":\"requires_action\"";
  private static final String DONE = "\"status\":\"completed\"";
  private static final String SUBMIT = "/submit_tool_outputs";
  private static final String RUN = "\"object\":\"thread.run\"";
  private static final String RESPONSE = "\"object\":\"response\"";
  private static final List<?> TOOLS =
      List.of(
          Map.of(
              "type",
              "function",
              "function",
              Map.of("name", TOOL, "parameters", Map.of("type", "object"))));

  private final HttpConnection server;
  private final String assistant;

  ServerClient(URI server, String key, String assistant) {
    this.server = new HttpConnection(server, key);
    this.assistant = assistant;
  }

  /** Creates the assistant of all runs and returns its id. */
  static String makeAssistant(URI server, String key) throws IOException {
    try (var connection = new HttpConnection(server, key)) {
      var made = connection.post("/assistants", json(Map.of("model", "mock-0")));
      return JSON.readTree(made).path("id").asText();
    }
  }

  @Override
  public Sample run(String model, long since) throws IOException {
    var reader = new TimedStreamReader(since);
    end(reader.read(server.stream("/threads/runs", newThread(model)), RUN));
    return reader.done();
  }

  /** As {@link #run}, by the Responses API. */
  Sample respond(String model, long since) throws IOException {
    var reader = new TimedStreamReader(since);
    var create = Map.of("model", model, "stream", true, "input", List.of(question()));
    end(reader.read(server.stream("/responses", json(create)), RESPONSE));
    return reader.done();
  }

  /** Starts a run on a new thread and leaves its stream open after the first token. */
  void openStream(String model) throws IOException {
    new TimedStreamReader(0).readFirst(server.stream("/threads/runs", newThread(model)));
  }

  /** Starts a run on a new thread. Its events must be read to their end. */
  HttpConnection.Body events(String model) throws IOException {
    return server.stream("/threads/runs", newThread(model));
  }

  /** The events of any run after the last received one. */
  HttpConnection.Body resume(String thread, String run, String lastEventId) throws IOException {
    return server.resume("/threads/%s/runs/%s/events".formatted(thread, run), lastEventId);
  }

  private byte[] newThread(String model) throws IOException {
    return json(
        Map.of(
            "assistant_id",
            assistant,
            "model",
            model,
            "stream",
            true,
            "thread",
            Map.of("messages", List.of(question()))));
  }

  @Override
  public Sample runWithTool(String model, long since) throws IOException {
    var reader = new TimedStreamReader(since);
    var create =
        Map.of(
            "assistant_id", assistant,
            "model", model,
            "stream", true,
            "tools", TOOLS,
            "thread", Map.of("messages", List.of(question())));
    var line = reader.read(server.stream("/threads/runs", json(create)), RUN);
    while (line != null && line.contains(WAITS)) {
      var run = JSON.readTree(line.substring(line.indexOf('{')));
      line = reader.read(server.stream(path(run) + SUBMIT, outputs(run, true)), RUN);
    }
    end(line);
    return reader.done();
  }

  /** Starts a run that will wait for its client, and returns its path. */
  String beginWithTool(String model) throws IOException {
    var create =
        Map.of(
            "assistant_id", assistant,
            "model", model,
            "tools", TOOLS,
            "thread", Map.of("messages", List.of(question())));
    return path(JSON.readTree(server.post("/threads/runs", json(create))));
  }

  /** Submits the outputs of a waiting run, which then continues. */
  void answerTool(String run) throws IOException {
    server.post(run + SUBMIT, outputs(JSON.readTree(server.get(run)), false));
  }

  private static String path(JsonNode run) {
    return "/threads/%s/runs/%s".formatted(run.path("thread_id").asText(), run.path("id").asText());
  }

  private static byte[] outputs(JsonNode run, boolean streamed) throws IOException {
    List<Object> outputs = new ArrayList<>();
    for (JsonNode call : run.at("/required_action/submit_tool_outputs/tool_calls")) {
      outputs.add(Map.of("tool_call_id", call.path("id").asText(), "output", TOOL_OUTPUT));
    }
    return json(Map.of("stream", streamed, "tool_outputs", outputs));
  }

  @Override
  public String makeThread(int messages) throws IOException {
    List<Object> all = new ArrayList<>();
    for (int place = 0; place < messages; place++) {
      all.add(place % 2 == 0 ? question() : Map.of("role", "assistant", "content", QUESTION));
    }
    return JSON.readTree(server.post("/threads", json(Map.of("messages", all))))
        .path("id")
        .asText();
  }

  @Override
  public Sample runOn(String thread, String model, long since) throws IOException {
    var reader = new TimedStreamReader(since);
    var create =
        Map.of(
            "assistant_id",
            assistant,
            "model",
            model,
            "stream",
            true,
            "additional_messages",
            List.of(question()));
    end(reader.read(server.stream("/threads/" + thread + "/runs", json(create)), RUN));
    return reader.done();
  }

  private static Map<String, ?> question() {
    return Map.of("role", "user", "content", QUESTION);
  }

  private static void end(String run) throws IOException {
    if (run == null || !run.contains(DONE)) {
      throw new IOException("a run was not completed: " + run);
    }
  }

  private static byte[] json(Object body) throws IOException {
    return JSON.writeValueAsBytes(body);
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
