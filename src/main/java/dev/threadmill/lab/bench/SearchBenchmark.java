package dev.threadmill.lab.bench;

import dev.threadmill.files.chunks.Chunker;
import dev.threadmill.files.chunks.ChunkingStrategy;
import dev.threadmill.files.extraction.Block;
import dev.threadmill.files.extraction.BlockSink;
import dev.threadmill.files.extraction.ExtractedText;
import dev.threadmill.files.extraction.ExtractionException;
import dev.threadmill.files.extraction.ReadText;
import dev.threadmill.files.extraction.TextFormat;
import dev.threadmill.lab.search.SearchCorpus;
import dev.threadmill.lab.search.SearchDocument;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The quality of file search: how well the files that answer questions are found, by words, by
 * meaning and by both. Each question has one right file.
 */
record SearchBenchmark() implements Benchmark {
  private static final int DEPTH = 10;
  private static final double FASTEST_PARSE = 5;
  private static final int PARSED = 10_000_000;
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  @Override
  public String name() {
    return "search";
  }

  @Override
  public String summary() {
    return "quality of file search; 'search collection FOLDER': the same on a collection in the format of"
        + " BEIR; 'search scale 100000': speed over this many chunks";
  }

  @Override
  public Benchmark with(List<String> arguments) {
    if (arguments.isEmpty()) {
      return this;
    }
    if (String.join(" ", arguments).matches("scale( [1-9]\\d{2,6}( all)?)?")) {
      return new SearchScaleBenchmark(
          arguments.size() == 1 ? SearchScaleBenchmark.USUAL : Integer.parseInt(arguments.get(1)),
          arguments.size() > 2);
    }
    if (arguments.getFirst().equals("collection") && arguments.size() == 2) {
      return new CollectionBenchmark(Path.of(arguments.get(1)));
    }
    throw new IllegalArgumentException(String.join(" ", arguments));
  }

  @Override
  public void measure(BenchEnvironment environment, Report report) throws Exception {
    var documents = SearchCorpus.documents();
    measureParsing(documents, report);
    try (var server = environment.startServer(Map.of());
        var client = new FileSearchClient(server.api(), server.key())) {
      var files = new LinkedHashMap<String, SearchDocument>();
      for (var document : documents) {
        files.put(client.upload(document.name(), document.content()), document);
      }
      RunsBenchmark.progress("indexing %d files".formatted(files.size()));
      var store = client.createStore(List.copyOf(files.keySet()), 0);
      client.awaitIndexed(store, PATIENCE);
      RunsBenchmark.progress(
          "asking %d questions in three ways"
              .formatted(documents.stream().mapToInt(each -> each.questions().size()).sum()));
      var words = quality(client, store, files, new FileSearchClient.Weights(0, 1));
      var meaning = quality(client, store, files, new FileSearchClient.Weights(1, 0));
      var both = quality(client, store, files, null);
      row(report, "words only", words);
      row(report, "vectors only", meaning);
      row(report, "hybrid", both);
      report.target(
          "hybrid finds more than either half (nDCG@10)",
          String.format(
              Locale.ROOT, "%.3f beside %.3f and %.3f", both.ndcg(), words.ndcg(), meaning.ndcg()),
          both.ndcg() > Math.max(words.ndcg(), meaning.ndcg()));
    }
  }

  private record Quality(double ndcg, double recall) {}

  private static void row(Report report, String name, Quality quality) {
    report.row(
        name + ", nDCG@10", Report.Unit.PERCENT, quality.ndcg(), null, Report.Relation.NOTHING);
    report.row(
        name + ", recall@10", Report.Unit.PERCENT, quality.recall(), null, Report.Relation.NOTHING);
  }

  private static Quality quality(
      FileSearchClient client,
      String store,
      Map<String, SearchDocument> files,
      FileSearchClient.Weights weights)
      throws IOException, InterruptedException {
    double ndcg = 0;
    double found = 0;
    int questions = 0;
    for (var file : files.entrySet()) {
      for (var question : file.getValue().questions()) {
        int rank = client.search(store, question, weights).indexOf(file.getKey());
        questions++;
        if (rank >= 0 && rank < DEPTH) {
          found++;
          ndcg += Math.log(2) / Math.log(rank + 2.0);
        }
      }
    }
    return new Quality(ndcg / questions, found / questions);
  }

  /** Plain text, read and cut into chunks in this process. */
  private static void measureParsing(List<SearchDocument> documents, Report report)
      throws IOException, ExtractionException {
    var source = new StringBuilder();
    for (int n = 0; source.length() < PARSED; n++) {
      var document = documents.get(n % documents.size());
      source
          .append(String.join(" ", document.questions()))
          .append(" Part ")
          .append(n)
          .append("\n\n");
    }
    var text = source.toString();
    double best = 0;
    for (int round = 0; round < 3; round++) {
      long since = System.nanoTime();
      var blocks = new Blocks();
      ReadText.read(new StringReader(text), TextFormat.PLAIN, blocks);
      Chunker.chunk(
          new ExtractedText("text/plain", blocks.blocks, List.of()), ChunkingStrategy.DEFAULT);
      best = Math.max(best, text.length() * 1e3 / (System.nanoTime() - since));
    }
    report.target(
        "5 MB of plain text are parsed and chunked in a second",
        String.format(Locale.ROOT, "%.1f MB/s", best),
        best >= FASTEST_PARSE);
  }

  private static final class Blocks implements BlockSink {
    private final List<Block> blocks = new ArrayList<>();

    @Override
    public void accept(Block block) {
      blocks.add(block);
    }

    @Override
    public int maxCharacters() {
      return Integer.MAX_VALUE;
    }

    @Override
    public void warn(String sentence) {
      throw new IllegalStateException(sentence);
    }
  }
}
