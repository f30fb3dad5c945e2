package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.testing.ApiClient;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/** A thread whose messages are posted and whose memory is queried over HTTP. */
record MemoryThread(ApiClient api, String id) {
  private static final int AT_ONCE = 30;

  /** Creates an empty thread. */
  static MemoryThread create(ApiClient api) {
    return of(api, List.of());
  }

  /** Creates a thread with these messages of the user, the first ones in the same request. */
  static MemoryThread of(ApiClient api, List<String> texts) {
    var thread = new MemoryThread(api, created(api, Map.of(), texts));
    texts.stream().skip(AT_ONCE).forEach(text -> thread.say("user", text));
    return thread;
  }

  /** Creates a thread of a user with these messages. */
  static MemoryThread ofUser(ApiClient api, String user, String... texts) {
    return new MemoryThread(api, created(api, Map.of("user", user), List.of(texts)));
  }

  private static String created(ApiClient api, Map<String, String> metadata, List<String> texts) {
    var messages = new ArrayList<Map<String, String>>();
    texts.stream()
        .limit(AT_ONCE)
        .forEach(text -> messages.add(Map.of("role", "user", "content", text)));
    var answer =
        api.post("/v1/threads", Json.write(Map.of("metadata", metadata, "messages", messages)));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.id();
  }

  String path() {
    return "/v1/threads/" + id;
  }

  /** Posts a message; returns its id. */
  String say(String role, String text) {
    return say(role, text, Map.of());
  }

  String say(String role, String text, Map<String, String> metadata) {
    var body = new HashMap<String, Object>(Map.of("role", role, "content", text));
    body.put("metadata", metadata);
    var answer = api.post(path() + "/messages", Json.write(body));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.id();
  }

  JsonNode memory(String query, int limit) {
    var answer =
        api.get(
            path()
                + "/memory?limit="
                + limit
                + "&query="
                + URLEncoder.encode(query, StandardCharsets.UTF_8));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  /** The texts that a query recalls, best first. */
  List<String> recalled(String query, int limit) {
    return StreamSupport.stream(memory(query, limit).path("vector_context").spliterator(), false)
        .map(each -> each.path("text").asText())
        .toList();
  }
}
