package dev.threadmill.imports;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.JsonBody;
import dev.threadmill.files.Files;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;

/** The content of a file that stands in pieces in the files of an import. */
final class StagedContent extends InputStream {
  private static final int PIECES = 100;

  private final StagedItems items;
  private final Files files;
  private final ImportJob job;
  private final String file;
  private final Deque<StagedItem> pieces = new ArrayDeque<>();
  private StagedItems.Place after = StagedItems.Place.START;
  private byte[] piece = {};
  private int at;

  StagedContent(StagedItems items, Files files, ImportJob job, String file) {
    this.items = items;
    this.files = files;
    this.job = job;
    this.file = file;
  }

  /** The content in the source is not what it should be. */
  static final class BrokenContentException extends IOException {
    private static final long serialVersionUID = 1;

    BrokenContentException(String message) {
      super(message);
    }
  }

  @Override
  public int read() throws IOException {
    return fill() ? piece[at++] & 0xff : -1;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int count = Math.min(length, piece.length - at);
    System.arraycopy(piece, at, into, offset, count);
    at += count;
    return count;
  }

  private boolean fill() throws IOException {
    while (at == piece.length) {
      if (pieces.isEmpty()) {
        pieces.addAll(items.next(job, Kind.FILE_CONTENT, file, after, false, PIECES));
      }
      var next = pieces.poll();
      if (next == null) {
        return false;
      }
      after = new StagedItems.Place(next.at(), next.ordinal());
      piece = content(next);
      at = 0;
    }
    return true;
  }

  private byte[] content(StagedItem item) throws IOException {
    var place = item.fields();
    var source =
        files
            .find(job.project(), job.request().fileIds().get(place.path("file").asInt()))
            .orElseThrow(() -> new BrokenContentException("A file of the import was deleted."));
    try (var in =
        files.open(source, place.path("offset").asLong(), place.path("length").asLong())) {
      var object = JsonBody.read(in.readAllBytes(), JsonNode.class);
      return Base64.getDecoder().decode(object.path("data").asText(""));
    } catch (ApiException | IllegalArgumentException e) {
      throw new BrokenContentException("A piece of the content is not base64.");
    }
  }
}
