package dev.threadmill.lab.bench;

import dev.threadmill.lab.provider.ProviderTimestamps;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** The upper bound: answers per second of the mock provider without other load. */
record ProviderBaseline(URI provider, BenchProfile profile) {
  private static final byte[] REQUEST =
      """
      {"model":"mock-0","stream":true,"messages":[{"role":"user","content":"%s"}]}"""
          .formatted(Client.QUESTION)
          .getBytes(StandardCharsets.UTF_8);

  void measure(Report report) throws Exception {
    answersPerSecond(); // warms up
    report.row(
        "provider alone: answers",
        Report.Unit.PER_SECOND,
        null,
        answersPerSecond(),
        Report.Relation.NOTHING);
  }

  private double answersPerSecond() throws Exception {
    return Load.closedLoop(
            Throughput.CLIENTS,
            profile.measureTime,
            () -> new HttpConnection(provider, "none"),
            (connection, since) ->
                new TimedStreamReader(since)
                    .read(connection.stream("/chat/completions", REQUEST), ProviderTimestamps.LAST))
        .perSecond();
  }
}
