package dev.threadmill.lab.memory;

import static dev.threadmill.lab.memory.MemoryBench.number;
import static dev.threadmill.lab.memory.MemoryBench.say;

import com.pgvector.PGvector;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.memory.recall.MemoryIndex;
import dev.threadmill.memory.recall.MemoryScope;
import dev.threadmill.memory.recall.Ranking;
import dev.threadmill.memory.recall.Recall;
import dev.threadmill.memory.recall.RecallConfig;
import dev.threadmill.memory.recall.TextStore;
import dev.threadmill.memory.text.MemoryQuery;
import dev.threadmill.models.embeddings.Embeddings;
import dev.threadmill.search.Hit;
import dev.threadmill.search.TermAnalyzer;
import dev.threadmill.search.TextQuery;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * Measures the speed of recall over many items, and whether a scope with few of them finds its own.
 * The items are the lines of the evaluation set with noise added to their vectors, so that they
 * form clusters as texts do, in threads of a hundred. One project owns 1 % of all items; in the
 * other project one user owns 1 % and one 10 %.
 */
final class MemoryScaleBench {
  private static final int LINES = 700;
  private static final int QUERIES = 200;
  private static final int THREAD_LENGTH = 100;
  private static final int NEAREST = 10;
  private static final double NOISE = 0.9;

  private static final String PROJECT =
      "CASE WHEN (n / 100) % 100 = 0 THEN 'proj_one' ELSE 'proj_bench' END";

  private final Jdbc jdbc;
  private final Embeddings embeddings = Embeddings.local();
  private final MemoryIndex index;
  private final Recall recall;
  private final String vectorType;
  private final ProjectId project = new ProjectId("proj_bench");

  MemoryScaleBench(Jdbc jdbc, RecallConfig config) {
    this.jdbc = jdbc;
    this.vectorType =
        jdbc.one(
                "SELECT CASE WHEN to_regtype('halfvec') IS NULL THEN 'vector' ELSE 'halfvec' END AS type",
                row -> row.text("type"))
            .orElseThrow();
    var clock = InstantSource.system();
    this.index = new MemoryIndex(jdbc, embeddings, config, clock);
    this.recall = new Recall(index, new TextStore(jdbc), embeddings, clock);
  }

  void run(int items) throws InterruptedException {
    long kept = kept();
    if (kept == 0) {
      build(items);
    } else if (kept != items) {
      throw new IllegalArgumentException(
          "the kept database has %d items, not the given number".formatted(kept));
    }
    var questions =
        EvaluationSet.all().stream()
            .flatMap(conversation -> conversation.questions().stream())
            .map(EvaluationSet.EvaluationQuestion::text)
            .toList();
    var scopes = new LinkedHashMap<String, MemoryScope>();
    scopes.put(
        "project with 1 % of all",
        new MemoryScope.OfAssistant(new ProjectId("proj_one"), "asst_one"));
    scopes.put("user with 1 % of all", new MemoryScope.OfUser(project, "one"));
    scopes.put("user with 10 % of all", new MemoryScope.OfUser(project, "ten"));
    scopes.put("assistant with all", new MemoryScope.OfAssistant(project, "asst_bench"));
    scopes.put(
        "thread of 5,000 messages", new MemoryScope.OfThread(project, new ThreadId("thread_long")));
    scopes.put(
        "thread of 100 messages", new MemoryScope.OfThread(project, new ThreadId("thread_1")));
    atWork(scopes.get("assistant with all"));
    // Other questions than the measured ones.
    for (var scope : scopes.values()) {
      for (var question : questions.subList(QUERIES, questions.size())) {
        recall.recall(scope, question, 10);
      }
    }
    for (var scope : scopes.entrySet()) {
      measure(scope.getKey(), scope.getValue(), questions.subList(0, QUERIES));
    }
  }

  /**
   * Queries every line of the evaluation set, so that caches are as warm as in a server that has
   * been running for a while.
   */
  private void atWork(MemoryScope scope) throws InterruptedException {
    for (var conversation : EvaluationSet.all()) {
      for (var line : conversation.lines()) {
        recall.recall(scope, line.text(), 10);
      }
    }
  }

  private void build(int items) throws InterruptedException {
    var began = Instant.now();
    load(items);
    say("loaded %d items in %d s", items, seconds(began));
    began = Instant.now();
    jdbc.update(
        """
        DO $$ BEGIN
          SET LOCAL maintenance_work_mem = '3GB';
          CREATE INDEX memory_index_all_minilm_l6_v2 ON memory_index
          USING hnsw ((embedding::%s(384)) %s_cosine_ops) WHERE model = 'all-minilm-l6-v2';
        END $$
        """
            .formatted(vectorType, vectorType));
    say("built the HNSW index in %d s", seconds(began));
    began = Instant.now();
    jdbc.update(
        """
        CREATE INDEX memory_index_by_term ON memory_index USING gin (terms)
        WITH (fastupdate = on, gin_pending_list_limit = 256)
        """);
    longThread();
    jdbc.update("VACUUM ANALYZE memory_index");
    jdbc.update("VACUUM ANALYZE messages");
    say("built the index of terms and vacuumed in %d s", seconds(began));
    size(items);
    jdbc.update("CREATE TABLE bench_done (items bigint)");
    jdbc.update("INSERT INTO bench_done VALUES (?)", items);
  }

  /** The number of items that an earlier measurement has stored; 0 if the database is new. */
  private long kept() {
    return jdbc.one("SELECT to_regclass('bench_done') IS NOT NULL AS done", row -> row.bool("done"))
        .filter(done -> done)
        .flatMap(done -> jdbc.one("SELECT items FROM bench_done", row -> row.bigint("items")))
        .orElse(0L);
  }

  private void measure(String title, MemoryScope scope, List<String> questions)
      throws InterruptedException {
    for (var question : questions.subList(0, 40)) {
      recall.recall(scope, question, 10);
    }
    var whole = new ArrayList<Double>();
    var search = new ArrayList<Double>();
    for (var question : questions) {
      long began = System.nanoTime();
      recall.recall(scope, question, 10);
      whole.add((System.nanoTime() - began) / 1e6);
      var query = MemoryQuery.of(question, Instant.now());
      var vector = embeddings.embedQuery(question);
      began = System.nanoTime();
      var found = index.search(scope, query.query(), () -> vector);
      new Ranking(query).rank(found.hits(), found.totalEntries());
      search.add((System.nanoTime() - began) / 1e6);
    }
    say(
        "%-26s recall p50 %6s ms, p99 %6s ms; search and ranking alone %6s, %6s; of the nearest ten %s",
        title,
        number(percentile(whole, 50)),
        number(percentile(whole, 99)),
        number(percentile(search, 50)),
        number(percentile(search, 99)),
        share(scope, questions.subList(0, 30)));
  }

  private static double percentile(List<Double> values, int percent) {
    values.sort(null);
    return values.get(values.size() * percent / 100);
  }

  /** The mean number of the exact nearest ten that are found. */
  private String share(MemoryScope scope, List<String> questions) throws InterruptedException {
    var condition =
        switch (scope) {
          case MemoryScope.OfUser(var owner, var user) ->
              "project_id = '%s' AND user_id = '%s'".formatted(owner, user);
          case MemoryScope.OfAssistant(var owner, var assistant) ->
              "project_id = '%s' AND assistant_id = '%s'".formatted(owner, assistant);
          case MemoryScope.OfThread(_, var thread) -> "thread_id = '%s'".formatted(thread);
        };
    double found = 0;
    for (var question : questions) {
      var vector = embeddings.embedQuery(question);
      var nearest =
          index.search(scope, TextQuery.of(question), () -> vector).hits().stream()
              .sorted(Comparator.comparingDouble(Hit::similarity).reversed())
              .limit(NEAREST)
              .map(Hit::sourceId)
              .collect(Collectors.toSet());
      nearest.retainAll(nearest(condition, new PGvector(vector)));
      found += nearest.size();
    }
    return number(found / questions.size());
  }

  /** The exact nearest ten, by comparing all. */
  private List<String> nearest(String condition, PGvector vector) {
    // The sum prevents the use of the vector index.
    return jdbc.list(
        """
        SELECT source_id FROM memory_index
        WHERE %s AND model = 'all-minilm-l6-v2'
        ORDER BY (embedding <#> ?::%s) + 0 LIMIT %d
        """
            .formatted(condition, vectorType, NEAREST),
        row -> row.text("source_id"),
        vector);
  }

  private void load(int items) throws InterruptedException {
    jdbc.update("DROP INDEX IF EXISTS memory_index_all_minilm_l6_v2");
    jdbc.update("DROP INDEX memory_index_by_term");
    jdbc.update("ALTER TABLE messages DISABLE TRIGGER USER");
    var lines =
        EvaluationSet.all().stream()
            .flatMap(conversation -> conversation.lines().stream())
            .limit(LINES)
            .toList();
    jdbc.update(
        "CREATE TABLE bench_lines (i int PRIMARY KEY, text text, terms tsvector, v vector)");
    jdbc.update("CREATE TABLE bench_noise (j int PRIMARY KEY, v vector)");
    var rows = new ArrayList<Object[]>();
    var embedded = embeddings.embed(lines.stream().map(EvaluationSet.Line::text).toList());
    for (int i = 0; i < lines.size(); i++) {
      var terms = TermAnalyzer.forms(TermAnalyzer.terms(lines.get(i).text()));
      rows.add(new Object[] {i, lines.get(i).text(), terms, new PGvector(embedded.get(i))});
    }
    var random = new Random(7);
    var noise = new ArrayList<Object[]>();
    for (int j = 0; j <= items / LINES + 5_000 / LINES + 1; j++) {
      noise.add(new Object[] {j, new PGvector(noise(random))});
    }
    jdbc.runInTransaction(
        tx -> {
          tx.batch("INSERT INTO bench_lines VALUES (?, ?, array_to_tsvector(?), ?::vector)", rows);
          tx.batch("INSERT INTO bench_noise VALUES (?, ?::vector)", noise);
        });
    fill("n", 0, items, "'thread_' || (n / %d)".formatted(THREAD_LENGTH));
  }

  /** A thread of five thousand further messages. */
  private void longThread() {
    fill("n", 100_000_000, 5_000, "'thread_long'");
  }

  private void fill(String n, int from, int count, String thread) {
    var message =
        """
        jsonb_build_array(jsonb_build_object('type', 'text', 'text',
          jsonb_build_object('value', l.text, 'annotations', '[]'::jsonb)))
        """;
    jdbc.update(
        """
        INSERT INTO messages (thread_id, id, project_id, created_at, status, role, content,
          metadata, tokens)
        SELECT %s, 'msg_' || lpad((n + %d)::text, 9, '0'), %s,
          '2026-01-01'::timestamptz + n * interval '1 second', 'completed', 'user', %s, '{}', 9
        FROM generate_series(0, %d) n JOIN bench_lines l ON l.i = n %% %d
        """
            .formatted(thread, from, PROJECT, message, count - 1, LINES));
    jdbc.update(
        """
        INSERT INTO memory_index (thread_id, source_id, part, model, project_id, assistant_id,
          user_id, source_type, begins, ends, created_at, traits, terms, embedding)
        SELECT %s, 'msg_' || lpad((n + %d)::text, 9, '0'), 0, 'all-minilm-l6-v2', %s,
          CASE WHEN (n / 100) %% 100 = 0 THEN 'asst_one' ELSE 'asst_bench' END,
          CASE WHEN (n / 100) %% 100 = 2 THEN 'one' WHEN (n / 100) %% 10 = 1 THEN 'ten'
            ELSE 'others' END,
          'message', 0, length(l.text),
          '2026-01-01'::timestamptz + n * interval '1 second', 12 << 8, l.terms,
          l2_normalize(l.v + z.v)::%s
        FROM generate_series(0, %d) n
        JOIN bench_lines l ON l.i = n %% %d JOIN bench_noise z ON z.j = n / %d
        """
            .formatted(thread, from, PROJECT, vectorType, count - 1, LINES, LINES));
  }

  private static float[] noise(Random random) {
    var vector = new float[384];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (random.nextGaussian() * NOISE / Math.sqrt(vector.length));
    }
    return vector;
  }

  private void size(int items) {
    jdbc.list(
            """
            SELECT t.name, pg_table_size(t.name::regclass) AS heap,
              pg_indexes_size(t.name::regclass) AS indexes
            FROM (VALUES ('messages'), ('memory_index')) AS t (name)
            """,
            row ->
                "%-26s %5d bytes per message, its indexes %5d"
                    .formatted(
                        row.text("name"),
                        row.bigint("heap") / items,
                        row.bigint("indexes") / items))
        .forEach(MemoryBench::say);
  }

  private static long seconds(Instant began) {
    return Instant.now().getEpochSecond() - began.getEpochSecond();
  }
}
