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
import java.util.Optional;
import java.util.Set;
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
  public ModelPart load(
      ProjectId project, String param, ModelInfo model, ModelPart.File file, Left left)
      throws InterruptedException {
    if (file.fileId() == null) {
      var data = file.data();
      var part = asItIs(model, left, data.mediaType(), data.bytes(), () -> data);
      return part.isPresent()
          ? part.get()
          : new ModelPart.Text(texts.of(project, data, left.tokens()).text());
    }
    var stored = find(project, param, file.fileId());
    var part = asItIs(model, left, stored.contentType(), stored.bytes(), () -> content(stored));
    return part.isPresent()
        ? part.get()
        : new ModelPart.Text(texts.of(stored, left.tokens()).text());
  }

  private StoredFile find(ProjectId project, String param, String id) {
    var field = param + ".file.file_id";
    try {
      return files
          .find(project, new FileId(id))
          .orElseThrow(() -> FileReferences.missing("file", field, id));
    } catch (ApiException e) {
      throw FileReferences.missing("file", field, id);
    }
  }

  private interface Content {
    FileData get() throws IOException;
  }

  private FileData content(StoredFile file) throws IOException {
    try (var in = files.open(file)) {
      return new FileData(
          file.filename(),
          file.contentType(),
          Base64.getEncoder().encodeToString(in.readAllBytes()));
    }
  }

  /** The file for a model that reads files of its type; empty if it gets the text. */
  private static Optional<ModelPart> asItIs(
      ModelInfo model, Left left, String type, long bytes, Content content) {
    boolean isImage = model.images() && IMAGES.contains(String.valueOf(type));
    boolean isDocument =
        model.files()
            && FileData.PDF.equals(type)
            && TokenCounter.ofDocument(bytes) <= left.tokens();
    if (!isImage && !isDocument || bytes > MAX_BYTES || bytes / 3 * 4 > left.characters()) {
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
