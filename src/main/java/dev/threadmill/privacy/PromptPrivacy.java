package dev.threadmill.privacy;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.projects.PrivacyOptions;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * What models may read of a project: prompts without personal data, also of what was stored before
 * the project had a policy, and no media in which nothing can be found.
 */
@ApplicationScoped
public class PromptPrivacy {
  private final Privacy privacy;
  private final Tokenizer tokenizer;
  private final ThreadUsers users;

  PromptPrivacy(Privacy privacy, Tokenizer tokenizer, ThreadUsers users) {
    this.privacy = privacy;
    this.tokenizer = tokenizer;
    this.users = users;
  }

  /** Whether models may read a medium in which nothing can be found, by its name. */
  public boolean allows(ProjectId project, String medium) {
    return privacy.policy(project).allowsMedium(medium);
  }

  /** The name of the mode of the project. */
  public String mode(ProjectId project) {
    return privacy.policy(project).mode().name().toLowerCase(Locale.ROOT);
  }

  /**
   * The model as one that sees no images, hears no audio and reads no files, as far as these are
   * not allowed.
   */
  public ModelInfo limited(ProjectId project, ModelInfo model) {
    var policy = privacy.policy(project);
    if (!policy.isStrict()) {
      return model;
    }
    return model.limitedTo(
        policy.allowsMedium(PrivacyOptions.IMAGE),
        false,
        policy.allowsMedium(PrivacyOptions.AUDIO),
        model.speech());
  }

  /**
   * The messages with tokens in place of personal data.
   *
   * @param thread null for none
   */
  public List<ModelMessage> apply(ProjectId project, ThreadId thread, List<ModelMessage> messages) {
    var policy = privacy.policy(project);
    if (!policy.isOn()) {
      return messages;
    }
    Supplier<String> owner = () -> Vault.ownerOf(users.of(project, thread));
    UnaryOperator<String> text = each -> tokenizer.apply(project, policy, owner, each);
    return messages.stream().map(message -> message(message, text)).toList();
  }

  /** The model, whose prompts have tokens in place of personal data. */
  public LanguageModel guarded(ProjectId project, ThreadId thread, LanguageModel model) {
    return new LanguageModel() {
      @Override
      public ModelInfo info() {
        return model.info();
      }

      @Override
      public ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas)
          throws InterruptedException {
        var messages = apply(project, thread, request.messages());
        return model.answer(
            messages == request.messages() ? request : request.withMessages(messages), deltas);
      }
    };
  }

  private static ModelMessage message(ModelMessage message, UnaryOperator<String> text) {
    return switch (message) {
      case ModelMessage.System(var content) -> new ModelMessage.System(text.apply(content));
      case ModelMessage.User(var parts) ->
          new ModelMessage.User(
              parts.stream()
                  .map(
                      part ->
                          part instanceof ModelPart.Text(var content)
                              ? new ModelPart.Text(text.apply(content))
                              : part)
                  .toList());
      case ModelMessage.Assistant(var content, var calls, var thoughts) ->
          new ModelMessage.Assistant(
              text.apply(content),
              calls.stream()
                  .map(
                      call ->
                          new ModelToolCall(call.id(), call.name(), text.apply(call.arguments())))
                  .toList(),
              thoughts);
      case ModelMessage.ToolResult(var call, var content) ->
          new ModelMessage.ToolResult(call, text.apply(content));
    };
  }
}
