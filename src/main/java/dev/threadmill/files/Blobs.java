package dev.threadmill.files;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.CommitHook;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.files.storage.BlobCipher;
import dev.threadmill.files.storage.BlobStore;
import dev.threadmill.files.storage.IncomingFile;
import dev.threadmill.guard.SecretBox;
import dev.threadmill.guard.SecretText;
import dev.threadmill.privacy.Privacy;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jboss.logging.Logger;

/**
 * Blobs and their place in the database. A blob is entered before it is written, and confirmed in
 * the transaction that inserts the row which names it; so no row names a blob that is missing, and
 * a blob whose node has stopped is removed by another one, see {@link FileCleanup}. The blobs of
 * projects with privacy are encrypted, each by a key in its row, so they cannot be read without it.
 */
@ApplicationScoped
public class Blobs {
  private static final Logger LOG = Logger.getLogger(Blobs.class);
  private static final long RENEW_NANOS = Duration.ofMinutes(1).toNanos();

  private final Jdbc jdbc;
  private final BlobLedger ledger;
  private final BlobStore store;
  private final Privacy privacy;
  private final SecretBox box;

  Blobs(Jdbc jdbc, BlobLedger ledger, BlobStore store, Privacy privacy, SecretBox box) {
    this.privacy = privacy;
    this.box = box;
    this.jdbc = jdbc;
    this.ledger = ledger;
    this.store = store;
  }

  /**
   * Receives content, of which only a piece at a time is in memory. Not to be called within a
   * transaction.
   *
   * @param content read to its end, not closed
   * @param expectedBytes what counts against the limit of the project at once, 0 for unknown
   * @param maxBytes the most that is accepted
   * @return to be closed
   * @throws ApiException 413 if it is too large, 429 if the project has no space for it
   * @throws IOException if the content cannot be read
   */
  public ReceivedContent receive(
      ProjectId project, InputStream content, long expectedBytes, long maxBytes)
      throws IOException {
    var secret = privacy.policy(project).isOn() ? BlobCipher.newKey() : null;
    var sealed = secret == null ? null : box.seal(project, secret).box();
    var key = CommitHook.suspended(() -> ledger.reserve(project, expectedBytes, sealed));
    try {
      var path = store.incoming().resolve(key);
      return new ReceivedContent(
          this, project, key, received(project, key, secret, content, path, maxBytes));
    } catch (IncomingFile.TooLargeException e) {
      releaseQuietly(key);
      throw tooLarge(maxBytes);
    } catch (IOException | RuntimeException e) {
      releaseQuietly(key);
      throw e;
    }
  }

  /** The bytes and the digest are those of the content, also if it is encrypted. */
  private IncomingFile received(
      ProjectId project, String key, String secret, InputStream content, Path path, long maxBytes)
      throws IOException {
    if (secret == null) {
      return IncomingFile.receive(content, path, maxBytes, renewing(project, key));
    }
    try (var encrypted = BlobCipher.of(key, secret).encrypted(content, maxBytes)) {
      IncomingFile.receive(encrypted, path, Long.MAX_VALUE, renewing(project, key));
      return new IncomingFile(path, encrypted.bytes(), encrypted.sha256());
    }
  }

  private LongConsumer renewing(ProjectId project, String key) {
    return new LongConsumer() {
      private long renewed = System.nanoTime();

      @Override
      public void accept(long bytes) {
        if (System.nanoTime() - renewed > RENEW_NANOS) {
          renew(project, key, bytes);
          renewed = System.nanoTime();
        }
      }
    };
  }

  private void renew(ProjectId project, String key, long bytes) {
    CommitHook.suspended(
        () -> {
          ledger.renew(project, key, bytes);
          return null;
        });
  }

  /**
   * Makes a blob of received content.
   *
   * @param namingRow inserts the row that names the blob, in the transaction that confirms it
   * @throws ApiException 429 if the project has no space for it
   */
  public void store(ReceivedContent content, Consumer<Tx> namingRow) throws IOException {
    var project = content.project();
    var renewing = renewing(project, content.blob());
    renew(project, content.blob(), content.bytes());
    store.store(content.blob(), content.file().path(), () -> renewing.accept(content.bytes()));
    jdbc.runInTransaction(
        tx -> {
          ledger.store(tx, project, content.blob(), content.bytes());
          namingRow.accept(tx);
        });
    content.markStored();
  }

  /**
   * A part of a blob, to be closed.
   *
   * @param from the first byte
   * @param length of the part, within the blob
   */
  public InputStream open(String blob, long from, long length) throws IOException {
    if (length == 0) {
      return InputStream.nullInputStream();
    }
    var encryption = ledger.encryption(blob);
    if (encryption.isEmpty()) {
      return store.open(blob, from, length);
    }
    return cipher(blob, encryption.get())
        .open(
            (start, count) -> store.open(blob, start, count),
            encryption.get().bytes(),
            from,
            length);
  }

  private BlobCipher cipher(String blob, BlobLedger.Encryption encryption) throws IOException {
    try {
      return BlobCipher.of(
          blob, box.open(encryption.project(), new SecretText.Sealed(encryption.sealedKey())));
    } catch (SecretBox.UndecryptableException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** The blob as a file that can be read in place; empty if it has to be copied. */
  Optional<Path> localPath(String blob) {
    var path = store.localPath(blob);
    return path.isPresent() && isEncrypted(blob) ? Optional.empty() : path;
  }

  /** Whether copies of the blob must not stay. */
  boolean isEncrypted(String blob) {
    return ledger.encryption(blob).isPresent();
  }

  /** Where local copies of blobs are made. */
  Path incoming() {
    return store.incoming();
  }

  /** Gives up blobs, which no row names after this transaction. */
  public void release(Tx tx, Collection<String> blobs) {
    ledger.release(tx, blobs);
  }

  /** If the database is away as well, the lease of the blob ends. */
  void releaseQuietly(String key) {
    try {
      CommitHook.suspended(
          () -> {
            ledger.abandon(key);
            return null;
          });
    } catch (RuntimeException e) {
      LOG.warnf("blob not released key=%s cause=%s", key, e);
    }
  }

  /** 413 for content of more than this many bytes. */
  public static ApiException tooLarge(long maxBytes) {
    return new ApiException(
        413,
        new ApiError(
            "The file is too large: expected at most %d bytes.".formatted(maxBytes),
            ApiError.INVALID_REQUEST,
            "file",
            "file_too_large"));
  }
}
