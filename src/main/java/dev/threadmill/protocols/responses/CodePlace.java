package dev.threadmill.protocols.responses;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.ToolResources;
import dev.threadmill.db.Tx;
import dev.threadmill.files.FileReferences;
import dev.threadmill.protocols.responses.request.ContainerFields;
import dev.threadmill.protocols.responses.request.OfferedTools;
import dev.threadmill.sandbox.SandboxConfig;
import dev.threadmill.threads.ThreadToolResources;
import dev.threadmill.tools.code.Containers;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.List;

/** Where the code of a response runs, and with which files. */
@ApplicationScoped
class CodePlace {
  private final Containers containers;
  private final FileReferences files;
  private final ThreadToolResources toolResources;
  private final SandboxConfig sandbox;
  private final InstantSource clock;

  CodePlace(
      Containers containers,
      FileReferences files,
      ThreadToolResources toolResources,
      SandboxConfig sandbox,
      InstantSource clock) {
    this.containers = containers;
    this.files = files;
    this.toolResources = toolResources;
    this.sandbox = sandbox;
    this.clock = clock;
  }

  /**
   * Checks what the tools name.
   *
   * @throws ApiException 400 if there is no such container or file, or if the container has expired
   */
  void requireUsable(ProjectId project, OfferedTools tools) {
    if (tools.container() != null) {
      requireUsable(project, tools.container());
    }
    if (tools.codeFiles().isEmpty()) {
      return;
    }
    var existing = files.existing(project, codeFiles(tools));
    for (var file : tools.codeFiles()) {
      if (!existing.contains(file.id())) {
        throw FileReferences.missing("file", file.param(), file.id());
      }
    }
  }

  private void requireUsable(ProjectId project, OfferedTools.CodeContainer wanted) {
    if (wanted.memoryLimit() != null) {
      ContainerFields.memoryLimit(
          wanted.param() + ".memory_limit", wanted.memoryLimit(), sandbox.memoryMb());
    }
    if (wanted.id() == null) {
      return;
    }
    var container =
        containers
            .find(project, wanted.id())
            .orElseThrow(
                () ->
                    ApiException.invalid(
                        wanted.param(),
                        "Container with id '%s' not found.".formatted(wanted.id())));
    if (container.isExpired(clock.instant())) {
      throw ApiException.invalid(wanted.param(), "Container is expired.");
    }
  }

  private static List<String> codeFiles(OfferedTools tools) {
    return tools.codeFiles().stream().map(OfferedTools.CodeFile::id).distinct().toList();
  }

  /** What a new thread gets for its code; null for nothing. */
  static ToolResources resources(OfferedTools tools) {
    var files = codeFiles(tools);
    return files.isEmpty()
        ? null
        : new ToolResources(new ToolResources.CodeInterpreter(files), null);
  }

  /** Adds the files to those that the thread has for code. */
  void addFiles(Tx tx, ThreadId thread, OfferedTools tools) {
    if (!tools.codeFiles().isEmpty()) {
      toolResources.addCodeInterpreterFiles(tx, thread, codeFiles(tools));
    }
  }
}
