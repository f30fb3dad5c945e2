package dev.threadmill.memory.recall;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.db.Jdbc;
import dev.threadmill.memory.text.Question;
import dev.threadmill.models.Embeddings;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.jboss.logging.Logger;

/**
 * The scopes that this node keeps in its heap: those of some size that were asked for twice within
 * minutes. Each recall has the database tell what has changed since the last one, by a statement
 * that takes no longer than the question's vector does. So what was forgotten is not found and what
 * was added is, on any node, as if all had been read from the database.
 */
final class KeptScopes {
  private static final Logger LOG = Logger.getLogger(KeptScopes.class);
  private static final Duration KEPT = Duration.ofMinutes(10);
  private static final Duration BETWEEN_TRIES = Duration.ofMinutes(10);

  /** One large scope must not push out all the others. */
  private static final int SHARE_OF_ONE = 2;

  private static final int KIB = 1024;

  private final KeptSql sql;
  private final Embeddings embeddings;
  private final RecallConfig config;
  private final long bytes;
  private final Cache<Scope, Known> scopes;

  /** Reading a scope keeps a core busy for a while; there is no hurry. */
  private final Semaphore reading = new Semaphore(1);

  KeptScopes(Jdbc jdbc, VectorColumn vectors, Embeddings embeddings, RecallConfig config) {
    this.sql = new KeptSql(jdbc, vectors, embeddings);
    this.embeddings = embeddings;
    this.config = config;
    this.bytes = Runtime.getRuntime().maxMemory() / 100 * config.keepPercent();
    this.scopes =
        Caffeine.newBuilder()
            .expireAfterAccess(KEPT)
            .maximumWeight(bytes / KIB)
            .weigher((Scope _, Known known) -> (int) (known.bytes() / KIB))
            .build();
  }

  /** What is known of a scope. */
  sealed interface Known permits Asked, Refused, KeptScope {
    /** What it takes of the heap. */
    default long bytes() {
      return KIB;
    }
  }

  /** It was asked for and is not kept yet. */
  record Asked() implements Known {}

  /**
   * It cannot be kept for now.
   *
   * @param at the nanoseconds when that was found out
   */
  record Refused(long at) implements Known {
    boolean isOver() {
      return System.nanoTime() - at > BETWEEN_TRIES.toNanos();
    }
  }

  /**
   * What a scope has to say to a question; empty if it is not kept.
   *
   * @param mostWhole up to how many entries all are candidates, beyond it the best
   * @param best how many are the best by meaning, and how many by words
   */
  Optional<IndexSearch.Found> search(
      Scope scope, Question question, QuestionVector vector, int mostWhole, int best)
      throws InterruptedException {
    if (!(scopes.getIfPresent(scope) instanceof KeptScope kept)) {
      return Optional.empty();
    }
    switch (kept.catchUp(sql)) {
      case OUTDATED -> {
        scopes.asMap().replace(scope, kept, new Asked());
        return Optional.empty();
      }
      case GROWN -> scopes.asMap().computeIfPresent(scope, (key, same) -> same);
      case CURRENT -> {
        // as it should be
      }
    }
    return Optional.of(kept.search(question, vector, mostWhole, best));
  }

  /**
   * Takes note of a scope that had to be searched in the database, so that it need not be the next
   * time.
   *
   * @param entries how many it has, as far as is known
   */
  void searched(Scope scope, long entries) {
    if (entries < config.keepFrom() || bytes == 0 || !sql.isAble()) {
      return;
    }
    switch (scopes.getIfPresent(scope)) {
      case null -> scopes.put(scope, new Asked());
      case Asked _ -> read(scope);
      case Refused refused when refused.isOver() -> read(scope);
      case Refused _, KeptScope _ -> {
        // nothing to do
      }
    }
  }

  /** How many entries are kept. */
  long entries() {
    return scopes.asMap().values().stream()
        .mapToLong(known -> known instanceof KeptScope kept ? kept.places() : 0)
        .sum();
  }

  private void read(Scope scope) {
    if (!reading.tryAcquire()) {
      return;
    }
    Thread.ofPlatform()
        .name("recall-keep")
        .daemon()
        .priority(Thread.MIN_PRIORITY)
        .start(
            () -> {
              try {
                scopes.put(scope, readNow(scope));
              } catch (RuntimeException e) {
                // The database, or the model whose dimensions were asked for, may be down.
                LOG.debugf(e, "recall=not_kept");
              } finally {
                reading.release();
              }
            });
  }

  private Known readNow(Scope scope) {
    int dimensions = embeddings.dimensions();
    int most = KeptScope.most(bytes / SHARE_OF_ONE, dimensions);
    if (sql.count(scope, most + 1) > most) {
      return new Refused(System.nanoTime());
    }
    return sql.load(scope, most)
        .<Known>map(loaded -> new KeptScope(scope, loaded, dimensions))
        .orElseGet(() -> new Refused(System.nanoTime()));
  }
}
