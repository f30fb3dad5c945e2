package dev.threadmill.lab.memory;

import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.memory.IndexMessages;
import dev.threadmill.memory.IndexQueue;
import dev.threadmill.memory.MemoryConfig;
import dev.threadmill.memory.recall.MemoryIndex;
import dev.threadmill.memory.recall.MemoryScope;
import dev.threadmill.memory.recall.Ranking;
import dev.threadmill.memory.recall.RecallConfig;
import dev.threadmill.memory.text.MemoryQuery;
import dev.threadmill.models.embeddings.Embeddings;
import dev.threadmill.search.Bm25;
import dev.threadmill.search.Hit;
import dev.threadmill.search.QueryVector;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * {@code ./threadmill bench memory}: measures the quality of recall. The weights of the ranking
 * were fitted to some conversations ("tuned"); the others ("held out", "other styles") show what to
 * expect of unseen conversations.
 */
public final class MemoryBench {
  /** The purpose of the benchmark in one line. */
  public static final String SUMMARY =
      "quality of recall; with 'scale 1000000 [--keep FOLDER]': its speed over this many items";

  private static final int DEFAULT_ITEMS = 100_000;
  private static final int[] DEPTHS = {5, 10, 20};

  private final Jdbc jdbc;
  private final Ids ids;
  private final MemoryIndex index;
  private final IndexMessages messages;
  private final Embeddings embeddings;
  private final ProjectId project;

  private MemoryBench(Jdbc jdbc, MemoryConfig config, RecallConfig recall) {
    this.jdbc = jdbc;
    this.ids = new Ids(InstantSource.system());
    this.embeddings = Embeddings.local();
    this.index = new MemoryIndex(jdbc, embeddings, recall, InstantSource.system());
    var queue = new IndexQueue(jdbc, InstantSource.system());
    this.messages = IndexMessages.embeddingAll(jdbc, queue, index, embeddings, config);
    this.project = ids.project();
  }

  /**
   * Runs the benchmark.
   *
   * @param arguments empty for quality; {@code scale} and a number of items for speed, optionally
   *     with {@code --keep} and a folder for a database that the next measurement uses again
   * @return the exit code: 0 if it was measured, 2 for invalid arguments
   */
  public static int measure(List<String> arguments) {
    boolean scale = !arguments.isEmpty() && arguments.getFirst().equals("scale");
    var rest = new ArrayList<>(arguments.subList(scale ? 1 : 0, arguments.size()));
    int items = DEFAULT_ITEMS;
    Path folder = null;
    if (scale && !rest.isEmpty() && rest.getFirst().matches("[1-9]\\d{3,7}")) {
      items = Integer.parseInt(rest.removeFirst());
    }
    if (scale && rest.size() == 2 && rest.getFirst().equals("--keep")) {
      folder = Path.of(rest.get(1));
      rest.clear();
    }
    if (!rest.isEmpty()) {
      System.err.println(
          "threadmill: bench memory takes no arguments, or 'scale', a number of items and --keep FOLDER");
      return 2;
    }
    var config =
        new SmallRyeConfigBuilder()
            .addDefaultInterceptors()
            .addDiscoveredConverters()
            .withMapping(MemoryConfig.class)
            .withMapping(RecallConfig.class)
            .build();
    var recall = config.getConfigMapping(RecallConfig.class);
    try (var database = new BenchDatabase(folder)) {
      if (scale) {
        new MemoryScaleBench(database.jdbc(), recall).run(items);
      } else {
        new MemoryBench(database.jdbc(), config.getConfigMapping(MemoryConfig.class), recall).run();
      }
      return 0;
    } catch (IllegalArgumentException e) {
      System.err.println("threadmill: " + e.getMessage());
      return 2;
    } catch (IOException | SQLException e) {
      System.err.println("threadmill: the bench failed: " + e);
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  public static void main(String... args) {
    System.exit(measure(List.of(args)));
  }

  private void run() throws InterruptedException {
    var all = EvaluationSet.all();
    var tuned = EvaluationSet.tuned();
    var heldOut = EvaluationSet.heldOut();
    var others = EvaluationSet.otherStyles();
    say(
        "%d conversations, %d messages, %d questions; model %s",
        all.size(),
        all.stream().mapToInt(c -> c.lines().size()).sum(),
        all.stream().mapToInt(c -> c.questions().size()).sum(),
        embeddings.name());
    say("%n%-28s %-14s %9s %9s %9s", "", "", "recall@5", "recall@10", "recall@20");
    measure("a thread each, tuned", tuned.stream().map(List::of).toList());
    measure("a thread each, held out", heldOut.stream().map(List::of).toList());
    measure("a thread each, other styles", others.stream().map(List::of).toList());
    measure("a thread each, all", all.stream().map(List::of).toList());
    measure("one long thread, tuned", List.of(tuned));
    measure("one long thread, held out", List.of(heldOut));
    measure("one long thread, styles", List.of(others));
    measure("one long thread, all", List.of(all));
  }

  private void measure(String title, List<List<EvaluationSet.Conversation>> threads)
      throws InterruptedException {
    var totals = new LinkedHashMap<String, double[]>();
    int questions = 0;
    for (var conversations : threads) {
      var thread = ids.thread();
      var messages = store(thread, conversations);
      while (this.messages.indexNextBatch() > 0) {
        // Until the queue is empty.
      }
      int offset = 0;
      for (var conversation : conversations) {
        for (var asked : conversation.questions()) {
          var wanted = new HashSet<String>();
          for (int place : asked.evidence()) {
            wanted.add(messages.get(offset + place));
          }
          questions++;
          rankings(thread, asked.text())
              .forEach((method, order) -> add(totals, method, share(order, wanted)));
        }
        offset += conversation.lines().size();
      }
    }
    for (var method : totals.entrySet()) {
      var sums = method.getValue();
      say(
          "%-28s %-14s %9.3f %9.3f %9.3f",
          title, method.getKey(), sums[0] / questions, sums[1] / questions, sums[2] / questions);
      title = "";
    }
  }

  /** The ranked messages of each search method, by its name. */
  private Map<String, List<String>> rankings(ThreadId thread, String asked)
      throws InterruptedException {
    var question = MemoryQuery.of(asked, InstantSource.system().instant());
    var found =
        index.search(
            new MemoryScope.OfThread(project, thread),
            question.query(),
            QueryVector.of(asked, embeddings));
    var ranking = new Ranking(question);
    var rankings = new LinkedHashMap<String, List<String>>();
    var terms =
        new Bm25(
            question.query().terms().size(),
            found.hits(),
            Math.max(found.totalEntries(), found.hits().size()));
    var shares = terms.scores();
    var byWords = new ArrayList<Integer>();
    for (int i = 0; i < shares.length; i++) {
      byWords.add(i);
    }
    byWords.sort(Comparator.comparingDouble((Integer i) -> shares[i]).reversed());
    rankings.put(
        "full-text", byWords.stream().map(i -> found.hits().get(i).sourceId()).distinct().toList());
    rankings.put(
        "vectors",
        found.hits().stream()
            .sorted(Comparator.comparingDouble(Hit::similarity).reversed())
            .map(Hit::sourceId)
            .distinct()
            .toList());
    rankings.put(
        "threadmill",
        ranking.rank(found.hits(), found.totalEntries()).stream()
            .map(ranked -> ranked.hit().sourceId())
            .distinct()
            .toList());
    return rankings;
  }

  private static double[] share(List<String> order, HashSet<String> wanted) {
    var shares = new double[DEPTHS.length];
    for (int i = 0; i < DEPTHS.length; i++) {
      var top = order.subList(0, Math.min(DEPTHS[i], order.size()));
      shares[i] = wanted.stream().filter(top::contains).count() / (double) wanted.size();
    }
    return shares;
  }

  private static void add(Map<String, double[]> totals, String method, double[] shares) {
    var sums = totals.computeIfAbsent(method, name -> new double[DEPTHS.length]);
    for (int i = 0; i < shares.length; i++) {
      sums[i] += shares[i];
    }
  }

  private List<String> store(ThreadId thread, List<EvaluationSet.Conversation> conversations) {
    var messages = new ArrayList<String>();
    jdbc.runInTransaction(
        tx -> {
          var now = InstantSource.system().instant();
          tx.update(
              """
              INSERT INTO threads (id, project_id, created_at, status, metadata, tail)
              VALUES (?, ?, ?, 'active', '{}', ?)
              """,
              thread,
              project,
              now,
              now);
          var rows = new ArrayList<Object[]>();
          long shift = 0;
          for (var conversation : conversations) {
            for (var line : conversation.lines()) {
              var id = ids.message();
              messages.add(id.value());
              var part = Map.of("type", "text", "text", Map.of("value", line.text()));
              rows.add(
                  new Object[] {
                    thread,
                    id,
                    project,
                    line.at().plusNanos(1_000 * ++shift),
                    line.byAssistant() ? "assistant" : "user",
                    Tx.json(List.of(part))
                  });
            }
          }
          tx.batch(
              """
              INSERT INTO messages (thread_id, id, project_id, created_at, status, role, content,
                metadata, tokens)
              VALUES (?, ?, ?, ?, 'completed', ?, ?, '{}', 0)
              """,
              rows);
        });
    return messages;
  }

  static void say(String form, Object... values) {
    System.out.println(form.formatted(values).stripTrailing());
  }

  static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
