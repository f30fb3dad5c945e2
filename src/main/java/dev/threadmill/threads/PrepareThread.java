package dev.threadmill.threads;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.assistants.ToolResources;
import dev.threadmill.files.FileReferences;
import dev.threadmill.vectorstores.ExpiresAfter;
import dev.threadmill.vectorstores.VectorStores;
import jakarta.enterprise.context.ApplicationScoped;

/** Validates a thread that a client sends: checks that its assistant and files exist. */
@ApplicationScoped
public class PrepareThread {
  /** After so many days without use a store that is created along with a thread expires. */
  private static final int DAYS_UNTIL_EXPIRY = 7;

  private final PrepareMessages prepareMessages;
  private final Assistants assistants;
  private final FileReferences files;
  private final VectorStores stores;

  PrepareThread(
      PrepareMessages prepareMessages,
      Assistants assistants,
      FileReferences files,
      VectorStores stores) {
    this.stores = stores;
    this.prepareMessages = prepareMessages;
    this.assistants = assistants;
    this.files = files;
  }

  /**
   * Validates a thread and counts its messages. Not to be called within a transaction.
   *
   * @param path the prefix of field names in errors, such as {@code thread.}
   * @throws dev.threadmill.api.ApiException 400 or 404 if something does not exist
   */
  public NewThread prepare(ProjectId project, String path, CreateThread request) {
    UserThreads.requireNoToolResources(path, request.toolResources());
    if (request.assistantId() != null) {
      assistants.get(project, request.assistantId());
    }
    var metadata = UserThreads.owned(path, request.metadata());
    var messages = prepareMessages.prepare(project, path + "messages", request.messages());
    var resources = request.toolResources();
    if (resources != null) {
      resources =
          resources.withStoresCreated(project, stores, ExpiresAfter.days(DAYS_UNTIL_EXPIRY));
      resources.requireExisting(project, files);
    }
    return new NewThread(project, request.assistantId(), resources, metadata, messages);
  }

  /** Answers 404 or 400 if one of these does not exist in the project; null is ignored. */
  void requireExisting(ProjectId project, AssistantId assistant, ToolResources resources) {
    UserThreads.requireNoToolResources("", resources);
    if (assistant != null) {
      assistants.get(project, assistant);
    }
    if (resources != null) {
      resources.requireExisting(project, files);
    }
  }
}
