package dev.threadmill.egress;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A call of a tool to somewhere outside.
 *
 * @param credentials headers that go to the origin of {@code url} only, not to where it redirects
 * @param body null for none
 * @param domains all of which have to allow every host on the way
 * @param timeout for the whole call, redirects and reading included
 * @param maxBytes the most that the answer may hold, after decompression
 */
public record EgressRequest(
    String method,
    String url,
    Map<String, String> headers,
    Map<String, String> credentials,
    byte[] body,
    List<AllowedDomains> domains,
    Duration timeout,
    int maxBytes) {
  public EgressRequest {
    headers = new LinkedHashMap<>(headers);
    credentials = new LinkedHashMap<>(credentials);
    domains = List.copyOf(domains);
  }

  /** Names the method and place only, since the rest may be secret. */
  @Override
  public String toString() {
    return method + " request";
  }
}
