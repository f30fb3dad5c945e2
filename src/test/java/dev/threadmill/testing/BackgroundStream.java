package dev.threadmill.testing;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/** A stream of events that is read in the background, so that a test can wait for its events. */
public final class BackgroundStream implements AutoCloseable {
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final List<Event> events = new ArrayList<>();
  private final InputStream body;
  private volatile boolean ended;

  private record Event(String id, String name, JsonNode data) {}

  private BackgroundStream(InputStream body) {
    this.body = body;
  }

  /**
   * Opens the stream and returns when the response has begun.
   *
   * @param lastEventId null for the beginning
   */
  public static BackgroundStream open(String url, String key, String lastEventId) {
    var request = HttpRequest.newBuilder(URI.create(url)).header("Authorization", "Bearer " + key);
    if (lastEventId != null) {
      request.header("Last-Event-ID", lastEventId);
    }
    try {
      var response = CLIENT.send(request.build(), BodyHandlers.ofInputStream());
      if (response.statusCode() != 200) {
        throw new IllegalStateException(
            response.statusCode() + " " + new String(response.body().readAllBytes()));
      }
      var stream = new BackgroundStream(response.body());
      Thread.ofVirtual().start(stream::read);
      return stream;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void read() {
    String id = null;
    String name = null;
    try (var lines = new BufferedReader(new InputStreamReader(body))) {
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("id: ")) {
          id = line.substring(4);
        } else if (line.startsWith("event: ")) {
          name = line.substring(7);
        } else if (line.startsWith("data: ")) {
          add(id, name, line.substring(6));
        }
      }
    } catch (IOException e) {
      // The test has closed the stream, or the node has crashed.
    }
  }

  private synchronized void add(String id, String name, String data) {
    if (name.equals("done")) {
      ended = true;
    } else {
      events.add(new Event(id, name, Json.tree(data)));
    }
  }

  /** The names of all events so far. */
  public synchronized List<String> names() {
    return events.stream().map(Event::name).toList();
  }

  /** The ids of all events so far. */
  public synchronized List<String> ids() {
    return events.stream().map(Event::id).toList();
  }

  /** The text of all message deltas so far. */
  public synchronized String text() {
    return events.stream()
        .filter(event -> event.name().equals("thread.message.delta"))
        .map(event -> event.data().at("/delta/content/0/text/value").asText())
        .collect(Collectors.joining());
  }

  /** The concatenated values of this JSON pointer in all step deltas so far. */
  public synchronized String stepDeltas(String pointer) {
    return events.stream()
        .filter(event -> event.name().equals("thread.run.step.delta"))
        .map(event -> event.data().at(pointer))
        .filter(JsonNode::isTextual)
        .map(JsonNode::asText)
        .collect(Collectors.joining());
  }

  /** Waits until there are this many events of the name. */
  public void await(String name, int times, Duration atMost) {
    Awaitility.await(name)
        .atMost(atMost)
        .pollInterval(Duration.ofMillis(2))
        .until(() -> names().stream().filter(name::equals).count() >= times);
  }

  /** Waits until the deltas have this many characters. */
  public void awaitText(int length, Duration atMost) {
    Awaitility.await()
        .atMost(atMost)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2))
        .until(() -> text().length() >= length);
  }

  /** Waits for the final frame of the stream. */
  public void awaitEnd(Duration atMost) {
    Awaitility.await("end of " + names()).atMost(atMost).until(() -> ended);
  }

  @Override
  public void close() {
    try {
      body.close();
    } catch (IOException e) {
      // The stream has ended already.
    }
  }
}
