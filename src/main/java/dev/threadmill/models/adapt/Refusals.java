package dev.threadmill.models.adapt;

import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ProviderError;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Learns from the error with which a provider refuses a request what to change about the next one.
 * Providers have no common codes for this, so it is read off their words.
 */
public final class Refusals {
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
              + "|content.{0,40}(?:null|none|required|missing)|system message|prefill|tool_call_id"
              + "|at row \\d+, column \\d+|filterexpression|raise_exception"
              + "|function\\.arguments|arguments.{0,40}(?:valid json|json object|json format)"
              + "|unterminated string|expecting (?:value|property name|',')|jsondecodeerror");

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

  /** What templates say that take no system message, and others of whatever role. */
  private static final Pattern TWO_ROLES =
      words(
          "only user(?:,| and|/) ?assistant roles"
              + "|role.{0,20}must be (?:one of|either)[^.]{0,10}user(?![^.]{0,60}system)");

  private Refusals() {}

  static Pattern words(String regex) {
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
    var kind =
        RefusedContent.isAboutKinds(error)
            ? RefusedContent.kind(message, sent)
            : Optional.<String>empty();
    if (kind.isPresent()) {
      return kind.map(each -> new Lesson.Omit(each, true));
    }
    if (sent.contains(ModelFacts.FILES) && RefusedContent.isAboutOneFile(error)) {
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
            : RefusedParameter.leftOut(error, facts, sent);
    if (rewritten.isPresent()) {
      return rewritten.map(Lesson.Rewrite::new);
    }
    if (!facts.requiresReasoning() && MISSING_REASONING.matcher(message).find()) {
      return Optional.of(new Lesson.Rewrite(facts.withReasoning()));
    }
    if (facts.supports("system") && SYSTEM_ROLE.matcher(message).find()) {
      return Optional.of(new Lesson.Rewrite(facts.without("system")));
    }
    if (RefusedLength.isMeant(error)) {
      return Optional.of(
          new Lesson.TooLong(RefusedLength.window(message, facts, promptTokens, window)));
    }
    if (!facts.hasShortIds()
        && CALL_IDS.matcher(message).find()
        && SHAPE_OF_ID.matcher(message).find()) {
      return Optional.of(new Lesson.Rewrite(facts.withShortIds()));
    }
    if (!facts.isStrict() && HISTORY.matcher(message).find()) {
      return Optional.of(new Lesson.Rewrite(facts.strict()));
    }
    return facts.supports("system") && TWO_ROLES.matcher(message).find()
        ? Optional.of(new Lesson.Rewrite(facts.without("system")))
        : Optional.empty();
  }

  /**
   * Whether an error with status 500 is about the request, so that the same request fails again: a
   * template that cannot be filled in, or content that the model does not take.
   */
  public static boolean isAboutRequest(ProviderError error) {
    return TEMPLATE.matcher(error.message()).find() || RefusedContent.isWithoutProjector(error);
  }

  /** Whether the model made a call that the provider could not read. */
  public static boolean isBadCall(ProviderError error) {
    return BAD_CALL.matcher(error.code() + " " + error.type() + " " + error.message()).find();
  }
}
