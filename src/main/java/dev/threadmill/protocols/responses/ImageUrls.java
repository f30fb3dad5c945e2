package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.files.Files;
import dev.threadmill.files.StoredFile;
import dev.threadmill.models.FileData;
import dev.threadmill.protocols.responses.request.Include;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * The images of items in a list. Their content is shown, as a data URL, only if the client includes
 * it.
 */
@ApplicationScoped
class ImageUrls {
  private static final Logger LOG = Logger.getLogger(ImageUrls.class);
  private static final String URL = "image_url";
  private static final String FILE = "file_id";

  /** Of all images of an answer. Those behind it are shown by their ids. */
  private static final long MAX_BYTES = 32L << 20;

  private final Files files;

  ImageUrls(Files files) {
    this.files = files;
  }

  /** The items as a client is shown them. Costs one statement if it includes images. */
  List<JsonNode> shown(ProjectId project, List<JsonNode> items, Include include) {
    var copies = new ArrayList<JsonNode>();
    var images = new ArrayList<ObjectNode>();
    for (var item : items) {
      boolean hasImage = !imagesOf(item).isEmpty();
      var copy = hasImage ? item.deepCopy() : item;
      images.addAll(imagesOf(copy));
      copies.add(copy);
    }
    if (include.imageUrls()) {
      addContent(project, images);
    } else {
      images.stream()
          .filter(image -> image.path(URL).asText("").regionMatches(true, 0, "data:", 0, 5))
          .forEach(image -> image.putNull(URL));
    }
    return copies;
  }

  private static List<ObjectNode> imagesOf(JsonNode item) {
    var images = new ArrayList<ObjectNode>();
    for (var field : List.of("content", "output")) {
      for (var part : item.path(field)) {
        if (part instanceof ObjectNode image && part.path("type").asText().equals("input_image")) {
          images.add(image);
        }
      }
    }
    return images;
  }

  private void addContent(ProjectId project, List<ObjectNode> images) {
    var ids = new HashSet<FileId>();
    images.forEach(image -> fileOf(image).ifPresent(ids::add));
    if (ids.isEmpty()) {
      return;
    }
    Map<String, String> urls = new HashMap<>();
    long left = MAX_BYTES;
    for (var file : files.findAll(project, ids)) {
      if (file.bytes() <= left) {
        left -= file.bytes();
        dataUrl(file).ifPresent(url -> urls.put(file.id().value(), url));
      }
    }
    for (var image : images) {
      var url = urls.get(image.path(FILE).asText());
      if (url != null && !image.path(URL).isTextual()) {
        image.put(URL, url);
      }
    }
  }

  private static Optional<FileId> fileOf(ObjectNode image) {
    try {
      return image.path(FILE).isTextual()
          ? Optional.of(new FileId(image.path(FILE).textValue()))
          : Optional.empty();
    } catch (ApiException e) {
      return Optional.empty();
    }
  }

  /** Empty if the file is no image, or was deleted meanwhile. */
  private Optional<String> dataUrl(StoredFile file) {
    try (var content = files.open(file)) {
      var bytes = content.readAllBytes();
      return Optional.ofNullable(FileData.imageType(bytes))
          .map(type -> "data:" + type + ";base64," + Base64.getEncoder().encodeToString(bytes));
    } catch (IOException e) {
      LOG.debugf("image not shown file_id=%s cause=%s", file.id(), e);
      return Optional.empty();
    }
  }
}
