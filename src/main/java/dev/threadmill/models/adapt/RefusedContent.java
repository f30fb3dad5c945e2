package dev.threadmill.models.adapt;

import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ProviderError;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Kinds of content that a model does not take, and files that are refused for themselves. */
final class RefusedContent {
  private static final String REFUSES =
      "(?:not support|n't support|unsupported|not allowed|not accept|not available|not enabled"
          + "|only supported by)";

  private static final Pattern NO_IMAGES =
      Refusals.words(
          "(?:image|vision|multi-?modal)[^.]{0,60}"
              + REFUSES
              + "|"
              + REFUSES
              + "[^.]{0,40}(?:image|vision|multi-?modal)|not a multi-?modal|at most 0 image"
              + "|unknown variant `image_url`|missing data required for image input"
              + "|no endpoints found that support image");

  private static final Pattern NO_AUDIO =
      Refusals.words(
          "audio[^.]{0,60}"
              + REFUSES
              + "|"
              + REFUSES
              + "[^.]{0,40}audio|at most 0 audio|unknown variant `input_audio`"
              + "|no endpoints found that support.{0,20}audio");

  private static final String A_FILE = "(?:\\bfiles?\\b|\\bfile_data\\b|documents?\\b|pdfs?\\b)";

  private static final Pattern FILE = Refusals.words(A_FILE);

  private static final Pattern NO_FILES =
      Refusals.words(
          A_FILE
              + "[^.]{0,60}"
              + REFUSES
              + "|"
              + REFUSES
              + "[^.]{0,40}"
              + A_FILE
              + "|unknown variant `(?:file|document)`"
              + "|(?:unknown|invalid|unexpected|unrecogni[sz]ed)[^.]{0,30}['\"`](?:file|document)['\"`]"
              + "|(?:unknown|unsupported|invalid) (?:content )?(?:part|block) type:? ['\"`]?(?:file|document)\\b"
              + "|tag ['\"`](?:file|document)['\"`] found"
              + "|unsupported content\\[\\]\\.type"
              + "|no endpoints found that support[^.]{0,20}(?:file|pdf|document)");

  /** Servers of open models say this with status 500, where others return 400. */
  private static final Pattern NO_PROJECTOR =
      Refusals.words(
          "mmproj|(?:image|audio) input is not supported|missing data required for image input");

  /** OpenRouter returns 404 if none of its providers takes the content. */
  private static final Pattern NO_ENDPOINT = Refusals.words("no endpoints found that support");

  /**
   * An image, a sound or a file that is refused for itself, or a service that fails for a while,
   * says nothing about the others.
   */
  private static final Pattern ABOUT_ONE_FILE =
      Refusals.words(
          "\\bformats?\\b|password|encrypt|protected|\\bpages?\\b|media.?type|mime|\\bsizes?\\b|dimension|resolution|download|fetch|too large"
              + "|corrupt|could not be|\\burls?\\b|base64|\\bdetail\\b|temporar|try again"
              + "|overloaded|timed? ?out|\\bservice\\b");

  private static final Pattern TEXT_ONLY =
      Refusals.words(
          "content.{0,60}(?:must be|should be|expected|expects) (?:a )?(?:valid )?(?:str\\b|string)"
              + "|invalid type: sequence, expected a string");

  /** A message without content is refused, whatever the content of others is. */
  private static final Pattern NULL = Refusals.words("\\b(?:null|none)\\b");

  private RefusedContent() {}

  /** Whether the status is one with which providers refuse what a request has. */
  static boolean isAboutKinds(ProviderError error) {
    return switch (error.status()) {
      case 0, 400, 415, 422 -> true;
      case 404 -> NO_ENDPOINT.matcher(error.message()).find();
      case 500 -> NO_PROJECTOR.matcher(error.message()).find();
      default -> false;
    };
  }

  /** Whether one of the files is refused, which the model may be given as text instead. */
  static boolean isAboutOneFile(ProviderError error) {
    return switch (error.status()) {
      case 413 -> true;
      case 400, 415, 422 -> FILE.matcher(error.message()).find();
      default -> false;
    };
  }

  /** The kind of content that the model does not take. */
  static Optional<String> kind(String message, Set<String> sent) {
    boolean isAboutOne = ABOUT_ONE_FILE.matcher(message).find();
    if (!isAboutOne && sent.contains(ModelFacts.IMAGES) && NO_IMAGES.matcher(message).find()) {
      return Optional.of(ModelFacts.IMAGES);
    }
    if (!isAboutOne && sent.contains(ModelFacts.AUDIO) && NO_AUDIO.matcher(message).find()) {
      return Optional.of(ModelFacts.AUDIO);
    }
    if (!isAboutOne && sent.contains(ModelFacts.FILES) && NO_FILES.matcher(message).find()) {
      return Optional.of(ModelFacts.FILES);
    }
    return sent.contains(ModelFacts.PARTS)
            && TEXT_ONLY.matcher(message).find()
            && !NULL.matcher(message).find()
        ? Optional.of(ModelFacts.PARTS)
        : Optional.empty();
  }

  /** Whether the server runs the model without what reads images and sounds. */
  static boolean isWithoutProjector(ProviderError error) {
    return NO_PROJECTOR.matcher(error.message()).find();
  }
}
