package dev.threadmill.threads;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import dev.threadmill.files.Files;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/**
 * Adds files that are attached for the code interpreter to the tool resources of the thread, and
 * deletes the files that were made for a thread along with it.
 */
@ApplicationScoped
class AttachedFiles implements AttachmentListener, ThreadLifecycle {
  private final ThreadToolResources toolResources;
  private final Files files;

  AttachedFiles(ThreadToolResources toolResources, Files files) {
    this.toolResources = toolResources;
    this.files = files;
  }

  @Override
  public void attached(Tx tx, ProjectId project, ThreadId thread, List<Message> messages) {
    var forCode =
        messages.stream()
            .flatMap(message -> message.attachments().stream())
            .filter(attachment -> attachment.isFor(Attachment.Tool.Type.CODE_INTERPRETER))
            .map(Attachment::fileId)
            .distinct()
            .toList();
    if (!forCode.isEmpty()) {
      toolResources.addCodeInterpreterFiles(tx, thread, forCode);
    }
  }

  @Override
  public void deleteThread(Tx tx, ThreadId thread) {
    files.deleteOfThread(tx, thread);
  }
}
