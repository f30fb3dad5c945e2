package dev.threadmill.tools.mcp;

import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.tools.mcp.McpException.Kind;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where a session with an MCP server is held, and within which bounds.
 *
 * @param credentials headers that go to the origin of {@code url} only
 * @param deadline of {@link System#nanoTime}, by which the whole session has to end
 * @param maxBytes the most bytes of one response
 * @param idempotencyKey of the tool call that the session is for; null if it only lists tools
 */
record McpEndpoint(
    String url,
    Map<String, String> credentials,
    List<AllowedDomains> domains,
    long deadline,
    int maxBytes,
    String idempotencyKey) {
  private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(1);

  /** The time until the deadline, at least a millisecond. */
  Duration remaining() {
    var left = Duration.ofNanos(deadline - System.nanoTime());
    return left.compareTo(SHORTEST_TIMEOUT) < 0 ? SHORTEST_TIMEOUT : left;
  }

  /** Whether the deadline has passed. */
  boolean isTimedOut() {
    return System.nanoTime() - deadline >= 0;
  }

  /** A request to this address of the server, bounded by this time. */
  EgressRequest request(
      String method, String address, Map<String, String> headers, byte[] body, Duration timeout) {
    var all = new LinkedHashMap<String, String>();
    all.put("User-Agent", "Threadmill");
    if (body != null) {
      all.put("Content-Type", "application/json");
    }
    all.putAll(headers);
    return new EgressRequest(method, address, all, credentials, body, domains, timeout, maxBytes);
  }

  /** What it means for a session that a request failed. */
  static McpException failure(EgressException e) {
    return new McpException(
        e.mayHaveArrived() ? Kind.NO_RESPONSE : Kind.NOT_EXECUTED, e.getMessage());
  }
}
