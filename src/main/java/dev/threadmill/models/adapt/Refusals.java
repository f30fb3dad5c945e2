package dev.threadmill.models.adapt;

import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ProviderError;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Learns from the error with which a provider refuses a request what to change about the next one.
 * Providers have no common codes for this, so it is read off their words.
 */
public final class Refusals {
  private static final String MAX_TOKENS = "max_tokens";
  private static final String MAX_COMPLETION_TOKENS = "max_completion_tokens";

  /** Parameters that can be left out: the request means the same, or nearly so. */
  private static final List<String> OPTIONAL =
      List.of(
          "top_p",
          "temperature",
          "frequency_penalty",
          "presence_penalty",
          "seed",
          "stop",
          "reasoning_effort",
          "parallel_tool_calls",
          "stream_options",
          "tool_choice",
          "strict",
          "detail",
          "reasoning_content",
          "reasoning_details",
          "reasoning",
          "extra_content",
          "response_format",
          "thinking",
          "output_config",
          "num_ctx");

  /** Other names of the same parameters. */
  private static final List<List<String>> SYNONYMS =
      List.of(
          List.of("top_p", "topP"),
          List.of("stop", "stop_sequences", "stopSequences"),
          List.of("frequency_penalty", "frequencyPenalty"),
          List.of("presence_penalty", "presencePenalty"),
          List.of("reasoning_effort", "reasoning.effort", "thinkingConfig", "thinkingLevel"));

  private static final Pattern REFUSED =
      words(
          "unsupported|not support|n't support|not permitted|not allowed|not accept|unrecogni[sz]ed"
              + "|unknown|unexpected|extra inputs|extra_forbidden|extra fields|deprecated|cannot both"
              + "|not both|response_format.{0,30}must be|invalid tool_choice|supported (?:string )?values"
              + "|not available|not compatible|incompatible|not valid|no longer|only the"
              + " default|does not exist|not enabled|invalid parameter|invalid argument");

  private static final Pattern CONTEXT =
      words(
          "context[ _](length|window|size|limit)|too many tokens|prompt is too long|input is too long"
              + "|prompt too long|reduce the length|number of tokens|token count"
              + "|exceeds? .{0,40}(token|context)|inputs?`? tokens|n_ctx|longer than the model"
              + "|less than \\d+ tokens|prompt contains|too large for model");

  private static final List<Pattern> WINDOW =
      List.of(
          words("n_ctx[^0-9]{1,3}(\\d+)"),
          words("maximum context (?:length|window|size)[^0-9]{0,20}?(\\d[\\d,]*)"),
          words("(\\d[\\d,]*)(?: tokens?)? maximum context"),
          words("> ?(\\d[\\d,]*)"),
          words("<= ?(\\d[\\d,]*)"),
          words(
              "(?:tokens|context)[^0-9]{0,30}(?:allowed|limit|size|window|length)[^0-9]{0,20}(\\d[\\d,]*)"),
          words("context (?:length|window|size|limit)[^0-9]{0,20}(\\d[\\d,]*)"),
          words(
              "(?:less than|cannot exceed|at most|up to|maximum of|limit of|limit is) (\\d[\\d,]*)"));

  private static final List<Pattern> PROMPT =
      List.of(
          words("n_prompt_tokens[^0-9]{1,3}(\\d+)"),
          words("request \\((\\d+) tokens"),
          words("(\\d[\\d,]*) (?:tokens )?(?:in|from) the (?:messages|prompt|input)"),
          words("resulted in (\\d[\\d,]*)"),
          words("(?:prompt|input|request)[^0-9]{0,20}contains? (?:at least )?(\\d[\\d,]*)"),
          words("token count[^0-9]{0,5}(\\d[\\d,]*)"),
          words("(\\d[\\d,]*) (?:input|prompt|`?inputs`?) ?tokens"),
          words("(\\d[\\d,]*) tokens >"),
          words("(?:requested|given:?|you provided|has) (?:about )?(\\d[\\d,]*)"));

  private static final Pattern OUTPUT_BOUND =
      words(
          "(?:at most|>|maximum(?: value)?(?: of| is|:)?|<=|less than or equal to|up to) ?(\\d{1,7})");

  private static final Pattern CALL_IDS =
      words("(tool.?call.?id|tool_use\\.?id|tool_calls?\\[\\d*\\]\\.id|tool_use\\.id|call id)");
  private static final Pattern SHAPE_OF_ID =
      words("length of|pattern|too long|maximum length|must be a-z|a-zA-Z|invalid|characters");

  private static final Pattern HISTORY =
      words(
          "alternat|consecutive|conversation roles|same role|first message|last message|last role"
              + "|final (?:message|assistant)|must be from|empty|blank|whitespace|role|jinja"
              + "|template|tool_calls?\\b|tool_use|tool message|tool result|preceding|must be followed"
              + "|must have (?:some )?content|content (?:is|field) (?:is )?(?:required|missing)"
              + "|content.{0,40}(?:null|required|missing)|system message|prefill"
              + "|at row \\d+, column \\d+|filterexpression|raise_exception"
              + "|function\\.arguments|arguments.{0,40}(?:valid json|json object|json format)"
              + "|unterminated string|expecting (?:value|property name|',')|jsondecodeerror");

  private static final String REFUSES =
      "(?:not support|n't support|unsupported|not allowed|not accept|not available|not enabled"
          + "|only supported by)";

  private static final Pattern NO_IMAGES =
      words(
          "(?:image|vision|multi-?modal)[^.]{0,60}"
              + REFUSES
              + "|"
              + REFUSES
              + "[^.]{0,40}(?:image|vision|multi-?modal)|not a multi-?modal|at most 0 image"
              + "|unknown variant `image_url`|missing data required for image input"
              + "|no endpoints found that support image");

  private static final Pattern NO_AUDIO =
      words(
          "audio[^.]{0,60}"
              + REFUSES
              + "|"
              + REFUSES
              + "[^.]{0,40}audio|at most 0 audio|unknown variant `input_audio`"
              + "|no endpoints found that support.{0,20}audio");

  private static final String A_FILE = "(?:\\bfiles?\\b|\\bfile_data\\b|documents?\\b|pdfs?\\b)";

  private static final Pattern FILE = words(A_FILE);

  private static final Pattern NO_FILES =
      words(
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
      words("mmproj|(?:image|audio) input is not supported|missing data required for image input");

  /** OpenRouter returns 404 if none of its providers takes the content. */
  private static final Pattern NO_ENDPOINT = words("no endpoints found that support");

  /**
   * An image, a sound or a file that is refused for itself, or a service that fails for a while,
   * says nothing about the others.
   */
  private static final Pattern ABOUT_ONE_FILE =
      words(
          "\\bformats?\\b|password|encrypt|protected|\\bpages?\\b|media.?type|mime|\\bsizes?\\b|dimension|resolution|download|fetch|too large"
              + "|corrupt|could not be|\\burls?\\b|base64|\\bdetail\\b|temporar|try again"
              + "|overloaded|timed? ?out|\\bservice\\b");

  private static final Pattern TEXT_ONLY =
      words(
          "content.{0,60}(?:must be|should be|expected|expects) (?:a )?(?:valid )?(?:str\\b|string)"
              + "|invalid type: sequence, expected a string");

  /** What servers say with status 500 when a request does not fit the template of the model. */
  private static final Pattern TEMPLATE =
      words(
          "jinja|chat template|at row \\d+, column \\d+|filterexpression|raise_exception"
              + "|templateerror|conversation roles");

  /** A call that the model made wrong: the next may be right. */
  private static final Pattern BAD_CALL =
      words("tool_use_failed|json_validate_failed|failed to call a function");

  private static final Pattern MISSING_REASONING =
      words(
          "(missing|require|must|needs?|expected|without).{0,60}reasoning_content"
              + "|reasoning_content.{0,60}(missing|required|must be|is needed|expected)");

  private static final Pattern SYSTEM_ROLE =
      words(
          "system (role|message|instruction|prompt)s?.{0,30}(not supported|unsupported|not allowed)"
              + "|does not support (the )?[`'\"]?system|developer instruction is not enabled");

  private Refusals() {}

  private static Pattern words(String regex) {
    return Pattern.compile(regex, Pattern.CASE_INSENSITIVE);
  }

  /** What a refusal means. */
  public sealed interface Lesson {
    /** The same request, written with these facts, may succeed. */
    record Rewrite(ModelFacts facts) implements Lesson {}

    /**
     * The same request may succeed without this kind of content. Only then is the kind to blame.
     *
     * @param kind as {@link ModelFacts} names it
     * @param isLasting whether the model takes none of this kind; else the provider refused one of
     *     it, such as a document of too many pages
     */
    record Omit(String kind, boolean isLasting) implements Lesson {}

    /** The prompt does not fit into the context window, which these facts name. */
    record TooLong(ModelFacts facts) implements Lesson {}
  }

  /**
   * What can be learned from a refusal; empty if nothing, so that it is final.
   *
   * @param facts with which the request was written
   * @param sent the names of the parameters that the request had
   * @param promptTokens of the request, by our count
   * @param window of the model as far as it was known, in tokens of our count
   */
  public static Optional<Lesson> learn(
      ProviderError error, ModelFacts facts, Set<String> sent, int promptTokens, int window) {
    int status = error.status();
    var message = error.message();
    if (isBadCall(error)) {
      return Optional.empty();
    }
    var kind = isAboutKinds(error) ? refusedKind(message, sent) : Optional.<String>empty();
    if (kind.isPresent()) {
      return kind.map(each -> new Lesson.Omit(each, true));
    }
    if (sent.contains(ModelFacts.FILES) && isAboutOneFile(error)) {
      return Optional.of(new Lesson.Omit(ModelFacts.FILES, false));
    }
    if (status == 401 || status == 403 || status == 429 || status == 404) {
      return Optional.empty();
    }
    if (error.message().isEmpty()) {
      return Optional.empty();
    }
    var rewritten =
        MISSING_REASONING.matcher(message).find()
            ? Optional.<ModelFacts>empty()
            : parameter(error, facts, sent);
    if (rewritten.isPresent()) {
      return rewritten.map(Lesson.Rewrite::new);
    }
    if (!facts.requiresReasoning() && MISSING_REASONING.matcher(message).find()) {
      return Optional.of(new Lesson.Rewrite(facts.withReasoning()));
    }
    if (facts.supports("system") && SYSTEM_ROLE.matcher(message).find()) {
      return Optional.of(new Lesson.Rewrite(facts.without("system")));
    }
    if (isAboutContext(error)) {
      return Optional.of(new Lesson.TooLong(window(message, facts, promptTokens, window)));
    }
    if (!facts.hasShortIds()
        && CALL_IDS.matcher(message).find()
        && SHAPE_OF_ID.matcher(message).find()) {
      return Optional.of(new Lesson.Rewrite(facts.withShortIds()));
    }
    return !facts.isStrict() && HISTORY.matcher(message).find()
        ? Optional.of(new Lesson.Rewrite(facts.strict()))
        : Optional.empty();
  }

  /** Whether the status is one with which providers refuse what a request has. */
  private static boolean isAboutKinds(ProviderError error) {
    return switch (error.status()) {
      case 0, 400, 415, 422 -> true;
      case 404 -> NO_ENDPOINT.matcher(error.message()).find();
      case 500 -> NO_PROJECTOR.matcher(error.message()).find();
      default -> false;
    };
  }

  /** Whether one of the files is refused, which the model may be given as text instead. */
  private static boolean isAboutOneFile(ProviderError error) {
    return switch (error.status()) {
      case 413 -> true;
      case 400, 415, 422 -> FILE.matcher(error.message()).find();
      default -> false;
    };
  }

  /** The kind of content that the model does not take. */
  private static Optional<String> refusedKind(String message, Set<String> sent) {
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
    return sent.contains(ModelFacts.PARTS) && TEXT_ONLY.matcher(message).find()
        ? Optional.of(ModelFacts.PARTS)
        : Optional.empty();
  }

  /**
   * Whether an error with status 500 is about the request, so that the same request fails again: a
   * template that cannot be filled in, or content that the model does not take.
   */
  public static boolean isAboutRequest(ProviderError error) {
    return TEMPLATE.matcher(error.message()).find() || NO_PROJECTOR.matcher(error.message()).find();
  }

  /** Whether the model made a call that the provider could not read. */
  public static boolean isBadCall(ProviderError error) {
    return BAD_CALL.matcher(error.code() + " " + error.type() + " " + error.message()).find();
  }

  private static boolean isAboutContext(ProviderError error) {
    return (error.code() + " " + error.type()).contains("context_length")
        || (error.code() + " " + error.type()).contains("exceed_context")
        || CONTEXT.matcher(error.message()).find();
  }

  private static Optional<ModelFacts> parameter(
      ProviderError error, ModelFacts facts, Set<String> sent) {
    var message = error.message();
    var limit = sent.contains(MAX_COMPLETION_TOKENS) ? MAX_COMPLETION_TOKENS : MAX_TOKENS;
    boolean refused =
        REFUSED.matcher(message).find()
            || error.code().startsWith("unsupported")
            || error.code().startsWith("unknown_param");
    boolean isNamed = names(error, MAX_TOKENS) || names(error, MAX_COMPLETION_TOKENS);
    if (sent.contains(limit) && isNamed) {
      if (refused) {
        var other = limit.equals(MAX_TOKENS) ? MAX_COMPLETION_TOKENS : MAX_TOKENS;
        return Optional.of(
            facts.maxTokensField() == null
                ? facts.withMaxTokensField(other)
                : facts.without(MAX_TOKENS));
      }
      var bound = OUTPUT_BOUND.matcher(message);
      if (bound.find() && !CONTEXT.matcher(message).find()) {
        int tokens = Integer.parseInt(bound.group(1));
        if (tokens > 0 && (facts.maxOutput() == 0 || tokens < facts.maxOutput())) {
          return Optional.of(facts.withMaxOutput(tokens));
        }
      }
    }
    if (!refused) {
      return Optional.empty();
    }
    return OPTIONAL.stream()
        .filter(name -> sent.contains(name) && facts.supports(name) && names(error, name))
        .findFirst()
        .map(facts::without);
  }

  private static boolean names(ProviderError error, String parameter) {
    for (var synonyms : SYNONYMS) {
      if (synonyms.getFirst().equals(parameter)) {
        return synonyms.stream().anyMatch(name -> namesExactly(error, name));
      }
    }
    return namesExactly(error, parameter);
  }

  private static boolean namesExactly(ProviderError error, String parameter) {
    var param = error.param();
    return param.equals(parameter)
        || param.endsWith("." + parameter)
        || Pattern.compile("(?<![A-Za-z0-9_])" + Pattern.quote(parameter) + "(?![A-Za-z0-9_])")
            .matcher(error.message())
            .find();
  }

  private static ModelFacts window(String message, ModelFacts facts, int promptTokens, int window) {
    int theirs = number(WINDOW, message).orElse(0);
    int prompt = number(PROMPT, message).orElse(0);
    int own = Math.max(1, promptTokens);
    if (theirs < 16 || facts.contextWindow() > 0 && theirs >= facts.contextWindow()) {
      // No number, or one that was tried already: their tokens are smaller than ours.
      int base = Math.min(window, own);
      return facts.withContextWindow(
          theirs < 16 ? Math.max(16, base * 3 / 4) : facts.contextWindow(),
          theirs < 16 ? 1 : facts.tokenRatio() * 1.3);
    }
    double ratio = prompt > own ? Math.min(8, (double) prompt / own) : 1;
    return facts.withContextWindow(theirs, Math.max(ratio, facts.tokenRatio()));
  }

  private static Optional<Integer> number(List<Pattern> patterns, String message) {
    for (var pattern : patterns) {
      var found = pattern.matcher(message);
      if (found.find()) {
        var digits = found.group(1).replace(",", "").toLowerCase(Locale.ROOT);
        if (digits.length() <= 9) {
          return Optional.of(Integer.parseInt(digits));
        }
      }
    }
    return Optional.empty();
  }
}
