package dev.threadmill.bench;

import java.net.URI;
import java.nio.charset.StandardCharsets;

/** The ceiling: what the stand-in for the provider answers when nothing else is going on. */
record ProviderAlone(URI provider, Pace pace) {
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
        Report.Against.NOTHING);
  }

  private double answersPerSecond() throws Exception {
    return Load.closed(
            Throughput.CLIENTS,
            pace.turn,
            () -> new HttpConnection(provider, "none"),
            (connection, since) ->
                new AnswerReader(since)
                    .read(connection.stream("/chat/completions", REQUEST), Stamps.LAST))
        .perSecond();
  }
}
