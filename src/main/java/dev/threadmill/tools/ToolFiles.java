package dev.threadmill.tools;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.threadmill.api.Json;
import dev.threadmill.files.StoredFile;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The files that are attached to messages for a tool, as the one that executes it is told of them.
 *
 * @param baseUrl the address at which clients reach this server; empty if it is not known
 */
public record ToolFiles(List<StoredFile> files, String baseUrl) {
  /** The header of webhooks with the ids of the files, separated by commas. */
  public static final String HEADER = "Threadmill-File-Ids";

  /** The field in the body of webhooks. */
  public static final String FIELD = "files";

  /** The name in the metadata of requests of MCP and A2A. */
  public static final String METADATA = "threadmill/files";

  /** Whether there are none. */
  public boolean isEmpty() {
    return files.isEmpty();
  }

  /** The ids, separated by commas. */
  public String ids() {
    return files.stream().map(file -> file.id().value()).collect(Collectors.joining(","));
  }

  /** An object for each file. Its content is read with a key of the project. */
  public ArrayNode described() {
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
