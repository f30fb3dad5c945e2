package dev.threadmill.lab.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.lab.chaos.Violation.Effect;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Compares the state after failures (API objects, database rows, received events) with the
 * guarantees of docs/guarantees.md. Each check returns the violations that it finds.
 */
public final class InvariantChecks {
  /** The statuses that a run never leaves. */
  public static final Set<String> TERMINAL_STATUSES =
      Set.of("completed", "failed", "cancelled", "expired", "incomplete");

  private static final List<String> LATER_TIMES =
      List.of(
          "started_at", "completed_at", "cancelled_at", "failed_at", "expired_at", "incomplete_at");

  private static final Map<String, String> LEFTOVERS = new LinkedHashMap<>();

  static {
    LEFTOVERS.put("journal rows", "SELECT count(*) FROM run_journal");
    LEFTOVERS.put("runs with an owner", "SELECT count(*) FROM runs WHERE owner IS NOT NULL");
    LEFTOVERS.put("calls without a result", "SELECT count(*) FROM tool_calls WHERE output IS NULL");
  }

  private InvariantChecks() {}

  /** I1, I3: the run and all its steps have ended, and each of its calls has one result. */
  public static List<Violation> runEnded(JsonNode run, JsonNode steps) {
    var found = new ArrayList<Violation>();
    var id = run.path("id").asText();
    if (!TERMINAL_STATUSES.contains(run.path("status").asText())) {
      found.add(new Violation("I1", Effect.LOST, id + " is " + run.path("status").asText()));
    }
    for (var step : steps) {
      if (step.path("status").asText().equals("in_progress")) {
        found.add(new Violation("I1", Effect.LOST, "a step of " + id + " has not ended"));
      }
      for (var call : step.at("/step_details/tool_calls")) {
        if (!call.at("/function/output").isTextual()) {
          found.add(new Violation("I3", Effect.LOST, "a call of " + id + " has no result"));
        }
      }
    }
    return found;
  }

  /** I5: nothing ends before it begins, whatever the clocks of the nodes show. */
  public static List<Violation> timestampsAreOrdered(
      JsonNode run, JsonNode steps, JsonNode messages) {
    var found = new ArrayList<Violation>();
    long begin = run.path("created_at").asLong();
    Stream.of(List.of(run), steps, messages)
        .<JsonNode>flatMap(each -> StreamSupport.stream(each.spliterator(), false))
        .forEach(
            object -> {
              long created = object.path("created_at").asLong();
              for (var time : LATER_TIMES) {
                var at = object.path(time);
                if (at.isNumber() && at.asLong() < created) {
                  found.add(before(object, time, created));
                }
              }
              boolean isOfRun = !object.path("role").asText().equals("user");
              if (isOfRun && created < begin) {
                found.add(before(object, "created_at", begin));
              }
            });
    return found;
  }

  private static Violation before(JsonNode object, String time, long begin) {
    var id = object.path("id").asText();
    var what = "%s of %s is %d, before %d".formatted(time, id, object.path(time).asLong(), begin);
    return new Violation("I5", Effect.WRONG, what);
  }

  /**
   * I6: over all connections each event was received once and in order, everything that was opened
   * was closed, the accumulated deltas equal the stored text, and there is one terminal event.
   */
  public static List<Violation> eventsAreComplete(List<ReceivedEvent> events, JsonNode messages) {
    var found = new ArrayList<Violation>();
    var ids = new HashSet<String>();
    var texts = new HashMap<String, StringBuilder>();
    var open = new HashSet<String>();
    int ends = 0;
    for (var event : events) {
      if (!event.isDelta() && !ids.add(event.id() + event.name())) {
        found.add(
            violation(Effect.DUPLICATED, event.name() + " " + event.id() + " was received twice"));
      }
      var id = event.data().path("id").asText();
      switch (event.name()) {
        case "thread.message.created" -> {
          texts.put(id, new StringBuilder());
          open.add(id);
        }
        case "thread.message.delta" -> {
          if (open.contains(id)) {
            texts.get(id).append(event.text());
          } else {
            found.add(violation(Effect.SKIPPED, "text of " + id + ", which has not begun"));
          }
        }
        case "thread.message.completed", "thread.message.incomplete" -> {
          if (!open.remove(id)) {
            found.add(violation(Effect.SKIPPED, "the end of " + id + ", which has not begun"));
          }
        }
        default -> ends += TERMINAL_STATUSES.stream().anyMatch(event::isRun) ? 1 : 0;
      }
    }
    open.forEach(id -> found.add(violation(Effect.SKIPPED, "the end of " + id)));
    if (ends != 1) {
      var effect = ends == 0 ? Effect.SKIPPED : Effect.DUPLICATED;
      found.add(violation(effect, "the run ended " + ends + " times in " + names(events)));
    }
    for (var message : messages) {
      var streamed = texts.get(message.path("id").asText());
      var stored = message.at("/content/0/text/value").asText();
      if (streamed != null
          && message.path("status").asText().equals("completed")
          && !stored.contentEquals(streamed)) {
        var effect = streamed.length() > stored.length() ? Effect.DUPLICATED : Effect.SKIPPED;
        found.add(violation(effect, "streamed \"" + streamed + "\", stored \"" + stored + "\""));
      }
    }
    return found;
  }

  private static Violation violation(Effect effect, String what) {
    return new Violation("I6", effect, what);
  }

  private static List<String> names(List<ReceivedEvent> events) {
    return events.stream().filter(event -> !event.isDelta()).map(ReceivedEvent::name).toList();
  }

  /**
   * I6: a replay of the ended run has the events of the live stream, except for a message that was
   * cut off before anything of it was stored: only readers that saw it begin receive its end.
   */
  public static List<Violation> replayMatches(
      List<ReceivedEvent> alongside, List<ReceivedEvent> afterwards) {
    var first = names(withoutCutOff(alongside));
    var second = names(withoutCutOff(afterwards));
    return first.equals(second)
        ? List.of()
        : List.of(violation(Effect.WRONG, "live: " + first + ", replayed: " + second));
  }

  private static List<ReceivedEvent> withoutCutOff(List<ReceivedEvent> events) {
    var cutOff = new HashSet<String>();
    for (var event : events) {
      if (event.name().equals("thread.message.incomplete")
          || event.name().equals("thread.run.step.failed")) {
        cutOff.add(event.data().path("id").asText());
      }
    }
    return events.stream()
        .filter(event -> !cutOff.contains(event.data().path("id").asText()))
        .toList();
  }

  /** I5: the earlier list of messages is a prefix of the later one. */
  public static List<Violation> isPrefix(List<String> earlier, List<String> later) {
    return earlier.size() <= later.size() && later.subList(0, earlier.size()).equals(earlier)
        ? List.of()
        : List.of(new Violation("I5", Effect.WRONG, earlier + " became " + later));
  }

  /** I10: no journal rows, owned runs or pending calls remain when no run is active. */
  public static List<Violation> noLeftovers(Connection database) throws SQLException {
    var found = new ArrayList<Violation>();
    try (var statement = database.createStatement()) {
      for (var leftover : LEFTOVERS.entrySet()) {
        try (var results = statement.executeQuery(leftover.getValue())) {
          results.next();
          if (results.getLong(1) > 0) {
            var what = results.getLong(1) + " " + leftover.getKey();
            found.add(new Violation("I10", Effect.WRONG, what));
          }
        }
      }
    }
    return found;
  }
}
