package dev.threadmill.models.adapt;

import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ProviderError;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Parameters that a provider refuses by their names. */
final class RefusedParameter {
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
          List.of(
              "response_format",
              "json_schema",
              "JSON mode",
              "json mode",
              "Structured outputs",
              "structured outputs",
              "structured output",
              "response mime type",
              "responseMimeType",
              "response_mime_type",
              "responseSchema",
              "response_schema"),
          List.of(
              "parallel_tool_calls",
              "Parallel tool calls",
              "parallel tool calls",
              "parallel function calls",
              "parallel tool use"),
          List.of("frequency_penalty", "frequencyPenalty"),
          List.of("presence_penalty", "presencePenalty"),
          List.of(
              "reasoning_effort",
              "reasoning.effort",
              "thinkingConfig",
              "thinking_config",
              "thinkingLevel",
              "thinking_level",
              "Thinking level",
              "thinking level",
              "thinkingBudget",
              "thinking_budget",
              "Thinking budget",
              "thinking budget",
              "Thinking",
              "thinking"));

  private static final Pattern REFUSED =
      Refusals.words(
          "unsupported|not support|n't support|not permitted|not allowed|not accept|unrecogni[sz]ed"
              + "|unknown|unexpected|extra inputs|extra_forbidden|extra fields|deprecated|cannot both"
              + "|not both|response_format.{0,30}must be|invalid tool_choice|supported (?:string )?values"
              + "|not available|unavailable|not compatible|incompatible|not valid|no longer|only the"
              + " default|does not exist|not enabled|invalid parameter|invalid argument"
              + "|only allowed|only [^.]{0,40}(?:is|are) allowed|not (?:a )?recogni[sz]ed|or unset"
              + "|may only be set|must be 1(?:\\.0)?\\b|cannot be (?:combined|used)");

  /** A schema that is refused for itself says nothing about the others. */
  private static final Pattern ABOUT_ONE_SCHEMA =
      Refusals.words(
          "invalid schema|in context=|schema is (?:invalid|not valid)|invalid json.?schema");

  private static final Pattern OUTPUT_BOUND =
      Refusals.words(
          "(?:at most|>|maximum(?: value)?(?: of| is|:)?|<=|less than or equal to|up to) ?(\\d{1,7})");

  private RefusedParameter() {}

  /** The facts without the parameter that the error names; empty if it names none. */
  static Optional<ModelFacts> leftOut(ProviderError error, ModelFacts facts, Set<String> sent) {
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
      if (bound.find() && !RefusedLength.isMeant(error)) {
        int tokens = Integer.parseInt(bound.group(1));
        if (tokens > 0 && (facts.maxOutput() == 0 || tokens < facts.maxOutput())) {
          return Optional.of(facts.withMaxOutput(tokens));
        }
      }
    }
    if (!refused || ABOUT_ONE_SCHEMA.matcher(message).find()) {
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
}
