package dev.threadmill.lab.bench;

import dev.threadmill.models.embeddings.Embeddings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * The speed of file search over many chunks: ingestion, searches, the first search of a node. The
 * first {@value #EMBEDDED} chunks are ingested as a client's files are; beyond them the store is
 * filled by {@link FillStore}, unless all are to be embedded.
 */
record SearchScaleBenchmark(int chunks, boolean embedsAll) implements Benchmark {
  private static final int EMBEDDED = 3_000;
  static final int USUAL = 100_000;

  static final int CHUNK_TOKENS = 100;
  private static final int CHUNKS_PER_FILE = 500;
  private static final int SENTENCES_PER_CHUNK = 5;
  private static final int BARE_TEXTS = 200;
  private static final int FIRST_SEARCHES = 5;
  private static final int WARM_UP_SEARCHES = 600;
  private static final int SEARCHES = 300;
  private static final Duration PATIENCE = Duration.ofHours(4);
  private static final String[] SUBJECTS = {
    "pump",
    "contract",
    "harbour",
    "invoice",
    "sensor",
    "orchard",
    "library",
    "engine",
    "bridge",
    "clinic",
    "bakery",
    "turbine",
    "museum",
    "railway",
    "greenhouse",
    "observatory",
  };
  private static final String[] VERBS = {
    "needs", "replaces", "supplies", "inspects", "delays", "finances", "measures", "protects",
  };

  @Override
  public String name() {
    return "search";
  }

  @Override
  public String summary() {
    return "speed of file search over %,d chunks".formatted(chunks);
  }

  @Override
  public void measure(BenchEnvironment environment, Report report) throws Exception {
    double bare = bareRate();
    String store;
    try (var server = environment.startServer(Map.of());
        var client = new FileSearchClient(server.api(), server.key())) {
      var files = new ArrayList<String>();
      long bytes = 0;
      for (int n = 0; n < Math.ceilDiv(chunks, CHUNKS_PER_FILE); n++) {
        var content = text(n, CHUNKS_PER_FILE).getBytes(StandardCharsets.UTF_8);
        bytes += content.length;
        files.add(client.upload("part-%d.txt".formatted(n), content));
      }
      int embedded = embedsAll ? chunks : Math.min(chunks, EMBEDDED);
      RunsBenchmark.progress("indexing %,d chunks".formatted(embedded));
      var ingested = files.subList(0, Math.ceilDiv(embedded, CHUNKS_PER_FILE));
      long since = System.nanoTime();
      store = client.createStore(ingested, CHUNK_TOKENS);
      client.awaitIndexed(store, PATIENCE);
      double seconds = (System.nanoTime() - since) / 1e9;
      report.row(
          "chunks indexed; control: texts of the bare model",
          Report.Unit.PER_SECOND,
          embedded / seconds,
          bare,
          Report.Relation.RATIO);
      report.row(
          "bytes indexed in a second",
          Report.Unit.KILOBYTES,
          (double) bytes * ingested.size() / files.size() / seconds,
          null,
          Report.Relation.NOTHING);
      report.target(
          "embeddings at no less than 85 % of the bare model's rate",
          String.format(Locale.ROOT, "%.0f %%", 100 * embedded / seconds / bare),
          embedded / seconds >= 0.85 * bare);
      if (ingested.size() < files.size()) {
        RunsBenchmark.progress("filling the store up to %,d chunks".formatted(chunks));
        try (var database = environment.connect()) {
          new FillStore(database, store, SearchScaleBenchmark::chunk)
              .fill(ingested, files.subList(ingested.size(), files.size()));
        }
      }
      var inDatabase = Distribution.of(time(client, store, FIRST_SEARCHES), Long::longValue);
      report.row(
          "the first searches, before the store is in the heap, p50",
          Report.Unit.MILLIS,
          inDatabase.p50(),
          null,
          Report.Relation.NOTHING);
      RunsBenchmark.progress("searching");
      time(client, store, WARM_UP_SEARCHES);
      var times = Distribution.of(time(client, store, SEARCHES), Long::longValue);
      latency(report, "search, p50", times.p50(), 15);
      latency(report, "search, p99", times.p99(), 40);
    }
    try (var server = environment.startServer(Map.of());
        var client = new FileSearchClient(server.api(), server.key())) {
      latency(report, "first search after a restart", client.timeSearch(store, query(7)), 200);
    }
  }

  private static void latency(Report report, String name, long nanos, int millis) {
    report.row(name, Report.Unit.MILLIS, nanos, null, Report.Relation.NOTHING);
    report.target(
        "%s of at most %d ms".formatted(name, millis),
        String.format(Locale.ROOT, "%.1f ms", nanos / 1e6),
        nanos <= millis * 1_000_000L);
  }

  private static List<Long> time(FileSearchClient client, String store, int searches)
      throws IOException, InterruptedException {
    var times = new ArrayList<Long>();
    for (int n = 0; n < searches; n++) {
      times.add(client.timeSearch(store, query(1_000 + searches + n)));
    }
    return times;
  }

  /** Texts in a second that the embedding model makes vectors of, without a server. */
  private static double bareRate() throws InterruptedException {
    var model = Embeddings.local("bge-small-en-v1.5");
    try {
      var texts = new ArrayList<String>();
      for (int n = 0; n < BARE_TEXTS; n++) {
        texts.add(chunk(new Random(n)));
      }
      model.embed(texts.subList(0, 16));
      long since = System.nanoTime();
      for (int from = 0; from < BARE_TEXTS; from += 16) {
        model.embed(texts.subList(from, Math.min(BARE_TEXTS, from + 16)));
      }
      return BARE_TEXTS * 1e9 / (System.nanoTime() - since);
    } finally {
      model.close();
    }
  }

  /** The text of a file of so many chunks. */
  static String text(int number, int chunks) {
    var text = new StringBuilder();
    for (int n = 0; n < chunks; n++) {
      text.append(chunk(new Random(number * 10_007L + n))).append("\n\n");
    }
    return text.toString();
  }

  /** A paragraph that fills most of a chunk, so that the next one starts another. */
  private static String chunk(Random random) {
    var text = new StringBuilder();
    for (int n = 0; n < SENTENCES_PER_CHUNK; n++) {
      text.append(
          "The %s of section %d %s the %s near gate %d at noon. "
              .formatted(
                  SUBJECTS[random.nextInt(SUBJECTS.length)],
                  random.nextInt(9_000),
                  VERBS[random.nextInt(VERBS.length)],
                  SUBJECTS[random.nextInt(SUBJECTS.length)],
                  random.nextInt(900)));
    }
    return text.toString().strip();
  }

  static String query(int number) {
    var random = new Random(number);
    return "which %s in section %d is near gate %d?"
        .formatted(
            SUBJECTS[random.nextInt(SUBJECTS.length)], random.nextInt(9_000), random.nextInt(900));
  }
}
