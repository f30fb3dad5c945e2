package dev.threadmill.vectorstores.search;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.WorkOwner;
import dev.threadmill.models.rerank.Reranker;
import dev.threadmill.projects.DataRecipient;
import dev.threadmill.projects.Regions;
import dev.threadmill.vectorstores.search.ChunkTexts.Key;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Scores the best chunks of a search again, with the model for it if there is one. */
@ApplicationScoped
class RerankChunks implements DataRecipient {
  /** Chunks that follow each other become one result. */
  private static final int CHUNKS_PER_RESULT = 2;

  private final Reranker reranker;
  private final ChunkTexts texts;

  RerankChunks(Reranker reranker, ChunkTexts texts) {
    this.reranker = reranker;
    this.texts = texts;
  }

  @Override
  public Optional<Recipient> recipient() {
    return reranker.isConfigured()
        ? Optional.of(
            new Recipient(
                "The model of THREADMILL_RERANK_URL",
                reranker.region().flatMap(Regions::parse).orElse(null)))
        : Optional.empty();
  }

  /**
   * The best chunks with their new scores, in no particular order; a chunk has the score of the
   * query that it fits best.
   *
   * @param ranked best first
   * @param maxResults how many passages the client wants
   * @return empty if the scores of the search stand
   */
  Optional<Map<Key, Double>> rerank(
      ProjectId project, List<String> queries, List<Key> ranked, int maxResults)
      throws InterruptedException {
    if (!reranker.isConfigured() || ranked.isEmpty()) {
      return Optional.empty();
    }
    int most = Math.max(reranker.candidates(), CHUNKS_PER_RESULT * maxResults);
    var best = ranked.subList(0, Math.min(ranked.size(), most));
    var read = texts.read(project, best);
    var chunks = best.stream().filter(read::containsKey).toList();
    var passages = chunks.stream().map(key -> passage(read.get(key))).toList();
    var scores = new LinkedHashMap<Key, Double>();
    for (var ofQuery : scores(queries, passages)) {
      if (ofQuery.isEmpty()) {
        return Optional.empty();
      }
      for (int i = 0; i < chunks.size(); i++) {
        scores.merge(chunks.get(i), ofQuery.get()[i], Math::max);
      }
    }
    return Optional.of(scores);
  }

  private static String passage(ChunkTexts.Text text) {
    return text.heading() == null || text.text().startsWith(text.heading())
        ? text.text()
        : text.heading() + "\n\n" + text.text();
  }

  /** The scores for each query; the queries are sent at the same time. */
  private List<Optional<double[]>> scores(List<String> queries, List<String> passages)
      throws InterruptedException {
    var tasks = new ArrayList<FutureTask<Optional<double[]>>>();
    var owner = WorkOwner.current();
    for (var query : queries) {
      var task =
          new FutureTask<Optional<double[]>>(
              () ->
                  WorkOwner.<Optional<double[]>, InterruptedException>call(
                      owner, () -> reranker.scores(query, passages)));
      Thread.ofVirtual().name("rerank").start(task);
      tasks.add(task);
    }
    var scores = new ArrayList<Optional<double[]>>();
    for (var task : tasks) {
      try {
        scores.add(task.get());
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      }
    }
    return scores;
  }
}
