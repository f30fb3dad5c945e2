package dev.threadmill.files.uploads;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.UploadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.files.Blobs;
import dev.threadmill.files.ExpiringContent;
import dev.threadmill.files.Files;
import dev.threadmill.files.NewFile;
import dev.threadmill.files.ReceivedContent;
import dev.threadmill.files.StoredFile;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Files that clients send in parts. The parts are blobs of their own until the upload is completed;
 * then they are joined to the blob of a file.
 */
@ApplicationScoped
public class Uploads implements ExpiringContent {
  /** The largest file that can be sent in parts, in bytes. */
  public static final long MAX_BYTES = 8L << 30;

  /** The largest part, in bytes. */
  public static final long MAX_PART_BYTES = 64L << 20;

  private static final int MAX_PARTS = 2_000;
  private static final Duration LIFE = Duration.ofHours(1);

  /** How long an upload that has ended is kept, so that a repeated request gets the same answer. */
  private static final Duration REMEMBERED = Duration.ofDays(1);

  private final Jdbc jdbc;
  private final Ids ids;
  private final InstantSource clock;
  private final UploadStore store;
  private final Blobs blobs;
  private final Files files;

  Uploads(Jdbc jdbc, Ids ids, InstantSource clock, UploadStore store, Blobs blobs, Files files) {
    this.jdbc = jdbc;
    this.ids = ids;
    this.clock = clock;
    this.store = store;
    this.blobs = blobs;
    this.files = files;
  }

  /** An upload, and the file that it has become. */
  public record State(Upload upload, Optional<StoredFile> file) {}

  /**
   * Begins an upload.
   *
   * @param bytes of the whole file
   */
  public Upload begin(ProjectId project, NewFile file, long bytes) {
    var now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    var upload =
        new Upload(
            ids.upload(),
            project,
            now,
            now.plus(LIFE),
            file.filename(),
            bytes,
            file.purpose(),
            file.contentType(),
            file.expiresAfter(),
            Upload.Status.PENDING,
            null);
    store.insert(upload);
    return upload;
  }

  /** The upload and its file; 404 if the project has none of this id. */
  public State get(ProjectId project, UploadId id) {
    var upload = store.find(project, id).orElseThrow(() -> ApiException.notFound("upload", id));
    var file = Optional.ofNullable(upload.fileId()).flatMap(made -> files.find(project, made));
    return new State(current(upload), file);
  }

  /** An upload is expired when its time has come, even if its row does not say so yet. */
  private Upload current(Upload upload) {
    return upload.status() == Upload.Status.PENDING && !clock.instant().isBefore(upload.expiresAt())
        ? upload.with(Upload.Status.EXPIRED)
        : upload;
  }

  /** The pending upload; 404 or 400 if there is none. */
  public Upload requirePending(ProjectId project, UploadId id) {
    return requirePending(
        store.find(project, id).orElseThrow(() -> ApiException.notFound("upload", id)));
  }

  private Upload requirePending(Upload upload) {
    var current = current(upload);
    if (current.status() != Upload.Status.PENDING) {
      throw ApiException.invalidState(
          "Upload '%s' is %s.".formatted(upload.id(), current.status().wire()));
    }
    return current;
  }

  /**
   * Adds a part.
   *
   * @param content not closed
   */
  public Upload.Part add(Upload upload, ReceivedContent content) throws IOException {
    var part =
        new Upload.Part(
            ids.next(Upload.Part.PREFIX),
            upload.id(),
            clock.instant().truncatedTo(ChronoUnit.MILLIS),
            content.bytes(),
            content.blob());
    blobs.store(content, tx -> insert(tx, part, upload));
    return part;
  }

  private void insert(Tx tx, Upload.Part part, Upload upload) {
    requirePending(lock(tx, upload.projectId(), upload.id()));
    var parts = store.parts(tx, upload.id());
    if (parts.size() == MAX_PARTS) {
      throw ApiException.invalidState(
          "Upload '%s' has %d parts already, which is the most.".formatted(upload.id(), MAX_PARTS));
    }
    long sum = parts.stream().mapToLong(Upload.Part::bytes).sum() + part.bytes();
    if (sum > MAX_BYTES) {
      throw ApiException.invalidState(
          "The parts of upload '%s' would exceed %d bytes.".formatted(upload.id(), MAX_BYTES));
    }
    store.insert(tx, part);
  }

  private Upload lock(Tx tx, ProjectId project, UploadId id) {
    return store.lock(tx, project, id).orElseThrow(() -> ApiException.notFound("upload", id));
  }

  /**
   * Makes a file of the parts, in this order. Repeated, it answers as the first time, also while
   * the first request is still being answered.
   *
   * @param md5 of the whole content, hexadecimal; null to check the length only
   * @throws ApiException 400 if the parts are not those of the upload, or not what it says
   */
  public State complete(ProjectId project, UploadId id, List<String> partIds, String md5)
      throws IOException {
    var found = get(project, id);
    if (found.upload().status() == Upload.Status.COMPLETED) {
      return found;
    }
    var upload = requirePending(found.upload());
    try {
      return join(upload, partIds, md5);
    } catch (IOException | ApiException e) {
      // Another request has completed, cancelled or expired the upload, and removed its parts.
      var now = get(project, id);
      if (now.upload().status() == Upload.Status.COMPLETED) {
        return now;
      }
      requirePending(now.upload());
      throw e;
    }
  }

  private State join(Upload upload, List<String> partIds, String md5) throws IOException {
    var project = upload.projectId();
    var parts = ordered(upload, partIds);
    var digest = md5();
    StoredFile file;
    try (var joined = new DigestInputStream(new JoinedParts(blobs, parts), digest);
        var content = blobs.receive(project, joined, upload.bytes(), MAX_BYTES)) {
      if (md5 != null && !HexFormat.of().formatHex(digest.digest()).equalsIgnoreCase(md5)) {
        throw new ApiException(
            400,
            new ApiError(
                "Invalid 'md5': the parts have another checksum.",
                ApiError.INVALID_REQUEST,
                "md5",
                "invalid_value"));
      }
      file =
          files.create(
              new NewFile(
                  upload.filename(),
                  upload.purpose(),
                  upload.contentType(),
                  upload.expiresAfter(),
                  null),
              content,
              made -> complete(made, upload));
    }
    return new State(store.find(project, upload.id()).orElseThrow(), Optional.of(file));
  }

  private void complete(Files.StoredInTx made, Upload upload) {
    requirePending(lock(made.tx(), upload.projectId(), upload.id()));
    store.setStatus(made.tx(), upload.id(), Upload.Status.COMPLETED, made.file().id());
    blobs.release(made.tx(), store.deleteParts(made.tx(), List.of(upload.id())));
  }

  private List<Upload.Part> ordered(Upload upload, List<String> partIds) {
    Map<String, Upload.Part> known =
        store.parts(upload.id()).stream()
            .collect(Collectors.toMap(Upload.Part::id, Function.identity()));
    var seen = new HashSet<String>();
    for (int i = 0; i < partIds.size(); i++) {
      var param = "part_ids[%d]".formatted(i);
      if (!known.containsKey(partIds.get(i))) {
        throw ApiException.invalid(
            param, "Invalid '%s': the upload has no such part.".formatted(param));
      }
      if (!seen.add(partIds.get(i))) {
        throw ApiException.invalid(param, "Invalid '%s': given twice.".formatted(param));
      }
    }
    var parts = partIds.stream().map(known::get).toList();
    long sum = parts.stream().mapToLong(Upload.Part::bytes).sum();
    if (sum != upload.bytes()) {
      throw ApiException.invalid(
          "part_ids",
          "Invalid 'part_ids': the parts have %d bytes, but the upload has %d."
              .formatted(sum, upload.bytes()));
    }
    return parts;
  }

  private static MessageDigest md5() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has MD5", e);
    }
  }

  /** Cancels a pending upload and removes its parts. Repeated, it answers as the first time. */
  public State cancel(ProjectId project, UploadId id) {
    jdbc.runInTransaction(
        tx -> {
          var upload = lock(tx, project, id);
          if (upload.status() != Upload.Status.CANCELLED) {
            requirePending(upload);
            store.setStatus(tx, id, Upload.Status.CANCELLED, null);
            blobs.release(tx, store.deleteParts(tx, List.of(id)));
          }
        });
    return get(project, id);
  }

  @Override
  public int deleteExpired(int limit) {
    var now = clock.instant();
    int expired =
        jdbc.inTransaction(
            tx -> {
              var uploads = store.expire(tx, now, limit);
              if (!uploads.isEmpty()) {
                blobs.release(tx, store.deleteParts(tx, uploads));
              }
              return uploads.size();
            });
    return Math.max(expired, store.deleteEnded(now.minus(REMEMBERED), limit));
  }

  /** The contents of the parts in sequence; one of them is open at a time. */
  private static final class JoinedParts extends InputStream {
    private final Blobs blobs;
    private final List<Upload.Part> parts;
    private int next;
    private InputStream current = InputStream.nullInputStream();

    JoinedParts(Blobs blobs, List<Upload.Part> parts) {
      this.blobs = blobs;
      this.parts = parts;
    }

    @Override
    public int read() throws IOException {
      var one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int from, int length) throws IOException {
      int read = current.read(buffer, from, length);
      while (read < 0 && next < parts.size()) {
        current.close();
        var part = parts.get(next++);
        current = blobs.open(part.blob(), 0, part.bytes());
        read = current.read(buffer, from, length);
      }
      return read;
    }

    @Override
    public void close() throws IOException {
      current.close();
    }
  }
}
