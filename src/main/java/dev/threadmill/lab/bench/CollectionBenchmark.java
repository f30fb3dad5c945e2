package dev.threadmill.lab.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The quality of file search on a collection in the format of BEIR: a folder with {@code
 * corpus.jsonl}, {@code queries.jsonl} and {@code qrels/test.tsv}. Each document is a file of plain
 * text, its title first. All judged queries are asked.
 */
record CollectionBenchmark(Path folder) implements Benchmark {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int DEPTH = 10;
  private static final int FILES_PER_BATCH = 500;
  private static final Duration PATIENCE = Duration.ofHours(4);

  @Override
  public String name() {
    return "search";
  }

  @Override
  public String summary() {
    return "quality of file search on the collection in " + folder;
  }

  @Override
  public void measure(BenchEnvironment environment, Report report) throws Exception {
    var relevant = relevant(folder.resolve("qrels").resolve("test.tsv"));
    var queries = texts(folder.resolve("queries.jsonl"), relevant);
    try (var server = environment.startServer(Map.of());
        var client = new FileSearchClient(server.api(), server.key())) {
      var documents = upload(client);
      RunsBenchmark.progress("indexing %,d documents".formatted(documents.size()));
      var store = client.createStore(List.of(), 0);
      var files = List.copyOf(documents.keySet());
      for (int from = 0; from < files.size(); from += FILES_PER_BATCH) {
        client.addFiles(store, files.subList(from, Math.min(files.size(), from + FILES_PER_BATCH)));
      }
      client.awaitIndexed(store, PATIENCE);
      RunsBenchmark.progress("asking %,d queries in three ways".formatted(queries.size()));
      var weights = new LinkedHashMap<String, FileSearchClient.Weights>();
      weights.put("words only", new FileSearchClient.Weights(0, 1));
      weights.put("vectors only", new FileSearchClient.Weights(1, 0));
      weights.put("hybrid", null);
      for (var each : weights.entrySet()) {
        double ndcg = 0;
        double recall = 0;
        for (var query : queries.entrySet()) {
          var found =
              client.search(store, query.getValue(), each.getValue()).stream()
                  .map(documents::get)
                  // where queries are documents themselves, BEIR does not count these
                  .filter(document -> !document.equals(query.getKey()))
                  .limit(DEPTH)
                  .toList();
          var grades = relevant.get(query.getKey());
          ndcg += ndcg(found, grades);
          recall += (double) found.stream().filter(grades::containsKey).count() / grades.size();
        }
        row(report, each.getKey() + ", nDCG@10", ndcg / queries.size());
        row(report, each.getKey() + ", recall@10", recall / queries.size());
      }
    }
  }

  private static void row(Report report, String name, double share) {
    report.row(name, Report.Unit.PERCENT, share, null, Report.Relation.NOTHING);
  }

  /** The documents of the uploaded files, by their ids. */
  private Map<String, String> upload(FileSearchClient client)
      throws IOException, InterruptedException {
    var documents = new LinkedHashMap<String, String>();
    try (var lines = Files.lines(folder.resolve("corpus.jsonl"))) {
      for (String line : (Iterable<String>) lines::iterator) {
        var document = JSON.readTree(line);
        var title = document.path("title").asText("");
        var text = document.path("text").asText("");
        var content = title.isBlank() ? text : title + "\n\n" + text;
        if (!content.isBlank()) {
          var id = document.path("_id").asText();
          documents.put(
              client.upload(
                  "document-%d.txt".formatted(documents.size()),
                  content.getBytes(StandardCharsets.UTF_8)),
              id);
        }
      }
    }
    return documents;
  }

  /** The relevant documents of each query, with their grades. */
  private static Map<String, Map<String, Integer>> relevant(Path file) throws IOException {
    var relevant = new HashMap<String, Map<String, Integer>>();
    for (var line : Files.readAllLines(file)) {
      var columns = line.split("\t");
      if (columns.length == 3 && columns[2].strip().matches("[1-9]\\d*")) {
        relevant
            .computeIfAbsent(columns[0], _ -> new HashMap<>())
            .put(columns[1], Integer.valueOf(columns[2].strip()));
      }
    }
    return relevant;
  }

  private static Map<String, String> texts(Path file, Map<String, ?> wanted) throws IOException {
    var texts = new LinkedHashMap<String, String>();
    for (var line : Files.readAllLines(file)) {
      var query = JSON.readTree(line);
      if (wanted.containsKey(query.path("_id").asText())) {
        texts.put(query.path("_id").asText(), query.path("text").asText());
      }
    }
    return texts;
  }

  private static double ndcg(List<String> found, Map<String, Integer> grades) {
    double gain = 0;
    for (int rank = 0; rank < found.size(); rank++) {
      gain += grades.getOrDefault(found.get(rank), 0) / Math.log(rank + 2.0);
    }
    double ideal = 0;
    var best = new ArrayList<>(grades.values());
    best.sort((one, other) -> Integer.compare(other, one));
    for (int rank = 0; rank < Math.min(DEPTH, best.size()); rank++) {
      ideal += best.get(rank) / Math.log(rank + 2.0);
    }
    return gain / ideal;
  }
}
