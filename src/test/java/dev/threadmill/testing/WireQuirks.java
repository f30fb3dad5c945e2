package dev.threadmill.testing;

import static dev.threadmill.testing.ChatChunks.delta;
import static dev.threadmill.testing.ChatChunks.sse;
import static dev.threadmill.testing.ChatChunks.stop;
import static dev.threadmill.testing.QuirkyProvider.ANSWER;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** Forms of streams, bodies, headers and statuses of providers, and what is to come of each. */
public final class WireQuirks {
  private static final String EVENTS = "text/event-stream";
  private static final String JSON = "application/json";
  private static final int MEGABYTE = 1 << 20;

  private WireQuirks() {}

  /**
   * A quirk whose run has no calls.
   *
   * @param replies to the requests of the run, in their order
   * @param status of the run
   * @param words the text of the answer, or a part of the error
   */
  public record OfAnswer(String name, List<Reply> replies, String status, String words) {
    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * A quirk of a response with calls of {@code get_weather}.
   *
   * @param arguments of the calls
   */
  public record OfCalls(String name, Reply reply, List<String> arguments) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** Quirks of responses without calls. */
  public static List<OfAnswer> ofAnswers() {
    return List.of(
        answered(
            "line ends of three kinds",
            events(
                "\uFEFF: hello\r\nid: 1\r\nevent: message\r\ndata: "
                    + delta("content", "It is ")
                    + "\r\n\r\nretry: 10\rdata:"
                    + delta("content", "sunny.")
                    + "\r\revent: whatever\ndata: "
                    + stop()
                    + "\n\ndata: [DONE]")),
        answered(
            "one id for all events",
            events(
                "id: 0\ndata: %s\n\nid: 0\ndata: %s\n\nid: 0\ndata: %s\n\nid: 0\ndata: %s\n\n"
                    .formatted(
                        delta("content", "It "),
                        delta("content", "is "),
                        delta("content", "sunny."),
                        stop()))),
        answered(
            "usage behind the end, with null for the choices",
            Reply.raw(
                EVENTS,
                sse(
                    delta("content", ANSWER),
                    stop(),
                    "{\"choices\":null,\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":4}}",
                    "[DONE]"))),
        answered(
            "null for an event", Reply.raw(EVENTS, sse("null", delta("content", ANSWER), stop()))),
        answered(
            "numbers that are none",
            Reply.raw(
                EVENTS,
                sse(
                    "{\"choices\":[{\"delta\":{\"content\":\"%s\"},\"logprobs\":{\"content\":[{\"logprob\":-Infinity},{\"logprob\":NaN}]}}]}"
                        .formatted(ANSWER),
                    stop()))),
        answered(
            "numbers of great size",
            Reply.raw(
                EVENTS,
                sse(
                    "{\"created\":1e400,\"choices\":[{\"index\":0.0,\"delta\":{\"content\":\"%s\"}}]}"
                        .formatted(ANSWER),
                    stop()))),
        answered(
            "a whole response of parts",
            whole(
                "{\"choices\":[{\"message\":{\"tool_calls\":null,\"content\":[{\"type\":\"text\",\"text\":\"It is \"},{\"type\":\"text\",\"text\":\"sunny.\"}]},\"finish_reason\":\"null\"}]}")),
        answered(
            "a message beside an empty delta",
            whole(
                "{\"choices\":[{\"delta\":{},\"message\":{\"content\":\"%s\"}}]}"
                    .formatted(ANSWER))),
        answered(
            "a status of its own for success",
            new Reply(201, Map.of("content-type", JSON), whole(message(ANSWER)).steps())),
        new OfAnswer(
            "JSON that the gateway has read",
            List.of(
                whole(
                    "{\"choices\":[{\"message\":{\"content\":{\"weather\":\"sunny\"}},\"finish_reason\":\"stop\"}]}")),
            "completed",
            "{\"weather\":\"sunny\"}"),
        new OfAnswer(
            "bytes that are no UTF-8",
            List.of(
                new Reply(
                    200,
                    Map.of("content-type", EVENTS),
                    List.of(
                        raw(
                            "data: {\"choices\":[{\"delta\":{\"content\":\"caf\u00e9\"}}]}\n\n",
                            StandardCharsets.ISO_8859_1),
                        raw("data: " + stop() + "\n\n", StandardCharsets.UTF_8)))),
            "completed",
            "caf\uFFFD"),
        answered(
            "compressed events",
            new Reply(
                200,
                Map.of("content-type", EVENTS, "content-encoding", "gzip"),
                List.of(
                    new Reply.Step.Raw(gzip(sse(delta("content", ANSWER), stop(), "[DONE]")))))),
        answered(
            "a rate limit that ends at a date",
            Reply.error(429, "rate_limit_exceeded", "Slow down.").withHeader("retry-after", past()),
            Reply.text(ANSWER)),
        answered(
            "a rate limit in milliseconds",
            Reply.error(429, "rate_limit_exceeded", "Slow down.")
                .withHeader("retry-after-ms", "12.5"),
            Reply.text(ANSWER)),
        answered(
            "overloaded", Reply.error(529, "overloaded_error", "Overloaded"), Reply.text(ANSWER)),
        answered(
            "an error with status 200 that may pass",
            whole(
                "{\"error\":{\"message\":\"The engine is overloaded.\",\"type\":\"server_error\"}}"),
            Reply.text(ANSWER)),
        failed(
            "an error with status 200 that stays",
            whole(
                "{\"error\":{\"message\":\"No such thing.\",\"type\":\"invalid_request_error\"}}"),
            "No such thing."),
        failed(
            "an error with status 200 as vLLM writes it",
            whole(
                "{\"object\":\"error\",\"message\":\"Too many images.\",\"type\":\"BadRequestError\",\"code\":400}"),
            "Too many images."),
        failed(
            "an error with status 200 in a form of its own",
            whole("{\"code\":500,\"msg\":\"No channel is left.\",\"success\":false}"),
            "No channel is left.",
            4),
        failed(
            "words with status 200 and no answer",
            whole("{\"detail\":\"Maintenance until noon.\"}"),
            "Maintenance until noon."),
        failed(
            "a page with status 200",
            Reply.raw("text/html", bytes("<!doctype html><title>Sign in</title><p>Please")),
            "with the title 'Sign in'. Check base_url"),
        failed(
            "an error in another charset",
            new Reply(
                418,
                Map.of("content-type", "text/plain; charset=iso-8859-1"),
                List.of(raw("Gew\u00e4hr erloschen", StandardCharsets.ISO_8859_1))),
            "Gew\u00e4hr erloschen"),
        answered(
            "a redirect within the server",
            new Reply(307, Map.of("location", "/v1/other/chat/completions"), List.of()),
            Reply.text(ANSWER)),
        failed(
            "a redirect to another server",
            new Reply(
                308,
                Map.of("location", "https://models.example.com/v1/chat/completions?token=abc"),
                List.of()),
            "redirects to another address, https://models.example.com/v1/chat/completions. Set"
                + " base_url"),
        failed(
            "a redirect in a circle",
            new Reply(307, Map.of("location", "/v1/chat/completions"), List.of()),
            "connection",
            24),
        failed("space without end", repeated(new byte[0], filled(' '), 66), "longer than allowed"),
        failed(
            "empty deltas without end",
            repeated(
                new byte[0],
                bytes(
                    "data: {\"choices\":[{\"delta\":{}}],\"obfuscation\":\"%s\"}\n\n"
                        .formatted("x".repeat(MEGABYTE))),
                66),
            "longer than allowed"),
        failed(
            "a line without end",
            repeated(bytes("data: {\"choices\":[{\"delta\":{\"content\":\""), filled('x'), 6),
            "longer than allowed"),
        failed(
            "JSON of great depth",
            whole("{\"choices\":" + "[".repeat(2000) + "]".repeat(2000) + "}"),
            "cannot be read"));
  }

  /** Quirks of responses with calls. */
  public static List<OfCalls> ofCalls() {
    return List.of(
        called(
            "arguments that are an object",
            "[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"get_weather\",\"arguments\":{\"city\":\"Rome\"}}}]"),
        called(
            "a name in each piece",
            "[{\"index\":0,\"function\":{\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\":\"}}]",
            "[{\"index\":0,\"function\":{\"name\":\"get_weather\",\"arguments\":\"\\\"Rome\\\"}\"}}]"),
        called(
            "a name in each piece, and no number",
            "[{\"function\":{\"name\":\"get_weather\",\"arguments\":\"\"}}]",
            "[{\"function\":{\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\":\"}}]",
            "[{\"function\":{\"name\":\"get_weather\",\"arguments\":\"\\\"Rome\\\"}\"}}]"),
        called(
            "numbers as text",
            "[{\"index\":\"0\",\"id\":\"a\",\"function\":{\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\":\"}}]",
            "[{\"index\":\"0\",\"function\":{\"arguments\":\"\\\"Rome\\\"}\"}}]"),
        called(
            "a call beside its id",
            "[{\"id\":\"a\",\"type\":\"function\",\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\":\\\"Rome\\\"}\"}]"),
        called(
            "one call without a list",
            "{\"id\":\"a\",\"function\":{\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\":\\\"Rome\\\"}\"}}"),
        called(
            "nothing among the calls",
            "[null]",
            "[{\"index\":3,\"id\":\"\",\"function\":{}}]",
            "[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\":\\\"Rome\\\"}\"}}]"),
        called(
            "marks that cannot be stored",
            "[{\"index\":0,\"id\":\"a\",\"extra_content\":{\"sign\\u0000ed\":\"x\"},\"mark\":\"\\ud83d\",\"function\":{\"name\":\"get_weather\",\"arguments\":{\"city\":\"Rome\"}}}]"),
        called(
            "marks of great depth, and of numbers of great size",
            "[{\"index\":0,\"id\":\"a\",\"deep\":%s,\"large\":[1e400,%s],\"function\":{\"name\":\"get_weather\",\"arguments\":{\"city\":\"Rome\"}}}]"
                .formatted("[".repeat(300) + "]".repeat(300), "9".repeat(900))),
        called(
            "marks of many megabytes",
            marks(
                "[{\"index\":0,\"id\":\"a\",\"junk\":\"%s\",\"function\":{\"name\":\"get_weather\",\"arguments\":\"\"}}]"),
            marks(
                "[{\"index\":0,\"junk\":[\"%s\"],\"function\":{\"arguments\":\"{\\\"city\\\":\\\"Rome\\\"}\"}}]")),
        new OfCalls(
            "one id for two calls",
            pieces(
                "[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\":\\\"Rome\\\"}\"}}]",
                "[{\"index\":1,\"id\":\"a\",\"function\":{\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\":\\\"Oslo\\\"}\"}}]"),
            List.of("{\"city\":\"Rome\"}", "{\"city\":\"Oslo\"}")),
        new OfCalls(
            "two calls of a function without arguments",
            pieces(
                "[{\"function\":{\"name\":\"get_weather\",\"arguments\":\"{}\"}}]",
                "[{\"function\":{\"name\":\"get_weather\",\"arguments\":\"{}\"}}]"),
            List.of("{}", "{}")),
        new OfCalls(
            "a whole response with a call",
            whole(
                "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"get_weather\",\"arguments\":{\"city\":\"Rome\"}}}]},\"finish_reason\":\"stop\"}]}"),
            List.of("{\"city\":\"Rome\"}")));
  }

  private static OfAnswer answered(String name, Reply... replies) {
    return new OfAnswer(name, List.of(replies), "completed", ANSWER);
  }

  private static OfAnswer failed(String name, Reply reply, String words) {
    return failed(name, reply, words, 1);
  }

  /** The same reply to each of the attempts. */
  private static OfAnswer failed(String name, Reply reply, String words, int attempts) {
    return new OfAnswer(name, Collections.nCopies(attempts, reply), "failed", words);
  }

  private static OfCalls called(String name, String... pieces) {
    return new OfCalls(name, pieces(pieces), List.of("{\"city\":\"Rome\"}"));
  }

  /** A stream of these values of {@code tool_calls}, where no piece names its role. */
  private static Reply pieces(String... pieces) {
    var events = new ArrayList<String>();
    for (var piece : pieces) {
      events.add(
          "{\"choices\":[{\"delta\":{\"content\":null,\"tool_calls\":%s},\"finish_reason\":\"null\"}]}"
              .formatted(piece));
    }
    events.add("{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}");
    return Reply.raw(EVENTS, sse(events.toArray(String[]::new)));
  }

  private static String marks(String piece) {
    return piece.formatted("x".repeat(3 * MEGABYTE));
  }

  private static String message(String text) {
    return "{\"choices\":[{\"message\":{\"content\":%s},\"finish_reason\":\"stop\"}]}"
        .formatted(JsonNodeFactory.instance.textNode(text));
  }

  private static Reply events(String text) {
    return Reply.raw(EVENTS, bytes(text));
  }

  private static Reply whole(String json) {
    return Reply.raw(JSON, bytes(json));
  }

  private static Reply repeated(byte[] first, byte[] again, int times) {
    var writes = new byte[times + 1][];
    writes[0] = first;
    Arrays.fill(writes, 1, times + 1, again);
    return Reply.raw(EVENTS, writes);
  }

  private static byte[] filled(char with) {
    var bytes = new byte[MEGABYTE];
    Arrays.fill(bytes, (byte) with);
    return bytes;
  }

  private static Reply.Step raw(String text, Charset charset) {
    return new Reply.Step.Raw(text.getBytes(charset));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] gzip(byte[] content) {
    try {
      var bytes = new ByteArrayOutputStream();
      try (var gzip = new GZIPOutputStream(bytes)) {
        gzip.write(content);
      }
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String past() {
    return ZonedDateTime.now(ZoneOffset.UTC)
        .minus(Duration.ofMinutes(1))
        .format(DateTimeFormatter.RFC_1123_DATE_TIME);
  }
}
