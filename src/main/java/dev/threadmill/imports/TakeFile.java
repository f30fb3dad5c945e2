package dev.threadmill.imports;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Ids;
import dev.threadmill.egress.StreamingResponse;
import dev.threadmill.files.FilePurpose;
import dev.threadmill.files.Files;
import dev.threadmill.files.NewFile;
import dev.threadmill.files.storage.FilesConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Base64;

/** Writes a file, whose content stands in the source or is read from its server. */
@ApplicationScoped
class TakeFile {
  private static final int LONGEST_NAME = 512;

  private final TakeItem takeItem;
  private final StagedItems items;
  private final Files files;
  private final FilesConfig config;
  private final ServerClient client;
  private final Ids ids;
  private final InstantSource clock;

  TakeFile(
      TakeItem takeItem,
      StagedItems items,
      Files files,
      FilesConfig config,
      ServerClient client,
      Ids ids,
      InstantSource clock) {
    this.takeItem = takeItem;
    this.items = items;
    this.files = files;
    this.config = config;
    this.client = client;
    this.ids = ids;
    this.clock = clock;
  }

  void take(ImportJob job, StagedItem item) throws ImportFailedException, InterruptedException {
    takeItem.take(
        job,
        item,
        ids::file,
        FileId::new,
        (id, _) -> {
          create(job, item, id);
          return true;
        });
  }

  private void create(ImportJob job, StagedItem item, FileId id)
      throws ImportFailedException, InterruptedException {
    var fields = item.fields();
    var now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    var created = SourceObjects.time(fields.path("created_at"));
    var createdAt = created.equals(Instant.EPOCH) ? now : created;
    var expiresAt = SourceObjects.time(fields.path("expires_at"));
    boolean expires = !expiresAt.equals(Instant.EPOCH);
    if (expires && !expiresAt.isAfter(now)) {
      throw ApiException.invalid("expires_at", "The file has expired.");
    }
    var name = fields.path("filename").asText(item.sourceId());
    var file =
        new NewFile(
            name.substring(0, Math.min(name.length(), LONGEST_NAME)),
            FilePurpose.find(fields.path("purpose").asText("")).orElse(FilePurpose.USER_DATA),
            null,
            expires ? Duration.between(createdAt, expiresAt) : null,
            null);
    if (job.request().server() != null && !fields.has("text")) {
      download(job, item, id, createdAt, file);
      return;
    }
    try (var content = content(job, item, fields)) {
      files.importFile(job.project(), id, createdAt, file, content);
    } catch (IOException e) {
      throw new ImportFailedException("A file cannot be stored.", true);
    }
  }

  private InputStream content(ImportJob job, StagedItem item, ObjectNode fields) {
    if (fields.path("text").isTextual()) {
      return new ByteArrayInputStream(
          fields.path("text").textValue().getBytes(StandardCharsets.UTF_8));
    }
    if (fields.path("content").isTextual()) {
      try {
        return new ByteArrayInputStream(
            Base64.getDecoder().decode(fields.path("content").textValue()));
      } catch (IllegalArgumentException e) {
        throw StagedContent.broken("The content is not base64.");
      }
    }
    if (fields.path("bytes").asLong(-1) != 0
        && items.count(job, Kind.FILE_CONTENT, item.sourceId(), 1) == 0) {
      throw StagedContent.broken(
          "The source has no content of the file: no object 'file.content' names it.");
    }
    long expected = fields.path("bytes").asLong(-1);
    return new CountedContent(StagedContent.open(items, files, job, item.sourceId()), expected);
  }

  private void download(ImportJob job, StagedItem item, FileId id, Instant createdAt, NewFile file)
      throws ImportFailedException, InterruptedException {
    var found = client.content(job, item.sourceId(), config.maxBytes());
    if (found.isEmpty()) {
      throw ApiException.invalid(
          "content", "The server does not give the content of the file away.");
    }
    try (var response = found.get()) {
      store(job, id, createdAt, file, response);
    }
  }

  private void store(
      ImportJob job, FileId id, Instant createdAt, NewFile file, StreamingResponse response)
      throws ImportFailedException, InterruptedException {
    try {
      files.importFile(job.project(), id, createdAt, file, response.body());
    } catch (IOException e) {
      throw new ImportFailedException(response.toFailure(e).getMessage(), true);
    }
  }

  /** Fails at its end unless it has as many bytes as the file says. */
  private static final class CountedContent extends java.io.FilterInputStream {
    private final long expected;
    private long bytes;

    CountedContent(InputStream in, long expected) {
      super(in);
      this.expected = expected;
    }

    @Override
    public int read() throws IOException {
      int b = super.read();
      return counted(b, b < 0 ? -1 : 1);
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int count = super.read(into, offset, length);
      return counted(count, count);
    }

    private int counted(int result, int count) throws IOException {
      if (count < 0 && expected >= 0 && bytes != expected) {
        throw StagedContent.broken(
            "The content has %,d bytes in place of %,d.".formatted(bytes, expected));
      }
      bytes += Math.max(0, count);
      return result;
    }
  }
}
