package dev.threadmill.protocols.responses.containers;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.files.FileReferences;
import dev.threadmill.protocols.responses.request.ContainerFields;
import dev.threadmill.protocols.responses.request.RequestFields;
import dev.threadmill.sandbox.SandboxConfig;
import dev.threadmill.tools.code.Container;
import dev.threadmill.tools.code.Containers;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;

/** Creates containers as clients ask for them. */
@ApplicationScoped
class CreateContainer {
  private static final int MAX_NAME = 256;
  private static final int MAX_FILES = 50;
  private static final int DEFAULT_MINUTES = 20;
  private static final int MAX_MINUTES = 24 * 60;

  private final Containers containers;
  private final FileReferences files;
  private final SandboxConfig sandbox;

  CreateContainer(Containers containers, FileReferences files, SandboxConfig sandbox) {
    this.containers = containers;
    this.files = files;
    this.sandbox = sandbox;
  }

  /**
   * Creates a container.
   *
   * @throws ApiException 400 that names the field
   */
  Container create(ProjectId project, JsonNode body) {
    var name = RequestFields.text(body, "name", MAX_NAME);
    if (name == null || name.isBlank()) {
      throw ApiException.missing("name");
    }
    if (!body.path("skills").isEmpty()) {
      throw RequestFields.unsupported("skills");
    }
    ContainerFields.requireNoNetwork("network_policy", body.path("network_policy"));
    var memory =
        ContainerFields.memoryLimit("memory_limit", body.path("memory_limit"), sandbox.memoryMb());
    return containers.create(
        project,
        name,
        memory == null ? ContainerFields.memoryOfServer(sandbox.memoryMb()) : memory,
        minutes(body.path("expires_after")),
        files(project, body.path("file_ids")));
  }

  private static int minutes(JsonNode expiry) {
    if (RequestFields.isAbsent(expiry)) {
      return DEFAULT_MINUTES;
    }
    if (!expiry.isObject()) {
      throw RequestFields.type("expires_after", "an object");
    }
    var anchor = expiry.path("anchor").asText(ContainerObject.ExpiresAfter.ANCHOR);
    if (!anchor.equals(ContainerObject.ExpiresAfter.ANCHOR)) {
      throw ApiException.invalid(
          "expires_after.anchor", "Invalid 'expires_after.anchor': expected 'last_active_at'.");
    }
    var minutes = expiry.path("minutes");
    if (!minutes.canConvertToInt() || minutes.intValue() < 1 || minutes.intValue() > MAX_MINUTES) {
      throw ApiException.invalid(
          "expires_after.minutes",
          "Invalid 'expires_after.minutes': expected an integer from 1 to %d."
              .formatted(MAX_MINUTES));
    }
    return minutes.intValue();
  }

  private List<FileId> files(ProjectId project, JsonNode given) {
    if (RequestFields.isAbsent(given)) {
      return List.of();
    }
    if (!given.isArray() || given.size() > MAX_FILES) {
      throw RequestFields.type("file_ids", "a list of at most %d ids".formatted(MAX_FILES));
    }
    var ids = new ArrayList<String>();
    for (var id : given) {
      if (!id.isTextual()) {
        throw RequestFields.type("file_ids", "a list of ids");
      }
      ids.add(id.textValue());
    }
    var existing = files.existing(project, ids);
    for (var id : ids) {
      if (!existing.contains(id)) {
        throw FileReferences.missing("file", "file_ids", id);
      }
    }
    return ids.stream().distinct().map(FileId::new).toList();
  }
}
