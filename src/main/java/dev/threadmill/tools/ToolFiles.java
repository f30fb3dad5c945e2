package dev.threadmill.tools.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.files.StoredFile;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The files that are attached to messages for a webhook, as its receiver is told of them.
 *
 * @param baseUrl the address at which clients reach this server; empty if it is not known
 */
record ToolFiles(List<StoredFile> files, String baseUrl) {
  /** The header with the ids of the files, separated by commas. */
  static final String HEADER = "Threadmill-File-Ids";

  /** The field of the body. */
  static final String FIELD = "files";

  boolean isEmpty() {
    return files.isEmpty();
  }

  String ids() {
    return files.stream().map(file -> file.id().value()).collect(Collectors.joining(","));
  }

  /** An object for each file. Its content is read with a key of the project. */
  JsonNode described() {
    var array = Json.MAPPER.createArrayNode();
    for (var file : files) {
      array
          .addObject()
          .put("file_id", file.id().value())
          .put("filename", file.filename())
          .put("bytes", file.bytes())
          .put("content_type", file.contentType())
          .put("sha256", file.sha256())
          .put("content_url", "%s/v1/files/%s/content".formatted(baseUrl, file.id()));
    }
    return array;
  }
}
