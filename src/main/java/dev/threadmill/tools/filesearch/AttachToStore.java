package dev.threadmill.tools.filesearch;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.assistants.ToolResources;
import dev.threadmill.db.Tx;
import dev.threadmill.threads.Attachment;
import dev.threadmill.threads.AttachmentListener;
import dev.threadmill.threads.ForkHeir;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.ThreadLifecycle;
import dev.threadmill.threads.ThreadToolResources;
import dev.threadmill.vectorstores.VectorStores;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;

/**
 * Adds files that are attached for the file search to the vector store of the thread. A thread
 * without one gets a store that expires after seven days without use and is deleted with the last
 * one of the thread and its forks.
 */
@ApplicationScoped
class AttachToStore implements AttachmentListener, ThreadLifecycle {
  private static final int DAYS_UNTIL_EXPIRY = 7;

  private final VectorStores stores;
  private final ThreadToolResources toolResources;
  private final ForkHeir heirs;

  AttachToStore(VectorStores stores, ThreadToolResources toolResources, ForkHeir heirs) {
    this.heirs = heirs;
    this.stores = stores;
    this.toolResources = toolResources;
  }

  @Override
  public void attached(Tx tx, ProjectId project, ThreadId thread, List<Message> messages) {
    var files =
        messages.stream()
            .flatMap(message -> message.attachments().stream())
            .filter(attachment -> attachment.isFor(Attachment.Tool.FILE_SEARCH))
            .map(attachment -> new FileId(attachment.fileId()))
            .distinct()
            .toList();
    if (files.isEmpty()) {
      return;
    }
    var present = toolResources.find(tx, thread).flatMap(AttachToStore::storeOf);
    var store = stores.addForThread(tx, project, thread, present, files, DAYS_UNTIL_EXPIRY);
    if (!present.equals(Optional.of(store))) {
      toolResources.setVectorStore(tx, thread, store.value());
    }
  }

  private static Optional<VectorStoreId> storeOf(ToolResources resources) {
    if (resources.fileSearch() == null || resources.fileSearch().vectorStoreIds() == null) {
      return Optional.empty();
    }
    try {
      return resources.fileSearch().vectorStoreIds().stream().findFirst().map(VectorStoreId::new);
    } catch (ApiException e) {
      return Optional.empty();
    }
  }

  @Override
  public void deleteThread(Tx tx, ThreadId thread) {
    heirs
        .of(tx, thread)
        .ifPresent(heir -> stores.handOver(tx, thread, heir.id(), heir.knownUntil()));
    stores.deleteOfThread(tx, thread);
  }
}
