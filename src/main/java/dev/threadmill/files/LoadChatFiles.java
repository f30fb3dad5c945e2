package dev.threadmill.files;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.models.FileData;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.chat.ChatFiles;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/** Loads the files of chat completions: uploaded ones, and those that a request contains. */
@ApplicationScoped
class LoadChatFiles implements ChatFiles {
  private static final Logger LOG = Logger.getLogger(LoadChatFiles.class);

  /** No provider takes larger ones. */
  private static final long MAX_BYTES = 20L << 20;

  private static final Set<String> IMAGES =
      Set.of("image/png", "image/jpeg", "image/gif", "image/webp");

  private final Files files;
  private final FileTexts texts;

  LoadChatFiles(Files files, FileTexts texts) {
    this.files = files;
    this.texts = texts;
  }

  @Override
  public List<Found> find(ProjectId project, ModelInfo model, List<Reference> references) {
    var ids =
        references.stream()
            .map(reference -> reference.file().fileId())
            .filter(Objects::nonNull)
            .distinct()
            .flatMap(id -> parsed(id).stream())
            .toList();
    Map<String, StoredFile> stored =
        files.findAll(project, ids).stream()
            .collect(Collectors.toMap(file -> file.id().value(), Function.identity()));
    return references.stream().map(each -> found(project, model, each, stored)).toList();
  }

  private static Optional<FileId> parsed(String id) {
    try {
      return Optional.of(new FileId(id));
    } catch (ApiException e) {
      return Optional.empty();
    }
  }

  private Found found(
      ProjectId project, ModelInfo model, Reference reference, Map<String, StoredFile> stored) {
    var id = reference.file().fileId();
    if (id == null) {
      return new Inline(project, model, reference.file().data());
    }
    var file = stored.get(id);
    if (file == null) {
      throw FileReferences.missing("file", reference.param() + ".file.file_id", id);
    }
    return new Uploaded(model, file);
  }

  /** A file that the request contains. */
  private final class Inline implements Found {
    private final ProjectId project;
    private final ModelInfo model;
    private final FileData data;

    Inline(ProjectId project, ModelInfo model, FileData data) {
      this.project = project;
      this.model = model;
      this.data = data;
    }

    /** The body of the request, which is bounded elsewhere, has it already. */
    @Override
    public long characters() {
      return 0;
    }

    @Override
    public ModelPart load(Left left) throws InterruptedException {
      var part =
          asItIs(model, left, data.mediaType(), data.bytes(), () -> data.withText(instead()));
      return part.isPresent()
          ? part.get()
          : new ModelPart.Text(texts.of(project, data, left.tokens()).text());
    }

    private FileData.Text instead() {
      return () -> texts.of(project, data, TokenCounter.ofDocument(data.bytes())).text();
    }
  }

  /** A file of the project. */
  private final class Uploaded implements Found {
    private final ModelInfo model;
    private final StoredFile file;

    Uploaded(ModelInfo model, StoredFile file) {
      this.model = model;
      this.file = file;
    }

    @Override
    public long characters() {
      return mayBeSent(model, file.contentType(), file.bytes())
          ? base64Characters(file.bytes())
          : Math.min(file.bytes(), FileTexts.MAX_CHARACTERS);
    }

    @Override
    public ModelPart load(Left left) throws InterruptedException {
      var part = asItIs(model, left, file.contentType(), file.bytes(), () -> content(file));
      return part.isPresent()
          ? part.get()
          : new ModelPart.Text(texts.of(file, left.tokens()).text());
    }
  }

  private static long base64Characters(long bytes) {
    return (bytes + 2) / 3 * 4;
  }

  /** Whether the model reads files of this type and size. */
  private static boolean mayBeSent(ModelInfo model, String type, long bytes) {
    return bytes <= MAX_BYTES
        && (isImage(model, type) || model.files() && FileData.PDF.equals(type));
  }

  private static boolean isImage(ModelInfo model, String type) {
    return model.images() && IMAGES.contains(String.valueOf(type));
  }

  private interface Content {
    FileData get() throws IOException;
  }

  private FileData content(StoredFile file) throws IOException {
    try (var in = files.open(file)) {
      return new FileData(
          file.filename(),
          file.contentType(),
          Base64.getEncoder().encodeToString(in.readAllBytes()),
          () -> texts.of(file, TokenCounter.ofDocument(file.bytes())).text());
    }
  }

  /** The file for a model that reads files of its type; empty if it gets the text. */
  private static Optional<ModelPart> asItIs(
      ModelInfo model, Left left, String type, long bytes, Content content) {
    boolean isImage = isImage(model, type);
    if (!mayBeSent(model, type, bytes)
        || base64Characters(bytes) > left.characters()
        || !isImage && TokenCounter.ofDocument(bytes) > left.tokens()) {
      return Optional.empty();
    }
    try {
      var data = content.get();
      if (isImage) {
        return Optional.of(
            new ModelPart.Image("data:%s;base64,%s".formatted(type, data.base64()), null));
      }
      return data.isPdf() ? Optional.of(new ModelPart.File(null, data)) : Optional.empty();
    } catch (IOException e) {
      LOG.warnf("file not read cause=%s", e);
      return Optional.empty();
    }
  }
}
