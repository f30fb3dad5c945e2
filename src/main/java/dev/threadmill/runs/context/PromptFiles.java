package dev.threadmill.runs.context;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.files.FileTexts;
import dev.threadmill.files.Files;
import dev.threadmill.files.StoredFile;
import dev.threadmill.models.FileData;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.runs.context.HistoryEntry.MessageEntry;
import dev.threadmill.threads.Attachment;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Puts the content of files into a prompt in place of references to them: images as data URLs for
 * models that see, PDF documents as they are for models that read them, other files as their text.
 * The newest files come first; those that exceed the size or the tokens of the prompt are replaced
 * by a note, so that the model knows of them.
 */
@ApplicationScoped
public class PromptFiles {
  /** No provider takes larger images. */
  private static final long MAX_IMAGE_BYTES = 20L << 20;

  /** Providers take requests of up to 32 MB, in base64. */
  private static final long MAX_DOCUMENT_BYTES = 20L << 20;

  /** How many characters a compressed document has for each of its bytes, roughly. */
  private static final int CHARACTERS_PER_BYTE = 8;

  private final Jdbc jdbc;
  private final Files files;
  private final FileTexts texts;

  PromptFiles(Jdbc jdbc, Files files, FileTexts texts) {
    this.jdbc = jdbc;
    this.files = files;
    this.texts = texts;
  }

  /**
   * The entries with the files that they refer to. Costs nothing without references.
   *
   * @param entries oldest first
   * @param tokens how many the texts of files may cost together
   */
  Loading plan(ProjectId project, List<HistoryEntry> entries, ModelInfo model, int tokens) {
    var ids =
        entries.stream()
            .flatMap(
                entry ->
                    Stream.concat(
                        contentOf(entry).stream().map(PromptFiles::fileId),
                        attachmentsOf(entry).stream().map(each -> parsed(each.fileId()))))
            .flatMap(Optional::stream)
            .collect(Collectors.toSet());
    if (ids.isEmpty()) {
      return new Loading(entries, Map.of(), model, 0);
    }
    Map<FileId, StoredFile> found =
        jdbc.whenAvailable(() -> files.findAll(project, ids)).stream()
            .collect(Collectors.toMap(StoredFile::id, file -> file));
    return new Loading(entries, found, model, tokens);
  }

  /** Files are only in what users write. */
  private static List<ContentPart> contentOf(HistoryEntry entry) {
    return entry instanceof MessageEntry message
            && message.role() == Message.Role.USER
            && message.content() != null
        ? message.content()
        : List.of();
  }

  private static List<Attachment> attachmentsOf(HistoryEntry entry) {
    return entry instanceof MessageEntry message ? message.attachments() : List.of();
  }

  private static Optional<FileId> fileId(ContentPart part) {
    var id =
        switch (part) {
          case ContentPart.ImageFile image -> image.imageFile().fileId();
          case ContentPart.File file -> file.fileId();
          default -> null;
        };
    return parsed(id);
  }

  private static Optional<FileId> parsed(String id) {
    try {
      return Optional.ofNullable(id).map(FileId::new);
    } catch (ApiException e) {
      return Optional.empty();
    }
  }

  /** The files of a prompt, to be loaded. */
  final class Loading {
    private final List<HistoryEntry> entries;
    private final Map<FileId, StoredFile> found;
    private final ModelInfo model;

    /** How many references to an image or document are replaced by it: the newest ones. */
    private final Map<StoredFile, Integer> shown = new HashMap<>();

    private long characters;
    private int tokensLeft;

    Loading(
        List<HistoryEntry> entries, Map<FileId, StoredFile> found, ModelInfo model, int tokens) {
      this.entries = entries;
      this.found = found;
      this.model = model;
      this.tokensLeft = tokens;
      if (!found.isEmpty()) {
        chooseOriginals();
      }
    }

    /**
     * The newest images and documents that fit into the largest prompt there is, and documents into
     * its tokens. A file counts once for each reference, since the request to the model repeats it.
     */
    private void chooseOriginals() {
      characters =
          entries.stream()
              .filter(MessageEntry.class::isInstance)
              .mapToLong(entry -> ((MessageEntry) entry).characters())
              .sum();
      long ofTexts = 0;
      for (var entry : entries.reversed()) {
        for (var part : contentOf(entry).reversed()) {
          var file = fileId(part).map(found::get).orElse(null);
          if (file == null) {
            continue;
          }
          if (mayBeImage(part, file)) {
            if (model.images() && file.bytes() <= MAX_IMAGE_BYTES) {
              showIfItFits(file);
            }
          } else if (!isReadableDocument(file) || !showIfItFits(file)) {
            ofTexts += mostCharacters(file);
          } else {
            tokensLeft -= TokenCounter.ofDocument(file.bytes());
          }
        }
      }
      characters += Math.min(ofTexts, FileTexts.MAX_CHARACTERS_PER_TOKEN * tokensLeft);
    }

    private boolean isReadableDocument(StoredFile file) {
      return model.files()
          && file.contentType().equals(FileData.PDF)
          && file.bytes() <= MAX_DOCUMENT_BYTES
          && TokenCounter.ofDocument(file.bytes()) <= tokensLeft;
    }

    private boolean showIfItFits(StoredFile file) {
      long size = (file.bytes() + 2) / 3 * 4;
      boolean fits = characters + size <= PromptMessageReader.MOST_CHARACTERS;
      if (fits) {
        characters += size;
        shown.merge(file, 1, Integer::sum);
      }
      return fits;
    }

    private static long mostCharacters(StoredFile file) {
      long most =
          file.contentType().startsWith("text/")
              ? file.bytes()
              : CHARACTERS_PER_BYTE * file.bytes();
      return Math.min(most, FileTexts.MAX_CHARACTERS);
    }

    boolean isEmpty() {
      return found.isEmpty() && entries.stream().allMatch(e -> hasNoReference(e));
    }

    private boolean hasNoReference(HistoryEntry entry) {
      return attachmentsOf(entry).isEmpty()
          && contentOf(entry).stream()
              .noneMatch(
                  part ->
                      part instanceof ContentPart.File || part instanceof ContentPart.ImageFile);
    }

    /** About how many characters the prompt has with its images and the texts of its files. */
    long characters() {
      return characters;
    }

    /**
     * The entries with the content of the files.
     *
     * @throws InterruptedException if the run was stopped while a file was read
     */
    List<HistoryEntry> load() throws InterruptedException {
      var urls = new HashMap<StoredFile, String>();
      var toShow = new HashMap<>(shown);
      var loaded = new ArrayList<HistoryEntry>();
      for (var entry : entries.reversed()) {
        if (hasNoReference(entry)) {
          loaded.add(entry);
          continue;
        }
        var message = (MessageEntry) entry;
        var parts = new ArrayList<ContentPart>();
        for (var attachment : message.attachments().reversed()) {
          parts.addAll(notes(attachment).reversed());
        }
        for (var part : message.content().reversed()) {
          parts.add(load(part, urls, toShow));
        }
        loaded.add(message.with(parts.reversed()));
      }
      return loaded.reversed();
    }

    /**
     * What the model is told of a file for tools of the assistant's own: they get it themselves.
     */
    private List<ContentPart> notes(Attachment attachment) {
      var file = parsed(attachment.fileId()).map(found::get);
      return attachment.ownTools().stream()
          .map(
              tool ->
                  ContentPart.text(
                      file.isEmpty()
                          ? "[a file for the tool %s was deleted]".formatted(tool)
                          : "[the file %s with the id %s is attached for the tool %s]"
                              .formatted(file.get().filename(), file.get().id(), tool)))
          .toList();
    }

    private ContentPart load(
        ContentPart part, Map<StoredFile, String> urls, Map<StoredFile, Integer> toShow)
        throws InterruptedException {
      if (!(part instanceof ContentPart.File) && !(part instanceof ContentPart.ImageFile)) {
        return part;
      }
      var file = fileId(part).map(found::get).orElse(null);
      if (file == null) {
        return ContentPart.text("[a file that was deleted]");
      }
      if (mayBeImage(part, file)) {
        return image(part, file, urls, toShow);
      }
      if (toShow.merge(file, -1, Integer::sum) >= 0) {
        var data = document(file);
        if (data.isPresent()) {
          return new ContentPart.File(file.id().value(), data.get());
        }
        // The name or the client said that it is a PDF document, and it is none.
        tokensLeft += TokenCounter.ofDocument(file.bytes());
      }
      var text = texts.of(file, tokensLeft);
      tokensLeft = Math.max(0, tokensLeft - text.tokens());
      return ContentPart.text(text.text());
    }

    private ContentPart image(
        ContentPart part,
        StoredFile file,
        Map<StoredFile, String> urls,
        Map<StoredFile, Integer> toShow) {
      if (!model.images()) {
        return note(file, "is an image, which this model cannot see");
      }
      if (toShow.merge(file, -1, Integer::sum) < 0) {
        return note(file, "is left out, as the prompt would be too large");
      }
      var url = urls.computeIfAbsent(file, this::dataUrl);
      if (url == null) {
        return note(file, "is no image that can be shown");
      }
      var detail =
          part instanceof ContentPart.ImageFile image
              ? image.imageFile().detail()
              : ContentPart.Detail.AUTO;
      return new ContentPart.ImageUrl(new ContentPart.ImageUrl.Picture(url, detail));
    }

    /** Empty if the content is no PDF document. */
    private Optional<FileData> document(StoredFile file) {
      try (var in = files.open(file)) {
        var base64 = Base64.getEncoder().encodeToString(in.readAllBytes());
        // as many tokens as were reserved for the document
        var data =
            new FileData(
                file.filename(),
                FileData.PDF,
                base64,
                () -> texts.of(file, TokenCounter.ofDocument(file.bytes())).text());
        return data.isPdf() ? Optional.of(data) : Optional.empty();
      } catch (IOException e) {
        return Optional.empty();
      }
    }

    /** Null if the content is no image, whatever its name says. */
    private String dataUrl(StoredFile file) {
      try (var in = files.open(file)) {
        var bytes = in.readAllBytes();
        var type = FileData.imageType(bytes);
        return type == null
            ? null
            : "data:" + type + ";base64," + Base64.getEncoder().encodeToString(bytes);
      } catch (IOException e) {
        return null;
      }
    }
  }

  static ContentPart note(StoredFile file, String what) {
    return ContentPart.text("[the file %s %s]".formatted(file.filename(), what));
  }

  /** What a client calls an image, or what its type says. */
  private static boolean mayBeImage(ContentPart part, StoredFile file) {
    return part instanceof ContentPart.ImageFile || file.contentType().startsWith("image/");
  }
}
