package dev.threadmill.crash;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.Api;
import dev.threadmill.testing.EventReader.Event;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;

/** Holds what is there after a crash against what is promised (docs/guarantees.md). */
final class HistoryCheck {
  private static final List<String> ENDS =
      List.of("completed", "failed", "cancelled", "expired", "incomplete");

  private HistoryCheck() {}

  /** I1, I3: the run has ended, and each of its calls has one result. */
  static void runEnded(Api api, String thread, String run) {
    var found = api.get("/v1/threads/" + thread + "/runs/" + run).json();
    assertThat(found.get("status").asText()).isIn(ENDS);
    for (var step : steps(api, thread, run)) {
      assertThat(step.get("status").asText()).isNotEqualTo("in_progress");
      for (var call : step.at("/step_details/tool_calls")) {
        assertThat(call.at("/function/output").isTextual()).isTrue();
      }
    }
  }

  static JsonNode steps(Api api, String thread, String run) {
    return api.get("/v1/threads/" + thread + "/runs/" + run + "/steps?limit=100")
        .json()
        .get("data");
  }

  /**
   * I6: over all connections each event came once and in order, what was opened was closed, the
   * text that came in pieces is the text that is stored, and there is one end.
   */
  static void eventsAreWhole(List<Event> events, JsonNode messages) {
    var ids = new HashSet<String>();
    var texts = new HashMap<String, StringBuilder>();
    var open = new ArrayList<String>();
    int ends = 0;
    for (var event : events) {
      assertThat(event.name().endsWith(".delta") || ids.add(event.id() + event.name()))
          .as("event %s came twice", event.id())
          .isTrue();
      var id = event.data().path("id").asText();
      switch (event.name()) {
        case "thread.message.created" -> {
          texts.put(id, new StringBuilder());
          open.add(id);
        }
        case "thread.message.delta" -> texts.get(id).append(event.text());
        case "thread.message.completed", "thread.message.incomplete" -> {
          assertThat(open.remove(id)).as("message %s was open", id).isTrue();
        }
        default -> {
          if (ENDS.stream().anyMatch(end -> event.name().equals("thread.run." + end))) {
            ends++;
          }
        }
      }
    }
    assertThat(open).as("messages left open").isEmpty();
    assertThat(ends).as("ends of the run").isEqualTo(1);
    for (var message : messages) {
      var streamed = texts.get(message.get("id").asText());
      if (streamed != null && message.get("status").asText().equals("completed")) {
        assertThat(streamed.toString()).isEqualTo(message.at("/content/0/text/value").asText());
      }
    }
  }

  /** I5: the earlier view of a thread is the beginning of the later one. */
  static void isPrefix(List<String> earlier, List<String> later) {
    assertThat(later.subList(0, Math.min(earlier.size(), later.size()))).isEqualTo(earlier);
  }

  static List<String> messageIds(Api api, String thread) {
    var ids = new ArrayList<String>();
    for (var message :
        api.get("/v1/threads/" + thread + "/messages?order=asc&limit=100").json().get("data")) {
      ids.add(message.get("id").asText());
    }
    return ids;
  }

  /** I10: nothing is left over. */
  static void nothingIsLeft(Connection database) {
    assertThat(count(database, "SELECT count(*) FROM run_journal")).as("journal rows").isZero();
    assertThat(count(database, "SELECT count(*) FROM runs WHERE owner IS NOT NULL"))
        .as("owned runs")
        .isZero();
    assertThat(count(database, "SELECT count(*) FROM tool_calls WHERE output IS NULL"))
        .as("open tool calls")
        .isZero();
  }

  private static long count(Connection database, String sql) {
    try (var statement = database.createStatement();
        var results = statement.executeQuery(sql)) {
      results.next();
      return results.getLong(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
