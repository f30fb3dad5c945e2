package dev.threadmill.crash;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.lab.chaos.InvariantChecks;
import dev.threadmill.lab.chaos.ReceivedEvent;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.EventReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The checks of {@link InvariantChecks} as assertions. */
public final class InvariantAssertions {
  /** The statuses that a run never leaves. */
  static final Set<String> ENDS = InvariantChecks.TERMINAL_STATUSES;

  private InvariantAssertions() {}

  /** I1, I3: the run has ended, and each of its calls has one result. */
  public static void runEnded(ApiClient api, String thread, String run) {
    var found = api.get("/v1/threads/" + thread + "/runs/" + run).json();
    assertThat(InvariantChecks.runEnded(found, steps(api, thread, run))).isEmpty();
  }

  static JsonNode steps(ApiClient api, String thread, String run) {
    return api.get("/v1/threads/" + thread + "/runs/" + run + "/steps?limit=100")
        .json()
        .get("data");
  }

  /** I6: over all connections the events are complete, and agree with what is stored. */
  public static void eventsAreComplete(List<EventReader.Event> events, JsonNode messages) {
    var read =
        events.stream()
            .map(each -> new ReceivedEvent(each.id(), each.name(), each.data()))
            .toList();
    assertThat(InvariantChecks.eventsAreComplete(read, messages)).isEmpty();
  }

  /** I5: the earlier list of messages is a prefix of the later one. */
  public static void isPrefix(List<String> earlier, List<String> later) {
    assertThat(InvariantChecks.isPrefix(earlier, later)).isEmpty();
  }

  static List<String> messageIds(ApiClient api, String thread) {
    var ids = new ArrayList<String>();
    for (var message :
        api.get("/v1/threads/" + thread + "/messages?order=asc&limit=100").json().get("data")) {
      ids.add(message.get("id").asText());
    }
    return ids;
  }

  /** I10: nothing is left over. */
  static void noLeftovers(Connection database) {
    try {
      assertThat(InvariantChecks.noLeftovers(database)).isEmpty();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
