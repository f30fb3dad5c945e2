package dev.threadmill.protocols.responses.items;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.files.Files;
import dev.threadmill.files.StoredFile;
import dev.threadmill.models.FileData;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.PrepareMessages;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

/** Stores the files and images that items contain, so that items and messages refer to them. */
@ApplicationScoped
public class InputFiles {
  private static final String DATA = "file_data";
  private static final String IMAGE = "image_url";

  /** Larger files of another thread are not copied. */
  private static final long MAX_COPIED = 32 << 20;

  private final PrepareMessages prepareMessages;
  private final Files files;

  InputFiles(PrepareMessages prepareMessages, Files files) {
    this.prepareMessages = prepareMessages;
    this.files = files;
  }

  /**
   * Items that refer to their files.
   *
   * @param files that were stored for them, by their ids; they expire unless a message has them
   */
  record Stored(JsonNode items, Map<String, FileData> files) {}

  /**
   * Stores the files of a list of items. What is no message of the user or the assistant keeps the
   * name of a file alone, which is what a model is shown of it. Images of outputs are kept.
   *
   * @param path of the items in the body
   * @param withImages whether images in data URLs are stored as well
   * @throws ApiException 400 that names a part whose content is not valid
   */
  Stored store(ProjectId project, String path, JsonNode items, boolean withImages) {
    if (items.findValue(DATA) == null && (!withImages || items.findValue(IMAGE) == null)) {
      return new Stored(items, Map.of());
    }
    var copy = (ArrayNode) items.deepCopy();
    var stored = new HashMap<String, FileData>();
    for (int i = 0; i < copy.size(); i++) {
      for (var field : new String[] {"content", "output"}) {
        if (!(copy.get(i).path(field) instanceof ArrayNode parts)) {
          continue;
        }
        var role = copy.get(i).path("role").asText();
        boolean isMessage = role.equals("user") || role.equals("assistant");
        for (int j = 0; j < parts.size(); j++) {
          if (withImages && parts.get(j) instanceof ObjectNode part && isImage(part)) {
            var at = "%s[%d].%s[%d].%s".formatted(path, i, field, j, IMAGE);
            if (isMessage || field.equals("output")) {
              storeImage(project, at, part, stored);
            } else {
              part.removeAll();
              part.put("type", "input_text").put("text", "[an image]");
            }
          } else if (parts.get(j) instanceof ObjectNode part && isFile(part)) {
            var at = "%s[%d].%s[%d].%s".formatted(path, i, field, j, DATA);
            var data = FileData.parse(at, part.path("filename").textValue(), text(part));
            part.remove(DATA);
            if (isMessage) {
              var id = prepareMessages.store(project, data).value();
              stored.put(id, data);
              part.put("filename", data.filename()).put("file_id", id);
            } else {
              part.removeAll();
              part.put("type", "input_text").put("text", "[file " + data.filename() + "]");
            }
          }
        }
      }
    }
    return new Stored(copy, stored);
  }

  private void storeImage(
      ProjectId project, String param, ObjectNode part, Map<String, FileData> stored) {
    var data = FileData.parseImage(param, part.path(IMAGE).textValue());
    var id = prepareMessages.store(project, data).value();
    stored.put(id, data);
    part.putNull(IMAGE).put("file_id", id);
  }

  private static boolean isImage(ObjectNode part) {
    return part.path("type").asText().equals("input_image")
        && part.path(IMAGE).isTextual()
        && !part.path("file_id").isTextual()
        && InputContent.isData(part.path(IMAGE).textValue());
  }

  private static boolean isFile(ObjectNode part) {
    return part.path("type").asText().equals("input_file")
        && part.path(DATA).isTextual()
        && !part.path("file_id").isTextual();
  }

  private static String text(ObjectNode part) {
    return part.path(DATA).textValue();
  }

  /**
   * The part of a message that refers to a file. A file that belongs to a message of a thread is
   * copied, because it is deleted with that thread.
   */
  public ContentPart.File copyOf(ProjectId project, String id) {
    try {
      var file = files.find(project, new FileId(id)).orElse(null);
      if (file == null || file.threadId() == null || file.bytes() > MAX_COPIED) {
        return new ContentPart.File(id);
      }
      return new ContentPart.File(null, content(file));
    } catch (ApiException e) {
      return new ContentPart.File(id);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private FileData content(StoredFile file) throws IOException {
    try (var content = files.open(file)) {
      return new FileData(
          file.filename(),
          file.contentType(),
          Base64.getEncoder().encodeToString(content.readAllBytes()));
    }
  }
}
