package dev.threadmill.threads;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.files.FileReferences;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.TokenCounter;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;

/**
 * Validates messages that clients send: checks that their files exist, and counts tokens. Done
 * before the thread is locked, since counting takes time for long messages.
 */
@ApplicationScoped
public class PrepareMessages {
  /** The tokens of a file reference, whose content is not part of the prompt. */
  private static final int PER_FILE = 8;

  private final FileReferences files;
  private final ContentGate gate;

  PrepareMessages(FileReferences files, ContentGate gate) {
    this.files = files;
    this.gate = gate;
  }

  /**
   * Validates and counts the messages of a list.
   *
   * @param param the name of the list, for errors
   * @throws ApiException 400 if a file does not exist, or a message answers a tool call, which only
   *     {@code POST /v1/threads/{thread_id}/messages} can take
   */
  public List<NewMessage> prepare(ProjectId project, String param, List<CreateMessage> messages) {
    var prepared = new ArrayList<NewMessage>();
    for (int i = 0; i < messages.size(); i++) {
      prepared.add(prepareOne(project, "%s[%d].".formatted(param, i), messages.get(i)));
    }
    return prepared;
  }

  /** As above, for one message that is the whole body. */
  NewMessage prepare(ProjectId project, CreateMessage message) {
    return prepareOne(project, "", message);
  }

  private NewMessage prepareOne(ProjectId project, String path, CreateMessage message) {
    var role =
        switch (message.role()) {
          case USER -> Message.Role.USER;
          case ASSISTANT -> Message.Role.ASSISTANT;
          case TOOL ->
              throw ApiException.invalid(
                  path + "role",
                  "Invalid '%srole': a message of role 'tool' cannot be given here."
                      .formatted(path));
        };
    requireFiles(project, path, message);
    var content = filtered(path, ContentSource.input(project, null, null), message.content());
    return new NewMessage(
        role,
        content,
        message.attachments(),
        message.metadata() == null ? Metadata.EMPTY : message.metadata(),
        tokens(content));
  }

  /** The content as it passes the filters. */
  private List<ContentPart> filtered(String path, ContentSource source, List<ContentPart> content) {
    var passed = new ArrayList<ContentPart>();
    for (int i = 0; i < content.size(); i++) {
      passed.add(filtered("%scontent[%d]".formatted(path, i), source, content.get(i)));
    }
    return passed;
  }

  private ContentPart filtered(String param, ContentSource source, ContentPart part) {
    return switch (part) {
      case ContentPart.Text text -> {
        var passed = gate.applyTo(param, source, text.value());
        yield passed.equals(text.value()) ? text : ContentPart.text(passed);
      }
      case ContentPart.Refusal(var refusal) ->
          new ContentPart.Refusal(gate.applyTo(param, source, refusal));
      case ContentPart.ImageFile _,
          ContentPart.ImageUrl _,
          ContentPart.Audio _,
          ContentPart.File _ ->
          part;
    };
  }

  private void requireFiles(ProjectId project, String path, CreateMessage message) {
    for (int i = 0; i < message.content().size(); i++) {
      var param = "%scontent[%d]".formatted(path, i);
      switch (message.content().get(i)) {
        case ContentPart.ImageFile image ->
            files.requireFiles(
                project, param + ".image_file.file_id", List.of(image.imageFile().fileId()));
        case ContentPart.File file ->
            files.requireFiles(project, param + ".file_id", List.of(file.fileId()));
        case ContentPart.Text _,
            ContentPart.ImageUrl _,
            ContentPart.Audio _,
            ContentPart.Refusal _ -> {}
      }
    }
    var attachments = message.attachments();
    for (int i = 0; attachments != null && i < attachments.size(); i++) {
      files.requireFiles(
          project,
          "%sattachments[%d].file_id".formatted(path, i),
          List.of(attachments.get(i).fileId()));
    }
  }

  /** The number of tokens of content in a prompt. */
  public static int tokens(List<ContentPart> content) {
    int tokens = 0;
    for (var part : content) {
      tokens +=
          switch (part) {
            case ContentPart.Text text -> TokenCounter.count(text.value());
            case ContentPart.Refusal(var refusal) -> TokenCounter.count(refusal);
            case ContentPart.ImageFile(var picture) -> image("", picture.detail());
            case ContentPart.ImageUrl(var picture) -> image(picture.url(), picture.detail());
            case ContentPart.Audio(var sound) ->
                TokenCounter.count(new ModelPart.Audio(sound.data(), sound.format()));
            case ContentPart.File _ -> PER_FILE;
          };
    }
    return tokens;
  }

  private static int image(String url, ContentPart.Detail detail) {
    return TokenCounter.count(
        new ModelPart.Image(url, detail == ContentPart.Detail.LOW ? "low" : "auto"));
  }
}
