package dev.threadmill.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A stream of server-sent events, read frame by frame. */
public final class SseStream implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpResponse<InputStream> response;
  private final BufferedReader reader;

  /**
   * A frame.
   *
   * @param lines the lines between two blank lines
   */
  public record Frame(List<String> lines) {
    /** The value of this field; null if the frame has none. */
    public String field(String name) {
      return lines.stream()
          .filter(line -> line.startsWith(name + ": "))
          .map(line -> line.substring(name.length() + 2))
          .findFirst()
          .orElse(null);
    }

    public String id() {
      return field("id");
    }

    public String event() {
      return field("event");
    }

    public JsonNode json() {
      try {
        return JSON.readTree(field("data"));
      } catch (JsonProcessingException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Whether it is the final frame of the stream. */
    public boolean isDone() {
      return "done".equals(event());
    }
  }

  SseStream(HttpResponse<InputStream> response) {
    this.response = response;
    this.reader =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
  }

  public int status() {
    return response.statusCode();
  }

  public HttpHeaders headers() {
    return response.headers();
  }

  /** The next frame that is not a comment; null if the server has closed the stream. */
  public Frame next() {
    try {
      var lines = new ArrayList<String>();
      for (var line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.isEmpty()) {
          lines.add(line);
        } else if (lines.stream().allMatch(each -> each.startsWith(":"))) {
          lines.clear();
        } else {
          return new Frame(List.copyOf(lines));
        }
      }
      if (!lines.isEmpty()) {
        throw new IllegalStateException("the stream ends within a frame: " + lines);
      }
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads up to and including the first event of this name. */
  public Frame next(String event) {
    for (var frame = next(); frame != null; frame = next()) {
      if (event.equals(frame.event())) {
        return frame;
      }
    }
    throw new IllegalStateException("the stream ended without " + event);
  }

  /** All remaining frames, until the server closes the stream. */
  public List<Frame> rest() {
    var frames = new ArrayList<Frame>();
    for (var frame = next(); frame != null; frame = next()) {
      frames.add(frame);
    }
    return frames;
  }

  /** The names of the events; consecutive equal names count once. */
  public static List<String> names(List<Frame> frames) {
    var names = new ArrayList<String>();
    for (var frame : frames) {
      if (names.isEmpty() || !names.getLast().equals(frame.event())) {
        names.add(frame.event());
      }
    }
    return names;
  }

  /** The concatenated texts at this JSON pointer in the step deltas. */
  public static String stepDeltas(List<Frame> frames, String pointer) {
    return frames.stream()
        .filter(frame -> "thread.run.step.delta".equals(frame.event()))
        .map(frame -> frame.json().at(pointer))
        .filter(JsonNode::isTextual)
        .map(JsonNode::asText)
        .collect(Collectors.joining());
  }

  @Override
  public void close() {
    try {
      reader.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
