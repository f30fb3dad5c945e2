package dev.threadmill.imports;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.JsonBody;
import dev.threadmill.files.Files;
import dev.threadmill.files.StoredFile;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;

/**
 * Reads the files of an import, in batches that are committed with the position they reach, so that
 * an interrupted import continues at that byte.
 */
@ApplicationScoped
class ReadFiles {
  private static final String FILE = "file";
  private static final String OFFSET = "offset";
  private static final String LINES = "lines";

  private final Files files;
  private final StoreBatch storeBatch;

  ReadFiles(Files files, StoreBatch storeBatch) {
    this.files = files;
    this.storeBatch = storeBatch;
  }

  /** Reads what is not read yet. */
  ImportJob read(ImportJob job) throws ImportFailedException {
    var now = job;
    var fileIds = job.request().fileIds();
    for (int i = job.position().path(FILE).asInt(0); i < fileIds.size(); i++) {
      var id = fileIds.get(i);
      var file =
          files
              .find(job.project(), id)
              .orElseThrow(
                  () ->
                      new ImportFailedException("The file '%s' was deleted.".formatted(id), false));
      try {
        now = readFile(now, i, file);
      } catch (IOException e) {
        throw new ImportFailedException("The file '%s' cannot be read.".formatted(id), true);
      }
    }
    return now;
  }

  private ImportJob readFile(ImportJob job, int number, StoredFile file)
      throws IOException, ImportFailedException {
    var position = job.position();
    boolean isSame = position.path(FILE).asInt(0) == number;
    long offset = isSame ? position.path(OFFSET).asLong(0) : 0;
    boolean lines =
        isSame && position.has(LINES) ? position.path(LINES).asBoolean() : hasLines(file);
    var now = job;
    try (var content = files.open(file, offset, file.bytes() - offset)) {
      var splitter = new ObjectSplitter(content, offset, lines);
      var batch = new SourceObjects(position.path("ordinal").asLong(0));
      while (true) {
        var piece = splitter.next();
        if (piece == null) {
          break;
        }
        if (piece.bytes() == null) {
          batch.addTooLong(piece.offset());
        } else {
          batch.addPiece(piece.bytes(), place(number, piece));
        }
        if (batch.isFull()) {
          now = storeBatch.store(now, batch, position(number, splitter.offset(), lines));
          batch = new SourceObjects(batch.ordinal());
        }
      }
      return storeBatch.store(now, batch, position(number + 1, 0, lines).without(LINES));
    }
  }

  private static ObjectNode place(int file, ObjectSplitter.Piece piece) {
    return Json.MAPPER
        .createObjectNode()
        .put(FILE, file)
        .put(OFFSET, piece.offset())
        .put("length", piece.bytes().length);
  }

  private static ObjectNode position(int file, long offset, boolean lines) {
    return Json.MAPPER.createObjectNode().put(FILE, file).put(OFFSET, offset).put(LINES, lines);
  }

  /** Whether the first line of a file is a whole object. */
  private boolean hasLines(StoredFile file) throws IOException {
    try (var content = files.open(file)) {
      var first = new ObjectSplitter(content, 0, true).next();
      return first != null
          && first.bytes() != null
          && JsonBody.read(first.bytes(), JsonNode.class).isObject();
    } catch (ApiException e) {
      return false;
    }
  }
}
