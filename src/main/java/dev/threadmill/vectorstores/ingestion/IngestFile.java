package dev.threadmill.vectorstores.ingestion;

import dev.threadmill.api.Backoff;
import dev.threadmill.api.WorkOwner;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.files.Files;
import dev.threadmill.files.StoredFile;
import dev.threadmill.files.chunks.Chunk;
import dev.threadmill.files.chunks.Chunker;
import dev.threadmill.files.extraction.ExtractionException;
import dev.threadmill.files.extraction.TextExtraction;
import dev.threadmill.models.LimitReachedException;
import dev.threadmill.models.ModelException;
import dev.threadmill.vectorstores.IngestionSignal;
import dev.threadmill.vectorstores.StoreEmbeddings;
import dev.threadmill.vectorstores.StoreFile.LastError;
import dev.threadmill.vectorstores.VectorStoresConfig;
import dev.threadmill.vectorstores.ingestion.ContentTexts.StoredChunk;
import dev.threadmill.vectorstores.ingestion.IngestionQueue.ClaimedFile;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Indexes a claimed file. Each step is committed and found done by the next attempt: the texts,
 * then some chunks at a time. Chunks that another store has of the same content are copied.
 */
@ApplicationScoped
class IngestFile {
  private static final Logger LOG = Logger.getLogger(IngestFile.class);
  private static final Duration MAX_PAUSE = Duration.ofMinutes(5);

  /** How long a file waits for a limit of its project, such as a budget of the day. */
  private static final Duration LONGEST_WAIT_AT_LIMIT = Duration.ofHours(25);

  private static final int ENTRIES_PER_COPY = 500;

  private final Jdbc jdbc;
  private final IngestionQueue queue;
  private final ContentTexts texts;
  private final IndexChunks index;
  private final Files files;
  private final TextExtraction extraction;
  private final StoreEmbeddings embeddings;
  private final VectorStoresConfig config;
  private final IngestionSignal signal;

  IngestFile(
      Jdbc jdbc,
      IngestionQueue queue,
      ContentTexts texts,
      IndexChunks index,
      Files files,
      TextExtraction extraction,
      StoreEmbeddings embeddings,
      VectorStoresConfig config,
      IngestionSignal signal) {
    this.jdbc = jdbc;
    this.queue = queue;
    this.texts = texts;
    this.index = index;
    this.files = files;
    this.extraction = extraction;
    this.embeddings = embeddings;
    this.config = config;
    this.signal = signal;
  }

  /**
   * Another node has claimed the file, or it was removed. What this node has committed stays valid.
   */
  private static final class LostFileException extends RuntimeException {}

  /** The texts were unused before the file was added, and were deleted while it was indexed. */
  private static final class DeletedTextsException extends RuntimeException {}

  /**
   * Indexes a file. A failure is stored as the status of the file, or leads to another attempt.
   *
   * @throws InterruptedException if this node stops
   */
  void ingest(ClaimedFile claimed) throws InterruptedException {
    if (claimed.attempts() > config.attempts()) {
      // the last attempt did not even end in an error: its node stopped
      LOG.warnf("ingestion=failed store_id=%s file_id=%s", claimed.store(), claimed.file());
      fail(
          claimed,
          LastError.Code.SERVER_ERROR,
          "The file could not be indexed: %d attempts were interrupted or failed."
              .formatted(config.attempts()));
      return;
    }
    // Requests of the same project do not wait behind its files.
    var owner = claimed.project().value() + "/ingestion";
    WorkOwner.call(
        owner,
        () -> {
          index(claimed);
          return null;
        });
  }

  private void index(ClaimedFile claimed) throws InterruptedException {
    try {
      var file = files.find(claimed.project(), claimed.file());
      if (file.isEmpty()) {
        // deleted while it was added: the deletion did not see its row in the store
        fail(claimed, LastError.Code.INVALID_FILE, "The file was deleted.");
        return;
      }
      storeTexts(claimed, file.get());
      indexChunks(claimed);
      complete(claimed);
    } catch (LostFileException e) {
      LOG.debugf("ingestion=lost store_id=%s file_id=%s", claimed.store(), claimed.file());
    } catch (DeletedTextsException e) {
      retry(claimed, "The texts of the file were deleted.", e);
    } catch (ExtractionException e) {
      switch (e.code()) {
        case UNSUPPORTED_FILE -> fail(claimed, LastError.Code.UNSUPPORTED_FILE, e.getMessage());
        case INVALID_FILE -> fail(claimed, LastError.Code.INVALID_FILE, e.getMessage());
        case SERVER_ERROR -> retry(claimed, e.getMessage(), e);
      }
    } catch (ModelException e) {
      retry(claimed, "The embedding model failed: " + e.getMessage(), e);
    } catch (DatabaseException e) {
      if (e.isOutage()) {
        throw e;
      }
      retry(claimed, "The file could not be stored.", e);
    } catch (IOException | RuntimeException | Error e) {
      // a file that exhausts the stack or the memory has as many attempts as any other
      retry(claimed, "The file could not be read.", e);
    }
  }

  private void storeTexts(ClaimedFile claimed, StoredFile file)
      throws IOException, ExtractionException, InterruptedException {
    if (texts.chunks(claimed.content()).isPresent()) {
      return;
    }
    List<Chunk> chunks;
    try (var local = files.local(file)) {
      var text =
          extraction.extract(claimed.project(), local.path(), file.filename(), file.contentType());
      chunks = Chunker.chunk(text, claimed.strategy());
      if (chunks.isEmpty()) {
        throw new ExtractionException(
            ExtractionException.Code.INVALID_FILE,
            text.warnings().isEmpty()
                ? "The file has no text."
                : "The file has no text. " + String.join(" ", text.warnings()));
      }
    }
    jdbc.runInTransaction(
        tx -> {
          requireOurs(queue.lock(tx, claimed));
          texts.write(tx, claimed, chunks);
        });
  }

  private void indexChunks(ClaimedFile claimed) throws InterruptedException {
    jdbc.runInTransaction(
        tx -> {
          requireOurs(queue.lock(tx, claimed));
          index.removeOutdated(tx, claimed);
        });
    while (copySome(claimed) == ENTRIES_PER_COPY) {
      // copies the rest
    }
    while (true) {
      var missing = texts.missing(claimed, embeddings.name(), config.chunksPerWrite());
      if (missing.isEmpty()) {
        return;
      }
      var indexed = missing.stream().map(StoredChunk::indexedText).toList();
      var vectors = embed(indexed);
      var document = index.document(claimed, missing, indexed, vectors);
      jdbc.runInTransaction(
          tx -> {
            requireOurs(queue.lock(tx, claimed));
            index.insert(tx, document, missing);
          });
    }
  }

  private int copySome(ClaimedFile claimed) {
    return jdbc.inTransaction(
        tx -> {
          requireOurs(queue.lock(tx, claimed));
          return index.copy(tx, claimed, ENTRIES_PER_COPY);
        });
  }

  /** The vectors of texts; null for one that the model refuses, which is indexed by its words. */
  private List<float[]> embed(List<String> chunks) throws InterruptedException {
    try {
      return embeddings.model().embed(chunks);
    } catch (ModelException e) {
      if (e.kind() != ModelException.Kind.INVALID_PROMPT) {
        throw e;
      }
      if (chunks.size() == 1) {
        LOG.warnf("embeddings=refused model=%s reason=%s", embeddings.name(), e.getMessage());
        var none = new ArrayList<float[]>();
        none.add(null);
        return none;
      }
      int half = chunks.size() / 2;
      var vectors = new ArrayList<>(embed(chunks.subList(0, half)));
      vectors.addAll(embed(chunks.subList(half, chunks.size())));
      return vectors;
    }
  }

  private void complete(ClaimedFile claimed) {
    int chunks = texts.chunks(claimed.content()).orElse(0);
    long vectorBytes = (long) Float.BYTES * embeddings.model().dimensions() * chunks;
    boolean isDone =
        jdbc.inTransaction(
            tx -> {
              requireOurs(queue.lock(tx, claimed));
              if (!texts.lock(tx, claimed.content())) {
                throw new DeletedTextsException();
              }
              return queue.complete(tx, claimed, texts.bytes(tx, claimed.content()) + vectorBytes);
            });
    if (isDone) {
      LOG.infof(
          "ingestion=completed store_id=%s file_id=%s chunks=%d",
          claimed.store(), claimed.file(), chunks);
      settled(claimed);
    }
  }

  private void retry(ClaimedFile claimed, String message, Throwable cause) {
    var limit = limitOf(cause);
    if (limit.isPresent()
        && queue.postponeAtLimit(claimed, pause(limit.get()), LONGEST_WAIT_AT_LIMIT)) {
      LOG.infof(
          "ingestion=at_limit store_id=%s file_id=%s reason=%s",
          claimed.store(), claimed.file(), limit.get().getMessage());
      return;
    }
    if (claimed.attempts() >= config.attempts()) {
      LOG.warnf(cause, "ingestion=failed store_id=%s file_id=%s", claimed.store(), claimed.file());
      fail(claimed, LastError.Code.SERVER_ERROR, message);
      return;
    }
    LOG.warnf(
        "ingestion=retried store_id=%s file_id=%s attempt=%d reason=%s",
        claimed.store(), claimed.file(), claimed.attempts(), cause);
    queue.postpone(claimed, new Backoff(config.firstPause(), MAX_PAUSE).delay(claimed.attempts()));
  }

  /** The limit of the project that an attempt has reached; empty if it failed otherwise. */
  private static Optional<LimitReachedException> limitOf(Throwable cause) {
    for (var each = cause; each != null; each = each.getCause()) {
      if (each instanceof LimitReachedException limit) {
        return Optional.of(limit);
      }
    }
    return Optional.empty();
  }

  /**
   * Limits may be raised at any time, so a file does not wait for the whole time that they last.
   */
  private Duration pause(LimitReachedException limit) {
    long left = limit.retryAfter().orElse(MAX_PAUSE).toMillis();
    return Duration.ofMillis(
        Math.clamp(left, config.firstPause().toMillis(), MAX_PAUSE.toMillis()));
  }

  private void fail(ClaimedFile claimed, LastError.Code code, String message) {
    var text = Optional.ofNullable(message).orElse("The file could not be read.");
    if (queue.fail(claimed, new LastError(code, text))) {
      settled(claimed);
    }
  }

  private void settled(ClaimedFile claimed) {
    signal.sendSettled(claimed.store().value());
    // files of the same content have waited for this one
    signal.send();
  }

  private static void requireOurs(boolean isOurs) {
    if (!isOurs) {
      throw new LostFileException();
    }
  }
}
