package dev.threadmill.files;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.Sha256;
import dev.threadmill.files.extraction.ExtractionException;
import dev.threadmill.files.extraction.TextExtraction;
import dev.threadmill.models.FileData;
import dev.threadmill.models.TokenCounter;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * The texts of files for prompts. Those that were used last stay in memory, since each model call
 * of a run needs them again.
 */
@ApplicationScoped
public class FileTexts {
  private static final Logger LOG = Logger.getLogger(FileTexts.class);
  private static final long MAX_CACHED_CHARACTERS = 8L << 20;

  /** A text that is longer is never sent whole. */
  public static final int MAX_CHARACTERS = 4 << 20;

  /** More of a text is not counted, since it costs more than the tokens that are left. */
  public static final long MAX_CHARACTERS_PER_TOKEN = 8;

  /** For the lines around the text. */
  private static final int FRAME_TOKENS = 32;

  private static final int MIN_TOKENS = 16;

  /** What a cached entry takes beside its text. */
  private static final int ENTRY_CHARACTERS = 512;

  /**
   * How long a file is not read again whose reading failed for another reason than the file, such
   * as a limit of the project: each model call of a run would try it.
   */
  private static final Duration FAILURE = Duration.ofMinutes(1);

  private final Files files;
  private final TextExtraction extraction;
  private final InstantSource clock;

  /**
   * By the project, the digest of the content and the name; the one that was used last is at the
   * end.
   */
  private final Map<String, Extracted> cached = new LinkedHashMap<>(16, 0.75f, true);

  private long cachedCharacters;

  public FileTexts(Files files, TextExtraction extraction, InstantSource clock) {
    this.clock = clock;
    this.files = files;
    this.extraction = extraction;
  }

  /**
   * What was extracted from a file.
   *
   * @param failure why there is no text; null if there is one
   * @param until when another attempt may have another result; null for never
   */
  private record Extracted(String text, ExtractionException failure, Instant until) {
    int characters() {
      return ENTRY_CHARACTERS + (text == null ? 0 : text.length());
    }
  }

  /** A text as it stands in a prompt. */
  public record PromptText(String text, int tokens) {
    private static PromptText of(String text) {
      return new PromptText(text, TokenCounter.count(text));
    }
  }

  /**
   * The text of a file with its name, or a note why there is none.
   *
   * @param maxTokens the rest is left out, which the text says
   */
  public PromptText of(StoredFile file, int maxTokens) throws InterruptedException {
    return of(
        file.filename(),
        maxTokens,
        () ->
            extracted(
                file.sha256(),
                new Source(
                    file.projectId(),
                    file.filename(),
                    file.contentType(),
                    () -> files.local(file))));
  }

  /**
   * As {@link #of(StoredFile, int)}, for content that is no file of the project.
   *
   * @param project whose turn it is, and which is charged for pictures that a model reads
   */
  public PromptText of(ProjectId project, FileData data, int maxTokens)
      throws InterruptedException {
    var filename = Filenames.safe(data.filename());
    return of(
        filename,
        maxTokens,
        () ->
            extracted(
                Sha256.hex(data.base64()),
                new Source(project, filename, data.mediaType(), () -> temporary(data))));
  }

  /** Extracts a text. */
  private interface Extraction {
    String text() throws IOException, ExtractionException, InterruptedException;
  }

  private static PromptText of(String filename, int maxTokens, Extraction extraction)
      throws InterruptedException {
    if (maxTokens - FRAME_TOKENS < MIN_TOKENS) {
      return leftOut(filename);
    }
    String text;
    try {
      text = extraction.text();
    } catch (ExtractionException e) {
      return PromptText.of(
          "[the text of the file %s cannot be read: %s]".formatted(filename, e.getMessage()));
    } catch (IOException e) {
      LOG.warnf("file not read cause=%s", e);
      return PromptText.of("[the file %s cannot be read]".formatted(filename));
    }
    var kept = within(text, maxTokens - FRAME_TOKENS);
    if (kept.isEmpty() && !text.isEmpty()) {
      return leftOut(filename);
    }
    return PromptText.of(
        "[the file %s]\n%s\n[%s]"
            .formatted(
                filename,
                kept,
                kept.length() < text.length()
                    ? "the rest of the file is left out"
                    : "end of the file"));
  }

  private static PromptText leftOut(String filename) {
    return PromptText.of(
        "[the file %s is left out, as the prompt would be too long]".formatted(filename));
  }

  /** The longest beginning that costs at most about this many tokens. */
  private static String within(String text, int maxTokens) {
    var kept = cut(text, (int) Math.min(text.length(), MAX_CHARACTERS_PER_TOKEN * maxTokens));
    for (int tokens = TokenCounter.count(kept);
        tokens > maxTokens;
        tokens = TokenCounter.count(kept)) {
      kept = cut(kept, (int) ((long) kept.length() * maxTokens / tokens * 31 / 32));
    }
    return kept;
  }

  /** Never between the two halves of a character. */
  private static String cut(String text, int length) {
    boolean splits =
        length > 0 && length < text.length() && Character.isLowSurrogate(text.charAt(length));
    return text.substring(0, splits ? length - 1 : length);
  }

  /** A file whose text is extracted. */
  private record Source(ProjectId project, String filename, String contentType, Opened content) {
    /** Makes the content a local file, to be closed. */
    private interface Opened {
      LocalFile local() throws IOException;
    }
  }

  private static LocalFile temporary(FileData data) throws IOException {
    var path = java.nio.file.Files.createTempFile("threadmill-file", null);
    try (var content = data.open()) {
      java.nio.file.Files.copy(content, path, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException | RuntimeException e) {
      java.nio.file.Files.deleteIfExists(path);
      throw e;
    }
    return new LocalFile() {
      @Override
      public Path path() {
        return path;
      }

      @Override
      public void close() {
        path.toFile().delete();
      }
    };
  }

  private String extracted(String digest, Source source)
      throws IOException, ExtractionException, InterruptedException {
    var key =
        source.project().value()
            + "/"
            + digest
            + "/"
            + extraction.policy(source.project())
            + "/"
            + source.filename();
    Extracted extracted;
    synchronized (cached) {
      extracted = cached.get(key);
    }
    if (extracted == null
        || extracted.until() != null && !extracted.until().isAfter(clock.instant())) {
      extracted = extract(source);
      cache(key, extracted);
    }
    if (extracted.failure() != null) {
      throw extracted.failure();
    }
    return extracted.text();
  }

  private Extracted extract(Source source) throws IOException, InterruptedException {
    try (var local = source.content().local()) {
      var whole =
          extraction
              .extract(source.project(), local.path(), source.filename(), source.contentType())
              .text();
      return new Extracted(cut(whole, Math.min(whole.length(), MAX_CHARACTERS)), null, null);
    } catch (ExtractionException e) {
      boolean isLasting = e.code() != ExtractionException.Code.SERVER_ERROR;
      return new Extracted(null, e, isLasting ? null : clock.instant().plus(FAILURE));
    }
  }

  private void cache(String key, Extracted extracted) {
    synchronized (cached) {
      var before = cached.put(key, extracted);
      cachedCharacters += extracted.characters() - (before == null ? 0 : before.characters());
      for (var oldest = cached.values().iterator();
          cachedCharacters > MAX_CACHED_CHARACTERS && oldest.hasNext(); ) {
        cachedCharacters -= oldest.next().characters();
        oldest.remove();
      }
    }
  }
}
