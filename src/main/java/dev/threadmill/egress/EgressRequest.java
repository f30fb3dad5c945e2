package dev.threadmill.egress;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A request to another server.
 *
 * @param credentials headers for the origin of {@code url} only, not for where it redirects
 * @param body null for none
 * @param domains each of which has to allow the host, and every host that it redirects to
 * @param maxBytes the most bytes of the body of the response, after decompression
 */
public record EgressRequest(
    String method,
    String url,
    Map<String, String> headers,
    Map<String, String> credentials,
    RequestBody body,
    List<AllowedDomains> domains,
    Timeouts timeouts,
    long maxBytes) {
  public EgressRequest {
    headers = new LinkedHashMap<>(headers);
    credentials = new LinkedHashMap<>(credentials);
    domains = List.copyOf(domains);
  }

  /** A request with a limit of time for all of it, and a body in memory or null. */
  public EgressRequest(
      String method,
      String url,
      Map<String, String> headers,
      Map<String, String> credentials,
      byte[] body,
      List<AllowedDomains> domains,
      Duration timeout,
      int maxBytes) {
    this(
        method,
        url,
        headers,
        credentials,
        body == null ? null : RequestBody.of(body),
        domains,
        Timeouts.total(timeout),
        maxBytes);
  }

  /** The method only, since everything else may be secret. */
  @Override
  public String toString() {
    return method + " request";
  }
}
