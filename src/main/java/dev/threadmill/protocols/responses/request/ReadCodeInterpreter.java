package dev.threadmill.protocols.responses.request;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.ToolResources;
import java.util.ArrayList;
import java.util.List;

/** Reads a tool of the type {@code code_interpreter}: where its code runs, and on which files. */
final class ReadCodeInterpreter {
  /** As many as a thread keeps for code. */
  private static final int MAX_FILES = ToolResources.MAX_FILES;

  private ReadCodeInterpreter() {}

  /**
   * What was read.
   *
   * @param spec the tool as assistants have it
   */
  record Read(
      OfferedTools.CodeContainer container, List<OfferedTools.CodeFile> files, JsonNode spec) {}

  /**
   * The tool.
   *
   * @param path of the container in the body
   * @throws ApiException 400 that names the field
   */
  static Read of(String path, JsonNode given) {
    var files = new ArrayList<OfferedTools.CodeFile>();
    var container = container(path, given, files);
    var spec = Json.MAPPER.createObjectNode().put("type", "code_interpreter");
    if (container.id() != null) {
      spec.put("container", container.id());
    }
    return new Read(container, files, spec);
  }

  private static OfferedTools.CodeContainer container(
      String path, JsonNode given, List<OfferedTools.CodeFile> files) {
    if (RequestFields.isAbsent(given)) {
      return new OfferedTools.CodeContainer(path, null, null);
    }
    if (given.isTextual()) {
      return new OfferedTools.CodeContainer(path, given.textValue(), null);
    }
    if (!given.isObject()) {
      throw RequestFields.type(path, "the id of a container, or an object");
    }
    var type = RequestFields.text(path, given, "type");
    if (type != null && !type.equals("auto")) {
      throw RequestFields.unsupported(path + ".type");
    }
    if (!given.path("skills").isEmpty()) {
      throw RequestFields.unsupported(path + ".skills");
    }
    ContainerFields.requireNoNetwork(path + ".network_policy", given.path("network_policy"));
    readFiles(path, given, files);
    return new OfferedTools.CodeContainer(
        path, null, RequestFields.text(path, given, "memory_limit"));
  }

  private static void readFiles(String path, JsonNode given, List<OfferedTools.CodeFile> files) {
    var ids = RequestFields.list(path, given, "file_ids");
    var param = path + ".file_ids";
    if (ids.size() > MAX_FILES) {
      throw ApiException.invalid(
          param,
          "array_above_max_length",
          "Invalid '%s': expected at most %d files.".formatted(param, MAX_FILES));
    }
    for (var id : ids) {
      if (!id.isTextual()) {
        throw RequestFields.type(param, "a list of ids");
      }
      files.add(new OfferedTools.CodeFile(id.textValue(), param));
    }
  }
}
