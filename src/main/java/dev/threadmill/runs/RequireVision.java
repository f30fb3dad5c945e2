package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.runs.spec.RunSpec;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.NewMessage;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/**
 * Refuses a run whose model cannot see the images that it is to answer: those of the messages after
 * the last answer of the thread. Earlier images are replaced by a note in the prompt, so that a
 * conversation can continue with another model.
 */
@ApplicationScoped
class RequireVision {
  private static final String CODE = "image_input_not_supported";

  private final ModelRegistry models;
  private final MessageStore messages;

  RequireVision(ModelRegistry models, MessageStore messages) {
    this.models = models;
    this.messages = messages;
  }

  /**
   * Checks the messages of a thread that no answer follows.
   *
   * @throws ApiException 400 with the code {@code image_input_not_supported}
   */
  void ofThread(String model, ProjectId project, ThreadId thread) {
    if (isBlind(model)) {
      messages
          .unansweredWithImage(project, thread)
          .ifPresent(
              id -> {
                throw refused(
                    null,
                    "The model '%s' cannot see the image of the message '%s'."
                        .formatted(model, id));
              });
    }
  }

  /** As above, for the messages of a new thread; {@code thread.messages} in errors. */
  void ofNewThread(String model, List<NewMessage> first) {
    if (isBlind(model)) {
      check(model, "thread.messages", first);
    }
  }

  /** As above, for what is added with the run. */
  void ofEntries(String model, RunSpec spec, List<PreparedEntry> entries) {
    if (isBlind(model)) {
      int additional = spec.messages().size();
      check(model, "additional_messages", PreparedEntry.messagesOf(entries.subList(0, additional)));
      check(model, "input", PreparedEntry.messagesOf(entries.subList(additional, entries.size())));
    }
  }

  /**
   * What a provider refused meanwhile does not count: it may have been for the image of another.
   */
  private boolean isBlind(String model) {
    return models.configured(model).filter(info -> !info.images()).isPresent();
  }

  private static void check(String model, String list, List<NewMessage> messages) {
    for (int i = messages.size() - 1; i >= 0; i--) {
      var message = messages.get(i);
      if (message.role() == Message.Role.ASSISTANT) {
        return;
      }
      for (int j = 0; j < message.content().size(); j++) {
        if (isImage(message.content().get(j))) {
          var param = "%s[%d].content[%d]".formatted(list, i, j);
          throw refused(
              param, "Invalid '%s': the model '%s' cannot see images.".formatted(param, model));
        }
      }
    }
  }

  private static boolean isImage(ContentPart part) {
    return part instanceof ContentPart.ImageFile || part instanceof ContentPart.ImageUrl;
  }

  private static ApiException refused(String param, String message) {
    return ApiException.invalid(param, CODE, message);
  }
}
