package dev.threadmill.testing;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the events of a run as docs/guarantees.md recommends: it keeps the id of the last complete
 * event, and resumes from there on any node when the connection breaks.
 */
public final class EventReader {
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final String key;
  private final List<Event> events = new ArrayList<>();
  private String lastId;
  private volatile boolean done;

  /** A received event. */
  public record Event(String id, String name, JsonNode data) {
    public boolean isTextDelta() {
      return name.equals("thread.message.delta");
    }

    public String text() {
      return data.at("/delta/content/0/text/value").asText("");
    }
  }

  public EventReader(String key) {
    this.key = key;
  }

  /**
   * Reads until the stream ends or breaks.
   *
   * @param body the body of a POST; null for a GET
   * @return whether the stream ended regularly
   */
  public boolean read(String url, String body) {
    var request =
        HttpRequest.newBuilder(URI.create(url))
            .timeout(Duration.ofSeconds(60))
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json");
    if (lastId != null && body == null) {
      request.header("Last-Event-ID", lastId);
    }
    if (body != null) {
      request.POST(HttpRequest.BodyPublishers.ofString(body));
    }
    try {
      var response = CLIENT.send(request.build(), BodyHandlers.ofLines());
      if (response.statusCode() != 200) {
        return false;
      }
      try (var lines = response.body()) {
        read(lines::iterator);
      }
    } catch (IOException | java.io.UncheckedIOException e) {
      return done;
    } catch (InterruptedException e) {
      // A test interrupts a background reader when it has read enough.
      Thread.currentThread().interrupt();
    }
    return done;
  }

  /** Adds the complete events of this text. */
  public void add(String events) {
    read(events.lines()::iterator);
  }

  private void read(Iterable<String> lines) {
    String id = null;
    String name = null;
    String data = null;
    done = false;
    for (var line : lines) {
      if (line.startsWith("id: ")) {
        id = line.substring(4);
      } else if (line.startsWith("event: ")) {
        name = line.substring(7);
      } else if (line.startsWith("data: ")) {
        data = line.substring(6);
      } else if (line.isEmpty() && name != null && data != null) {
        if (name.equals("done")) {
          done = true;
        } else {
          add(new Event(id, name, Json.tree(data)));
          lastId = id;
        }
        name = null;
        data = null;
      }
    }
  }

  private synchronized void add(Event event) {
    events.add(event);
  }

  /** All events so far, over all connections. */
  public synchronized List<Event> events() {
    return List.copyOf(events);
  }

  public String lastId() {
    return lastId;
  }

  /** The id of the run, known after its first event. */
  public String runId() {
    return events().stream()
        .filter(event -> event.name().startsWith("thread.run.") && !event.name().contains("step"))
        .map(event -> event.data().get("id").asText())
        .findFirst()
        .orElse(null);
  }
}
