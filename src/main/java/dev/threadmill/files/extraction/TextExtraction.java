package dev.threadmill.files.extraction;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.privacy.PromptPrivacy;
import dev.threadmill.privacy.Tokenizer;
import dev.threadmill.projects.PrivacyOptions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Extracts the text of files. Plain text in UTF-8 and its relatives are read in this process, in
 * one pass and within bounds.
 */
@ApplicationScoped
public class TextExtraction {
  private static final int SNIFFED = 8_192;

  private static final Duration LONGEST = Duration.ofMinutes(10);
  private static final long MILLIS_PER_MEGABYTE = 2_000;

  private final ExtractionConfig config;
  private final WorkerPool workers;
  private final List<PictureReader> pictureReaders;

  /** Replaces personal data in texts of a project. */
  private final BiFunction<ProjectId, List<String>, List<String>> filter;

  private final Predicate<ProjectId> readsPictures;
  private final Function<ProjectId, String> policies;

  @Inject
  TextExtraction(
      ExtractionConfig config,
      WorkerPool workers,
      @Any Instance<PictureReader> pictureReaders,
      Tokenizer tokenizer,
      PromptPrivacy privacy) {
    this(
        config,
        workers,
        pictureReaders.stream().toList(),
        tokenizer::applyAll,
        project -> privacy.allows(project, PrivacyOptions.IMAGE),
        privacy::mode);
  }

  TextExtraction(ExtractionConfig config, WorkerPool workers, List<PictureReader> pictureReaders) {
    this(config, workers, pictureReaders, (_, texts) -> texts, _ -> true, _ -> "off");
  }

  private TextExtraction(
      ExtractionConfig config,
      WorkerPool workers,
      List<PictureReader> pictureReaders,
      BiFunction<ProjectId, List<String>, List<String>> filter,
      Predicate<ProjectId> readsPictures,
      Function<ProjectId, String> policies) {
    this.policies = policies;
    this.filter = filter;
    this.readsPictures = readsPictures;
    this.config = config;
    this.workers = workers;
    this.pictureReaders = pictureReaders;
  }

  /**
   * The text of a file. The content decides the format; name and content type (which may be null)
   * help where the content says nothing, as with Markdown and CSV.
   *
   * @param project whose turn it is to have a process, and which is charged for pictures that a
   *     model reads
   * @throws ExtractionException if the file has no text that can be extracted
   * @throws InterruptedException if the thread is interrupted while another process reads the file
   */
  public ExtractedText extract(ProjectId project, Path file, String filename, String contentType)
      throws ExtractionException, InterruptedException {
    return filtered(project, read(project, file, filename, contentType));
  }

  /**
   * What is replaced in the texts of the project, by its name: texts of others are not the same.
   */
  public String policy(ProjectId project) {
    return policies.apply(project);
  }

  private ExtractedText filtered(ProjectId project, ExtractedText text) throws ExtractionException {
    try {
      var texts = new ArrayList<String>();
      for (var block : text.blocks()) {
        texts.add(block.text());
        texts.add(block.heading());
      }
      var passed = filter.apply(project, texts);
      if (passed.equals(texts)) {
        return text;
      }
      var blocks = new ArrayList<Block>();
      for (int i = 0; i < text.blocks().size(); i++) {
        var block = text.blocks().get(i);
        blocks.add(new Block(passed.get(2 * i), block.page(), passed.get(2 * i + 1), block.kind()));
      }
      return new ExtractedText(text.detectedType(), blocks, text.warnings());
    } catch (ContentRejectedException e) {
      throw ExtractionException.server("The text of the file cannot be searched for names.", e);
    }
  }

  private ExtractedText read(ProjectId project, Path file, String filename, String contentType)
      throws ExtractionException, InterruptedException {
    try {
      var start = start(file);
      if (start.length == 0) {
        throw ExtractionException.invalid("The file is empty.");
      }
      var format = TextFormat.of(filename, contentType);
      if (format != null && TextSniffer.isText(start)) {
        var text = readText(file, format);
        if (text != null) {
          return text;
        }
      }
      return readDocument(project, file, filename, contentType);
    } catch (IOException e) {
      throw ExtractionException.server("The file cannot be read.", e);
    }
  }

  private ExtractedText readDocument(
      ProjectId project, Path file, String filename, String contentType)
      throws IOException, ExtractionException, InterruptedException {
    var reader =
        pictureReaders.stream()
            .filter(each -> each.maxPictures() > 0 && readsPictures.test(project))
            .findFirst()
            .orElse(null);
    var timeout = timeout(Files.size(file));
    var result =
        workers.read(
            project,
            new Frames.Request(
                file.toAbsolutePath().toString(),
                filename == null ? "" : filename,
                contentType == null ? "" : contentType,
                config.maxCharacters(),
                reader == null ? 0 : reader.maxPictures(),
                timeout.plusSeconds(5).toMillis()),
            timeout);
    var blocks = new ArrayList<>(result.blocks());
    var warnings = new ArrayList<>(result.warnings());
    for (var picture : result.pictures()) {
      readPicture(project, reader, picture, blocks, warnings);
    }
    return new ExtractedText(result.mediaType(), blocks, warnings);
  }

  /** Replaces the block that stands for a picture by what the picture says. */
  private static void readPicture(
      ProjectId project,
      PictureReader reader,
      WorkerProcess.Picture picture,
      List<Block> blocks,
      List<String> warnings)
      throws ExtractionException, InterruptedException {
    if (picture.block() >= blocks.size()) {
      return;
    }
    var block = blocks.get(picture.block());
    var text =
        reader
            .read(project, picture.content(), picture.mediaType())
            .map(each -> CleanText.of(each, false));
    if (text.isEmpty()) {
      warnings.add(
          block.page() == null
              ? "A picture could not be read."
              : "The picture on page %d could not be read.".formatted(block.page()));
    }
    if (text.isPresent() && !text.get().isEmpty()) {
      blocks.set(
          picture.block(),
          new Block(text.get(), block.page(), block.heading(), Block.Kind.PICTURE));
    }
  }

  private Duration timeout(long bytes) {
    var timeout = config.timeout().plusMillis((bytes >> 20) * MILLIS_PER_MEGABYTE);
    return timeout.compareTo(LONGEST) < 0 ? timeout : LONGEST;
  }

  private static byte[] start(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return in.readNBytes(SNIFFED);
    }
  }

  /** Null if the file is in no Unicode charset. */
  private ExtractedText readText(Path file, TextFormat format)
      throws IOException, ExtractionException {
    try {
      return readText(file, format, new BlockList(config.maxCharacters()));
    } catch (JsonProcessingException _) {
      var blocks = new BlockList(config.maxCharacters());
      blocks.warn("The file is no valid JSON and was read as plain text.");
      return readText(file, TextFormat.CODE, blocks);
    } catch (CharacterCodingException _) {
      return null;
    }
  }

  private static ExtractedText readText(Path file, TextFormat format, BlockList blocks)
      throws IOException, ExtractionException {
    try (var reader = open(file)) {
      ReadText.read(reader, format, blocks);
    }
    return blocks.result(format.mediaType());
  }

  private static Reader open(Path file) throws IOException {
    var in = new BufferedInputStream(Files.newInputStream(file), 65_536);
    try {
      return new InputStreamReader(in, decoder(charset(in)));
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  private static CharsetDecoder decoder(Charset charset) {
    return charset
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPORT)
        .onUnmappableCharacter(CodingErrorAction.REPORT);
  }

  private static Charset charset(InputStream in) throws IOException {
    in.mark(4);
    var mark = in.readNBytes(2);
    in.reset();
    if (mark.length == 2 && (mark[0] & 0xff) == 0xff && (mark[1] & 0xff) == 0xfe) {
      return StandardCharsets.UTF_16;
    }
    if (mark.length == 2 && (mark[0] & 0xff) == 0xfe && (mark[1] & 0xff) == 0xff) {
      return StandardCharsets.UTF_16;
    }
    return StandardCharsets.UTF_8;
  }
}
