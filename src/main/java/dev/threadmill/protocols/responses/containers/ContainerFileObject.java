package dev.threadmill.protocols.responses.containers;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.tools.code.Containers.ContainerFile;

/** A file in a container on the wire. */
public record ContainerFileObject(
    String id,
    String object,
    String containerId,
    long createdAt,
    long bytes,
    String path,
    String source) {
  static ContainerFileObject of(String container, ContainerFile file) {
    return new ContainerFileObject(
        ItemIds.containerFile(file.file().id().value()),
        "container.file",
        container,
        file.file().createdAt().getEpochSecond(),
        file.file().bytes(),
        "/mnt/data/" + file.path(),
        file.ofClient() ? "user" : "assistant");
  }

  /**
   * The file that an id names, which may be that of the container or that of the file itself.
   *
   * @throws ApiException 400 if it is neither
   */
  static FileId fileOf(String id) {
    return new FileId(
        id.startsWith(ItemIds.CONTAINER_FILE)
            ? FileId.PREFIX + id.substring(ItemIds.CONTAINER_FILE.length())
            : id);
  }
}
