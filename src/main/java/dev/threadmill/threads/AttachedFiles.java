package dev.threadmill.threads;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import dev.threadmill.files.Files;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/**
 * Adds files that are attached for the code interpreter to the tool resources of the thread. The
 * files that were made for a thread are deleted with the last one of the thread and its forks.
 */
@ApplicationScoped
class AttachedFiles implements AttachmentListener, ThreadLifecycle {
  private final ThreadToolResources toolResources;
  private final Files files;
  private final ForkHeir heirs;

  AttachedFiles(ThreadToolResources toolResources, Files files, ForkHeir heirs) {
    this.heirs = heirs;
    this.toolResources = toolResources;
    this.files = files;
  }

  @Override
  public void attached(Tx tx, ProjectId project, ThreadId thread, List<Message> messages) {
    var forCode =
        messages.stream()
            .flatMap(message -> message.attachments().stream())
            .filter(attachment -> attachment.isFor(Attachment.Tool.CODE_INTERPRETER))
            .map(Attachment::fileId)
            .distinct()
            .toList();
    if (!forCode.isEmpty()) {
      toolResources.addCodeInterpreterFiles(tx, thread, forCode);
    }
  }

  @Override
  public void deleteThread(Tx tx, ThreadId thread) {
    heirs
        .of(tx, thread)
        .ifPresent(heir -> files.handOver(tx, thread, heir.id(), heir.knownUntil()));
    files.deleteOfThread(tx, thread);
  }
}
