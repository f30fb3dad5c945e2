package dev.threadmill.lab.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The control: the minimum that an application without a server would do. It calls the provider
 * itself and inserts one row per message, committed at once.
 */
final class DirectClient implements Client {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PATH = "/chat/completions";
  private static final List<?> TOOLS =
      List.of(
          Map.of(
              "type",
              "function",
              "function",
              Map.of("name", TOOL, "parameters", Map.of("type", "object"))));

  private final HttpConnection provider;
  private final Connection database;

  DirectClient(URI provider, Connection database) {
    this.provider = new HttpConnection(provider, "none");
    this.database = database;
  }

  /** Creates the table of the control, or empties it. */
  static void prepare(Connection database) throws SQLException {
    try (var statement = database.createStatement()) {
      statement.execute("DROP SCHEMA IF EXISTS bench CASCADE");
      statement.execute("CREATE SCHEMA bench");
      statement.execute(
          """
          CREATE TABLE bench.messages (
            thread_id  text COLLATE "C" NOT NULL,
            place      integer NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            role       text NOT NULL,
            content    jsonb NOT NULL,
            PRIMARY KEY (thread_id, place))
          """);
    }
  }

  @Override
  public Sample run(String model, long since) throws IOException, SQLException {
    return converse(model, since, newThread(), new ArrayList<>(), null);
  }

  @Override
  public Sample runWithTool(String model, long since) throws IOException, SQLException {
    return converse(model, since, newThread(), new ArrayList<>(), TOOLS);
  }

  @Override
  public Sample runOn(String thread, String model, long since) throws IOException, SQLException {
    return converse(model, since, thread, history(thread), null);
  }

  private Sample converse(
      String model, long since, String thread, List<JsonNode> messages, List<?> tools)
      throws IOException, SQLException {
    say(thread, messages, Map.of("role", "user", "content", QUESTION));
    var reader = new TimedStreamReader(since);
    for (var call = callModel(model, messages, tools, reader);
        call != null;
        call = callModel(model, messages, tools, reader)) {
      var id = call.path("id").asText();
      say(thread, messages, Map.of("role", "assistant", "tool_calls", List.of(call)));
      say(thread, messages, Map.of("role", "tool", "tool_call_id", id, "content", TOOL_OUTPUT));
    }
    say(thread, messages, Map.of("role", "assistant", "content", "token ".repeat(20)));
    return reader.done();
  }

  /** Returns the tool call that the model requests; null if it has answered. */
  private JsonNode callModel(
      String model, List<JsonNode> messages, List<?> tools, TimedStreamReader reader)
      throws IOException {
    var body = JSON.createObjectNode().put("model", model).put("stream", true);
    body.putPOJO("messages", messages);
    if (tools != null) {
      body.putPOJO("tools", tools);
    }
    var line = reader.read(provider.stream(PATH, JSON.writeValueAsBytes(body)), "\"tool_calls\":[");
    return line == null
        ? null
        : JSON.readTree(line.substring("data: ".length())).at("/choices/0/delta/tool_calls/0");
  }

  private void say(String thread, List<JsonNode> messages, Map<String, ?> message)
      throws SQLException {
    JsonNode json = JSON.valueToTree(message);
    insert(thread, messages.size(), List.of(json));
    messages.add(json);
  }

  private void insert(String thread, int place, List<JsonNode> messages) throws SQLException {
    try (var statement =
        database.prepareStatement(
            """
            INSERT INTO bench.messages (thread_id, place, role, content)
            VALUES (?, ?, ?, ?::jsonb)
            """)) {
      for (var message : messages) {
        statement.setString(1, thread);
        statement.setInt(2, place++);
        statement.setString(3, message.path("role").asText());
        statement.setString(4, message.toString());
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  private List<JsonNode> history(String thread) throws IOException, SQLException {
    List<JsonNode> messages = new ArrayList<>();
    try (var statement =
        database.prepareStatement(
            "SELECT content FROM bench.messages WHERE thread_id = ? ORDER BY place")) {
      statement.setString(1, thread);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          messages.add(JSON.readTree(rows.getString(1)));
        }
      }
    }
    return messages;
  }

  @Override
  public String makeThread(int messages) throws SQLException {
    var thread = newThread();
    List<JsonNode> all = new ArrayList<>();
    for (int place = 0; place < messages; place++) {
      var role = place % 2 == 0 ? "user" : "assistant";
      all.add(JSON.createObjectNode().put("role", role).put("content", QUESTION));
    }
    insert(thread, 0, all);
    return thread;
  }

  private static String newThread() {
    return UUID.randomUUID().toString();
  }

  @Override
  public void close() throws IOException, SQLException {
    provider.close();
    database.close();
  }
}
