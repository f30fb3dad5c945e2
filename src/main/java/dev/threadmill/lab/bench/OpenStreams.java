package dev.threadmill.lab.bench;

import java.util.ArrayList;
import java.util.List;

/** Measures the memory of a stream whose provider is silent after its first token. */
record OpenStreams(ControlledComparison comparison, BenchProfile profile) {
  private static final String MODEL = "mock-i3600000-n2";

  void measure(Report report) throws Exception {
    List<ServerClient> open = new ArrayList<>();
    try {
      var server = comparison.server();
      long heap = server.liveHeap();
      long resident = server.residentBytes();
      for (int i = 0; i < profile.streams; i++) {
        var client = comparison.serverClient();
        open.add(client);
        client.openStream(MODEL);
      }
      row(report, "live heap per open stream", server.liveHeap() - heap);
      row(report, "resident memory per open stream", server.residentBytes() - resident);
    } finally {
      for (var client : open) {
        client.close();
      }
    }
  }

  private void row(Report report, String name, long bytes) {
    report.row(
        "%s (of %,d)".formatted(name, profile.streams),
        Report.Unit.KILOBYTES,
        (double) bytes / profile.streams,
        null,
        Report.Relation.NOTHING);
  }
}
