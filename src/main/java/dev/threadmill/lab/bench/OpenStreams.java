package dev.threadmill.lab.bench;

import java.util.ArrayList;
import java.util.List;

/** What a stream costs in memory, of a run whose provider is silent after its first token. */
record OpenStreams(ControlledComparison sides, BenchProfile pace) {
  private static final String MODEL = "mock-i3600000-n2";

  void measure(Report report) throws Exception {
    List<ServerClient> open = new ArrayList<>();
    try {
      var server = sides.server();
      long heap = server.liveHeap();
      long resident = server.residentBytes();
      for (int i = 0; i < pace.streams; i++) {
        var client = sides.serverClient();
        open.add(client);
        client.openStream(MODEL);
      }
      row(report, "live heap an open stream", server.liveHeap() - heap);
      row(report, "resident memory an open stream", server.residentBytes() - resident);
    } finally {
      for (var client : open) {
        client.close();
      }
    }
  }

  private void row(Report report, String name, long bytes) {
    report.row(
        "%s (of %,d)".formatted(name, pace.streams),
        Report.Unit.KILOBYTES,
        (double) bytes / pace.streams,
        null,
        Report.Relation.NOTHING);
  }
}
