package dev.threadmill.models.chat;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.TokenCounter;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;

/** The files and images of a chat completion, in the form that its model takes. */
@ApplicationScoped
class RequestParts {
  /** Part of the context window that is kept free for the answer if the request has no limit. */
  private static final int ANSWER_SHARE = 4;

  private static final long MAX_CHARACTERS = 32L << 20;
  private static final String BLIND = "image_input_not_supported";

  private final ChatFiles files;
  private final ChatFilePermits permits;

  RequestParts(ChatFiles files, ChatFilePermits permits) {
    this.files = files;
    this.permits = permits;
  }

  /**
   * A request with the content of its files.
   *
   * @param permit for the heap that the files take, to be closed after the call
   */
  record Loaded(ModelRequest request, ChatFilePermits.Permit permit) {}

  /**
   * The request with the content of its files, the newest first.
   *
   * @throws ApiException 400 if there is no such file, or the model cannot see an image; 503 if
   *     there is no room for the files
   * @throws InterruptedException if the thread is interrupted while a file is read
   */
  Loaded load(ProjectId project, ModelInfo model, ModelRequest request)
      throws InterruptedException {
    requireVision(model, request.messages());
    var references = references(request.messages());
    if (references.isEmpty()) {
      return new Loaded(request, ChatFilePermits.Permit.NONE);
    }
    var found = files.find(project, model, references);
    long characters = 0;
    for (var file : found) {
      characters = Math.min(MAX_CHARACTERS, characters + file.characters());
    }
    var permit = permits.acquire(project, characters);
    try {
      return new Loaded(load(model, request, found), permit);
    } catch (InterruptedException | RuntimeException | Error e) {
      permit.close();
      throw e;
    }
  }

  private static List<ChatFiles.Reference> references(List<ModelMessage> messages) {
    var references = new ArrayList<ChatFiles.Reference>();
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i) instanceof ModelMessage.User(var parts)) {
        for (int j = 0; j < parts.size(); j++) {
          if (parts.get(j) instanceof ModelPart.File file) {
            references.add(new ChatFiles.Reference(param(i, j), file));
          }
        }
      }
    }
    return references;
  }

  private static ModelRequest load(
      ModelInfo model, ModelRequest request, List<ChatFiles.Found> found)
      throws InterruptedException {
    var left = new ChatFiles.Left(tokensLeft(model, request), MAX_CHARACTERS);
    var messages = new ArrayList<>(request.messages());
    int next = found.size() - 1;
    for (int i = messages.size() - 1; i >= 0; i--) {
      if (!(messages.get(i) instanceof ModelMessage.User(var parts))) {
        continue;
      }
      var loaded = new ArrayList<>(parts);
      for (int j = loaded.size() - 1; j >= 0; j--) {
        if (loaded.get(j) instanceof ModelPart.File) {
          var part = found.get(next--).load(left);
          left =
              new ChatFiles.Left(
                  Math.max(0, left.tokens() - TokenCounter.count(part)),
                  left.characters() - characters(part));
          loaded.set(j, part);
        }
      }
      messages.set(i, new ModelMessage.User(loaded));
    }
    return request.withMessages(messages);
  }

  private static String param(int message, int part) {
    return "messages[%d].content[%d]".formatted(message, part);
  }

  private static void requireVision(ModelInfo model, List<ModelMessage> messages) {
    for (int i = 0; i < messages.size() && !model.images(); i++) {
      if (messages.get(i) instanceof ModelMessage.User(var parts)) {
        for (int j = 0; j < parts.size(); j++) {
          if (parts.get(j) instanceof ModelPart.Image) {
            throw ApiException.invalid(
                param(i, j),
                BLIND,
                "Invalid '%s': the model '%s' cannot see images."
                    .formatted(param(i, j), model.name()));
          }
        }
      }
    }
  }

  private static int tokensLeft(ModelInfo model, ModelRequest request) {
    int answer =
        request.maxCompletionTokens() != null
            ? request.maxCompletionTokens()
            : Math.min(model.maxOutput(), model.contextWindow() / ANSWER_SHARE);
    int ofFiles = 0;
    for (var message : request.messages()) {
      if (message instanceof ModelMessage.User(var parts)) {
        ofFiles +=
            parts.stream()
                .filter(ModelPart.File.class::isInstance)
                .mapToInt(TokenCounter::count)
                .sum();
      }
    }
    return Math.max(0, model.contextWindow() - answer - TokenCounter.count(request) + ofFiles);
  }

  private static long characters(ModelPart part) {
    return switch (part) {
      case ModelPart.File(_, var data) -> data.base64().length();
      case ModelPart.Image(var url, _) -> url.length();
      case ModelPart.Text _, ModelPart.Audio _ -> 0;
    };
  }
}
