package dev.threadmill.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/**
 * A collector of spans that the server under test sends, by OTLP over HTTP with protobuf. Injected
 * into fields of its type.
 */
public final class OtlpCollector implements QuarkusTestResourceLifecycleManager {
  private final List<Span> spans = new CopyOnWriteArrayList<>();
  private HttpServer server;

  /**
   * A span.
   *
   * @param parent empty for none
   * @param kind 1 internal, 2 server, 3 client
   * @param failed whether its status is an error
   */
  public record Span(
      String trace,
      String id,
      String parent,
      String name,
      long kind,
      Map<String, String> attributes,
      boolean failed) {}

  /** The spans that have arrived. */
  public List<Span> spans() {
    return List.copyOf(spans);
  }

  /** The spans of a trace that have arrived. */
  public List<Span> ofTrace(String trace) {
    return spans.stream().filter(span -> span.trace().equals(trace)).toList();
  }

  @Override
  public Map<String, String> start() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/v1/traces", this::receive);
    server.start();
    var url = "http://127.0.0.1:" + server.getAddress().getPort();
    return Map.of(
        "threadmill.tracing.endpoint",
        url,
        "otel.exporter.otlp.endpoint",
        url,
        "otel.bsp.schedule.delay",
        "50",
        "threadmill.tracing.capture-content",
        "true");
  }

  @Override
  public void inject(TestInjector test) {
    test.injectIntoFields(this, new TestInjector.MatchesType(OtlpCollector.class));
  }

  @Override
  public void stop() {
    if (server != null) {
      server.stop(0);
    }
  }

  private void receive(HttpExchange exchange) throws IOException {
    try (exchange) {
      for (var resource : Fields.of(exchange.getRequestBody().readAllBytes()).messages(1)) {
        for (var scope : resource.messages(2)) {
          scope.messages(2).forEach(span -> spans.add(span(span)));
        }
      }
      exchange.getResponseHeaders().set("content-type", "application/x-protobuf");
      exchange.sendResponseHeaders(200, -1);
    }
  }

  private static Span span(Fields span) {
    var attributes = new LinkedHashMap<String, String>();
    for (var attribute : span.messages(9)) {
      attributes.put(attribute.text(1), value(attribute.messages(2).getFirst()));
    }
    var status = span.messages(15);
    return new Span(
        span.hex(1),
        span.hex(2),
        span.hex(4),
        span.text(5),
        span.number(6),
        attributes,
        !status.isEmpty() && status.getFirst().number(3) == 2);
  }

  private static String value(Fields value) {
    if (value.has(1)) {
      return value.text(1);
    }
    if (value.has(4)) {
      return Double.toString(Double.longBitsToDouble(value.number(4)));
    }
    if (value.has(5)) {
      return value.messages(5).getFirst().messages(1).stream().map(OtlpCollector::value).toList()
          + "";
    }
    return Long.toString(value.number(3));
  }

  /** The fields of a message by their numbers. */
  private record Fields(Map<Integer, List<Object>> byNumber) {
    static Fields of(byte[] bytes) {
      var in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      var fields = new LinkedHashMap<Integer, List<Object>>();
      while (in.hasRemaining()) {
        long tag = varint(in);
        Object value =
            switch ((int) (tag & 7)) {
              case 0 -> varint(in);
              case 1 -> in.getLong();
              case 2 -> {
                var content = new byte[(int) varint(in)];
                in.get(content);
                yield content;
              }
              case 5 -> (long) in.getInt();
              default -> throw new IllegalArgumentException("wire type of " + tag);
            };
        fields.computeIfAbsent((int) (tag >>> 3), _ -> new ArrayList<>()).add(value);
      }
      return new Fields(fields);
    }

    private static long varint(ByteBuffer in) {
      long value = 0;
      for (int shift = 0; ; shift += 7) {
        byte next = in.get();
        value |= (long) (next & 0x7f) << shift;
        if (next >= 0) {
          return value;
        }
      }
    }

    boolean has(int number) {
      return byNumber.containsKey(number);
    }

    List<Fields> messages(int number) {
      return byNumber.getOrDefault(number, List.of()).stream()
          .map(bytes -> of((byte[]) bytes))
          .toList();
    }

    private byte[] bytes(int number) {
      var values = byNumber.get(number);
      return values == null ? new byte[0] : (byte[]) values.getFirst();
    }

    String text(int number) {
      return new String(bytes(number), StandardCharsets.UTF_8);
    }

    String hex(int number) {
      return HexFormat.of().formatHex(bytes(number));
    }

    long number(int number) {
      var values = byNumber.get(number);
      return values == null ? 0 : (long) values.getFirst();
    }
  }
}
