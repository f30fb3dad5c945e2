package dev.threadmill.files.storage;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Blobs as objects of a bucket that speaks the protocol of S3. What is received goes to a local
 * file first, as the length of an object must be known.
 */
final class S3BlobStore implements BlobStore, AutoCloseable {
  private static final long PART_BYTES = 64L << 20;

  private static final Logger LOG = Logger.getLogger(S3BlobStore.class);

  /** Not allowed, and not known to the server. */
  private static final Set<Integer> REFUSED = Set.of(403, 405, 501);

  private final S3Client client;
  private final String bucket;
  private final String prefix;
  private final Path incoming;

  /**
   * @param prefix before the keys, such as {@code threadmill/}; empty for none
   * @param incoming a folder of this node; is created if it is missing
   */
  S3BlobStore(S3Client client, String bucket, String prefix, Path incoming) throws IOException {
    this.client = client;
    this.bucket = bucket;
    this.prefix = prefix;
    this.incoming = incoming;
    Files.createDirectories(incoming);
  }

  /** Throws an {@link SdkException} if the bucket cannot be used with these keys. */
  void check() {
    client.headBucket(request -> request.bucket(bucket));
  }

  @Override
  public Path incoming() {
    return incoming;
  }

  @Override
  public void store(String key, Path file, Runnable progress) throws IOException {
    try {
      if (Files.size(file) <= PART_BYTES) {
        client.putObject(request -> request.bucket(bucket).key(object(key)), file);
      } else {
        storeInParts(key, file, progress);
      }
    } catch (SdkException e) {
      throw new IOException(e);
    }
    Files.deleteIfExists(file);
  }

  private void storeInParts(String key, Path file, Runnable progress) throws IOException {
    var upload =
        client.createMultipartUpload(request -> request.bucket(bucket).key(object(key))).uploadId();
    try {
      var parts = new ArrayList<CompletedPart>();
      long bytes = Files.size(file);
      for (long from = 0; from < bytes; from += PART_BYTES) {
        parts.add(part(key, upload, parts.size() + 1, file, from, bytes));
        progress.run();
      }
      client.completeMultipartUpload(
          request ->
              request
                  .bucket(bucket)
                  .key(object(key))
                  .uploadId(upload)
                  .multipartUpload(all -> all.parts(parts)));
    } catch (IOException | RuntimeException e) {
      abort(key, upload, e);
      throw e;
    }
  }

  private CompletedPart part(
      String key, String upload, int number, Path file, long from, long bytes) throws IOException {
    long length = Math.min(PART_BYTES, bytes - from);
    var body =
        RequestBody.fromContentProvider(
            () -> range(file, from, length), length, "application/octet-stream");
    var tag =
        client
            .uploadPart(
                request ->
                    request.bucket(bucket).key(object(key)).uploadId(upload).partNumber(number),
                body)
            .eTag();
    return CompletedPart.builder().partNumber(number).eTag(tag).build();
  }

  private static InputStream range(Path file, long from, long length) {
    try {
      return FolderBlobStore.range(file, from, length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A node that stops while it sends a blob in parts leaves the parts, which no object shows. Keys
   * that may not list them still delete the blob: for parts, buckets have rules of their own.
   */
  private void abortUnfinished(String key) {
    try {
      listAndAbort(key);
    } catch (S3Exception e) {
      if (!REFUSED.contains(e.statusCode())) {
        throw e;
      }
      LOG.warnf("parts not removed key=%s cause=%s", object(key), e.getMessage());
    }
  }

  private void listAndAbort(String key) {
    var unfinished =
        client.listMultipartUploads(request -> request.bucket(bucket).prefix(object(key)));
    for (var upload : unfinished.uploads()) {
      if (upload.key().equals(object(key))) {
        client.abortMultipartUpload(
            request -> request.bucket(bucket).key(object(key)).uploadId(upload.uploadId()));
      }
    }
  }

  private void abort(String key, String upload, Exception cause) {
    try {
      client.abortMultipartUpload(
          request -> request.bucket(bucket).key(object(key)).uploadId(upload));
    } catch (SdkException e) {
      cause.addSuppressed(e);
    }
  }

  @Override
  public InputStream open(String key, long from, long length) throws IOException {
    try {
      return client.getObject(
          request ->
              request
                  .bucket(bucket)
                  .key(object(key))
                  .range("bytes=%d-%d".formatted(from, from + length - 1)));
    } catch (NoSuchKeyException e) {
      throw new NoSuchFileException(key);
    } catch (SdkException e) {
      throw new IOException(e);
    }
  }

  @Override
  public void delete(String key, long bytes) throws IOException {
    Files.deleteIfExists(incoming.resolve(key));
    try {
      client.deleteObject(request -> request.bucket(bucket).key(object(key)));
      if (bytes > PART_BYTES) {
        abortUnfinished(key);
      }
    } catch (SdkException e) {
      throw new IOException(e);
    }
  }

  @Override
  public Optional<Path> localPath(String key) {
    return Optional.empty();
  }

  private String object(String key) {
    return prefix + key;
  }

  @Override
  public void close() {
    client.close();
  }
}
