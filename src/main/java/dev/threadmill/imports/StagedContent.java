package dev.threadmill.imports;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.JsonBody;
import dev.threadmill.files.Files;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.Enumeration;

/** The pieces of the content of a file that stand in the files of an import, in their order. */
final class StagedContent implements Enumeration<InputStream> {
  private static final int PIECES = 100;

  private final StagedItems items;
  private final Files files;
  private final ImportJob job;
  private final String file;
  private final Deque<StagedItem> pieces = new ArrayDeque<>();
  private StagedItems.Place after = StagedItems.Place.START;

  private StagedContent(StagedItems items, Files files, ImportJob job, String file) {
    this.items = items;
    this.files = files;
    this.job = job;
    this.file = file;
  }

  /** The content, of which one piece at a time is in memory. */
  static InputStream open(StagedItems items, Files files, ImportJob job, String file) {
    return new SequenceInputStream(new StagedContent(items, files, job, file));
  }

  /** The content in the source is not what it should be. */
  static ApiException broken(String message) {
    return ApiException.invalid("content", message);
  }

  @Override
  public boolean hasMoreElements() {
    if (pieces.isEmpty()) {
      pieces.addAll(items.next(job, Kind.FILE_CONTENT, file, after, false, PIECES));
    }
    return !pieces.isEmpty();
  }

  @Override
  public InputStream nextElement() {
    var next = pieces.remove();
    after = new StagedItems.Place(next.at(), next.ordinal());
    return new ByteArrayInputStream(content(next));
  }

  private byte[] content(StagedItem item) {
    var place = item.fields();
    var source =
        files
            .find(job.project(), job.request().fileIds().get(place.path("file").asInt()))
            .orElseThrow(() -> broken("A file of the import was deleted."));
    try (var in =
        files.open(source, place.path("offset").asLong(), place.path("length").asLong())) {
      var object = JsonBody.read(in.readAllBytes(), JsonNode.class);
      return Base64.getDecoder().decode(object.path("data").asText(""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (IllegalArgumentException e) {
      throw broken("A piece of the content is not base64.");
    }
  }
}
