package dev.threadmill.models.adapt;

import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ProviderError;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Prompts that a provider refuses as too long for the context window. */
final class RefusedLength {
  private static final Pattern CONTEXT =
      Refusals.words(
          "context[ _](length|window|size|limit)|too many tokens|prompt is too long|input is too long"
              + "|prompt too long|reduce the length|number of tokens|token count"
              + "|exceeds? .{0,40}(token|context)|inputs?`? tokens|n_ctx|longer than the model"
              + "|less than \\d+ tokens|prompt contains|too large for model"
              + "|token limit|(?:range of|maximum|max) input length|tokens? limit exceeded");

  private static final List<Pattern> WINDOW =
      List.of(
          Refusals.words("n_ctx[^0-9]{1,3}(\\d+)"),
          Refusals.words("maximum context (?:length|window|size)[^0-9]{0,20}?(\\d[\\d,]*)"),
          Refusals.words("(\\d[\\d,]*)(?: tokens?)? maximum context"),
          Refusals.words("range of input length[^0-9]{0,20}\\d+, ?(\\d[\\d,]*)"),
          Refusals.words("(?:token limit|input length)[^0-9]{0,20}(\\d[\\d,]*)"),
          Refusals.words("exceeds? (?:the )?limit[^0-9]{0,10}(\\d[\\d,]*)"),
          Refusals.words("> ?(\\d[\\d,]*)"),
          Refusals.words("<= ?(\\d[\\d,]*)"),
          Refusals.words(
              "(?:tokens|context)[^0-9]{0,30}(?:allowed|limit|size|window|length)[^0-9]{0,20}(\\d[\\d,]*)"),
          Refusals.words("context (?:length|window|size|limit)[^0-9]{0,20}(\\d[\\d,]*)"),
          Refusals.words(
              "(?:less than|cannot exceed|at most|up to|maximum of|limit of|limit is) (\\d[\\d,]*)"));

  private static final List<Pattern> PROMPT =
      List.of(
          Refusals.words("n_prompt_tokens[^0-9]{1,3}(\\d+)"),
          Refusals.words("request \\((\\d+) tokens"),
          Refusals.words("(\\d[\\d,]*) (?:tokens )?(?:in|from) the (?:messages|prompt|input)"),
          Refusals.words("resulted in (\\d[\\d,]*)"),
          Refusals.words(
              "(?:prompt|input|request)[^0-9]{0,20}contains? (?:at least )?(\\d[\\d,]*)"),
          Refusals.words("token count[^0-9]{0,5}(\\d[\\d,]*)"),
          Refusals.words("(\\d[\\d,]*) (?:input|prompt|`?inputs`?) ?tokens"),
          Refusals.words("(\\d[\\d,]*) tokens >"),
          Refusals.words("(?:requested|given:?|you provided|has) (?:about )?(\\d[\\d,]*)"));

  private RefusedLength() {}

  /** Whether the error says that the prompt is too long. */
  static boolean isMeant(ProviderError error) {
    return (error.code() + " " + error.type()).contains("context_length")
        || (error.code() + " " + error.type()).contains("exceed_context")
        || CONTEXT.matcher(error.message()).find();
  }

  /**
   * The facts with the window that the error names, or with one that is smaller than the prompt.
   */
  static ModelFacts window(String message, ModelFacts facts, int promptTokens, int window) {
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
