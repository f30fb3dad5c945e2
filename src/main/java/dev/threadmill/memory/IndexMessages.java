package dev.threadmill.memory;

import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.memory.recall.Candidate;
import dev.threadmill.memory.text.TextFeatures;
import dev.threadmill.models.Embeddings;
import dev.threadmill.models.ModelException;
import dev.threadmill.search.Chunks;
import dev.threadmill.search.TermAnalyzer;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Takes messages off the queue and puts them into the index. While the embedding model is down they
 * are found by their words, and stay in the queue for their vectors.
 */
@ApplicationScoped
public class IndexMessages {
  private static final Logger LOG = Logger.getLogger(IndexMessages.class);
  private static final Duration FIRST_BACKOFF = Duration.ofSeconds(2);
  private static final Duration PAUSE = Duration.ofMillis(10);
  private static final int MOST_BY_WORDS = 2_000;

  private final Jdbc jdbc;
  private final IndexQueue queue;
  private final IndexStore index;
  private final Embeddings embeddings;
  private final MemoryConfig config;

  public IndexMessages(
      Jdbc jdbc, IndexQueue queue, IndexStore index, Embeddings embeddings, MemoryConfig config) {
    this.jdbc = jdbc;
    this.queue = queue;
    this.index = index;
    this.embeddings = embeddings;
    this.config = config;
  }

  /** Has the embedding model get ready. */
  void prepare() {
    embeddings.warmUp();
  }

  /** Indexes some of what is due. Returns how many messages that were. */
  public int indexNextBatch() throws InterruptedException {
    var messages = queue.claim(config.batch());
    index(messages, embeddings::embed);
    return messages.size();
  }

  /**
   * Has a thread's messages indexed now, together with whoever works on them already, for as long
   * as the caller has patience. What is left then is indexed by its words, so that it is found.
   *
   * @return how many still wait
   */
  int indexThread(ThreadId thread, Duration patience) throws InterruptedException {
    var deadline = Instant.now().plus(patience);
    int waiting = queue.pending(thread);
    while (waiting > 0 && Instant.now().isBefore(deadline)) {
      var messages = queue.claimOfThread(thread, config.batch());
      if (messages.isEmpty()) {
        if (queue.allFailed(thread)) {
          return waiting;
        }
        Thread.sleep(PAUSE);
      } else {
        index(messages, embeddings::embedNow);
      }
      waiting = queue.pending(thread);
    }
    if (waiting > 0) {
      write(queue.claimOfThread(thread, MOST_BY_WORDS), null, Duration.ZERO);
    }
    return waiting;
  }

  private interface Embedding {
    List<float[]> of(List<String> texts) throws InterruptedException;
  }

  private void index(List<IndexQueue.QueuedMessage> messages, Embedding embedding)
      throws InterruptedException {
    if (messages.isEmpty()) {
      return;
    }
    var texts =
        messages.stream()
            .flatMap(message -> Chunks.of(message.text()).stream())
            .map(Chunks.Chunk::text)
            .toList();
    List<float[]> vectors = null;
    try {
      vectors = embedding.of(texts);
    } catch (ModelException e) {
      LOG.warnf(
          "embeddings=failed model=%s messages=%d reason=%s",
          embeddings.name(), messages.size(), e.getCause() == null ? e : e.getCause());
    }
    write(messages, vectors, backoff(messages.getFirst().attempts()));
  }

  /**
   * @param vectors of all pieces in their order; null to have them found by their words for now
   * @param delay until vectors are tried again, if there are none
   */
  private void write(
      List<IndexQueue.QueuedMessage> messages, List<float[]> vectors, Duration delay) {
    if (messages.isEmpty()) {
      return;
    }
    var pieces = messages.stream().map(message -> Chunks.of(message.text())).toList();
    var entries = new ArrayList<IndexStore.Entry>();
    var assistants = new HashMap<ThreadId, String>();
    for (int i = 0; i < messages.size(); i++) {
      var message = messages.get(i);
      if (message.assistantId() != null) {
        assistants.put(message.thread(), message.assistantId());
      }
      for (int part = 0; part < pieces.get(i).size(); part++) {
        entries.add(
            entry(
                message,
                part,
                pieces.get(i).get(part),
                vectors == null ? null : vectors.get(entries.size())));
      }
    }
    jdbc.runInTransaction(
        tx -> {
          index.write(tx, entries);
          index.deleteOutdated(tx, outdated(messages, pieces));
          assistants.forEach((thread, assistant) -> index.setAssistant(tx, thread, assistant));
          if (vectors == null) {
            queue.postpone(tx, messages, delay);
          } else {
            queue.complete(tx, messages);
          }
        });
  }

  private List<Object[]> outdated(
      List<IndexQueue.QueuedMessage> messages, List<List<Chunks.Chunk>> pieces) {
    var outdated = new ArrayList<Object[]>();
    for (int i = 0; i < messages.size(); i++) {
      var message = messages.get(i);
      outdated.add(
          new Object[] {
            message.thread(), message.message(), pieces.get(i).size(), embeddings.name()
          });
    }
    return outdated;
  }

  private IndexStore.Entry entry(
      IndexQueue.QueuedMessage message, int part, Chunks.Chunk piece, float[] vector) {
    var terms = TermAnalyzer.terms(piece.text());
    return new IndexStore.Entry(
        message.project(),
        message.thread(),
        Candidate.SourceType.MESSAGE,
        message.message().value(),
        part,
        embeddings.name(),
        message.assistantId(),
        message.userId(),
        message.createdAt(),
        message.originalTime(),
        piece.startOffset(),
        piece.endOffset(),
        TextFeatures.of(piece.text(), terms, message.byAssistant()),
        new LinkedHashSet<>(terms),
        vector);
  }

  private Duration backoff(int attempts) {
    var delay = FIRST_BACKOFF.multipliedBy(1L << Math.min(attempts, 10));
    return delay.compareTo(config.longestBackoff()) > 0 ? config.longestBackoff() : delay;
  }
}
