package dev.threadmill.threads;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.files.FilePurpose;
import dev.threadmill.files.FileReferences;
import dev.threadmill.files.Files;
import dev.threadmill.files.NewFile;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.models.FileData;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.TokenCounter;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
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

  private static final int PER_NOTE = 32;

  private static final int MAX_FILES = 100;

  /** After this time files are deleted whose message was not added. */
  private static final Duration UNASSIGNED = Duration.ofHours(1);

  private final FileReferences references;
  private final Files files;
  private final ContentGate gate;

  PrepareMessages(FileReferences references, Files files, ContentGate gate) {
    this.references = references;
    this.files = files;
    this.gate = gate;
  }

  /**
   * Validates and counts the messages of a list, and stores the files that they contain.
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
    var own = new ArrayList<FileId>();
    var content =
        stored(
            project,
            path,
            filtered(path, ContentSource.input(project, null, null), message.content()),
            own);
    return new NewMessage(
        role,
        content,
        message.attachments(),
        message.metadata() == null ? Metadata.EMPTY : message.metadata(),
        tokens(content) + tokensOfNotes(message.attachments()),
        own);
  }

  /**
   * The content with references to files in place of files. They expire unless the message is added
   * to a thread.
   *
   * @param own is filled with the files that are made
   */
  private List<ContentPart> stored(
      ProjectId project, String path, List<ContentPart> content, List<FileId> own) {
    var parts = new ArrayList<ContentPart>();
    for (var part : content) {
      var data = dataOf(part);
      if (data == null) {
        parts.add(part);
        continue;
      }
      if (own.size() == MAX_FILES) {
        throw ApiException.invalid(
            path + "content",
            "Invalid '%scontent': a message contains at most %d files. Upload them first."
                .formatted(path, MAX_FILES));
      }
      var known = idOf(part);
      var file = known == null ? store(project, data) : new FileId(known);
      own.add(file);
      parts.add(
          part instanceof ContentPart.ImageFile(var picture, _)
              ? new ContentPart.ImageFile(
                  new ContentPart.ImageFile.Picture(file.value(), picture.detail()))
              : new ContentPart.File(file.value()));
    }
    return parts;
  }

  private static FileData dataOf(ContentPart part) {
    return switch (part) {
      case ContentPart.File file -> file.data();
      case ContentPart.ImageFile image -> image.data();
      case ContentPart.Text _, ContentPart.Refusal _, ContentPart.ImageUrl _, ContentPart.Audio _ ->
          null;
    };
  }

  private static String idOf(ContentPart part) {
    return part instanceof ContentPart.ImageFile image
        ? image.imageFile().fileId()
        : ((ContentPart.File) part).fileId();
  }

  /**
   * Stores a file that a message is to contain, as a part that has both its id and its content. It
   * expires within an hour unless the message is added to a thread.
   */
  public FileId store(ProjectId project, FileData data) {
    var file =
        new NewFile(data.filename(), FilePurpose.USER_DATA, data.mediaType(), UNASSIGNED, null);
    try (var content = data.open()) {
      return files.create(project, file, content).id();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
        case ContentPart.ImageFile image -> {
          if (image.data() == null) {
            references.requireFiles(
                project, param + ".image_file.file_id", List.of(image.imageFile().fileId()));
          }
        }
        case ContentPart.File file -> {
          if (file.data() == null) {
            references.requireFiles(project, param + ".file_id", List.of(file.fileId()));
          }
        }
        case ContentPart.Text _,
            ContentPart.ImageUrl _,
            ContentPart.Audio _,
            ContentPart.Refusal _ -> {}
      }
    }
    var attachments = message.attachments();
    for (int i = 0; attachments != null && i < attachments.size(); i++) {
      references.requireFiles(
          project,
          "%sattachments[%d].file_id".formatted(path, i),
          List.of(attachments.get(i).fileId()));
    }
  }

  /** The tokens of the notes by which a prompt names files for tools of the assistant's own. */
  private static int tokensOfNotes(List<Attachment> attachments) {
    return attachments == null
        ? 0
        : PER_NOTE
            * attachments.stream().mapToInt(attachment -> attachment.ownTools().size()).sum();
  }

  /** The number of tokens of content in a prompt. */
  public static int tokens(List<ContentPart> content) {
    int tokens = 0;
    for (var part : content) {
      tokens +=
          switch (part) {
            case ContentPart.Text text -> TokenCounter.count(text.value());
            case ContentPart.Refusal(var refusal) -> TokenCounter.count(refusal);
            case ContentPart.ImageFile(var picture, _) -> image("", picture.detail());
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
