package dev.threadmill.models;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * One call of a model.
 *
 * @param model as the client names it, possibly pinned with {@code @date}
 */
public record ModelRequest(
    String model,
    List<ModelMessage> messages,
    List<FunctionSpec> functions,
    ToolChoice toolChoice,
    boolean parallelToolCalls,
    ResponseFormat responseFormat,
    Options options) {
  public ModelRequest {
    messages = List.copyOf(messages);
    functions = List.copyOf(functions);
  }

  /**
   * How the model writes its answer. Where an option is null the default of the provider applies.
   *
   * @param maxCompletionTokens the most tokens of the completion; null for no limit
   * @param reasoningEffort {@code none} to {@code max}; null for the provider's default
   * @param stop texts at which the model stops; empty for none
   * @param seed asks for the same response to the same request; null for none
   * @param speech how the answer is spoken as well; null for text only
   * @param webSearch how the provider may search the web for the answer; null for no search
   */
  public record Options(
      Double temperature,
      Double topP,
      Integer maxCompletionTokens,
      String reasoningEffort,
      List<String> stop,
      Long seed,
      Double frequencyPenalty,
      Double presencePenalty,
      Speech speech,
      WebSearch webSearch) {
    /** The defaults of the provider. */
    public static final Options DEFAULTS = new Options(null, null, null, null);

    public Options {
      stop = stop == null ? List.of() : List.copyOf(stop);
    }

    /** The options that assistants and runs have. */
    public Options(
        Double temperature, Double topP, Integer maxCompletionTokens, String reasoningEffort) {
      this(
          temperature,
          topP,
          maxCompletionTokens,
          reasoningEffort,
          List.of(),
          null,
          null,
          null,
          null,
          null);
    }

    /** The same with a search of the web by the provider; null for none. */
    public Options with(WebSearch search) {
      return new Options(
          temperature,
          topP,
          maxCompletionTokens,
          reasoningEffort,
          stop,
          seed,
          frequencyPenalty,
          presencePenalty,
          speech,
          search);
    }

    private Options with(Double newTemperature, Double newTopP, Integer most) {
      return new Options(
          newTemperature,
          newTopP,
          most,
          reasoningEffort,
          stop,
          seed,
          frequencyPenalty,
          presencePenalty,
          speech,
          webSearch);
    }
  }

  /**
   * A spoken answer.
   *
   * @param voice a name, or an object with the id of a voice
   * @param format of the sound, such as {@code wav}
   * @param isStreamed whether it is asked for in pieces, for which providers have fewer formats
   */
  public record Speech(JsonNode voice, String format, boolean isStreamed) {}

  /**
   * A search of the web by the provider.
   *
   * @param contextSize {@code low}, {@code medium} or {@code high}; null for the default
   * @param place where the user is: {@code city}, {@code country}, {@code region} and {@code
   *     timezone}, as far as they are known; null if none is
   */
  public record WebSearch(String contextSize, JsonNode place) {}

  /** A call that asks for text, with the defaults of the provider. */
  public static ModelRequest of(
      String model, List<ModelMessage> messages, List<FunctionSpec> functions) {
    return new ModelRequest(
        model, messages, functions, ToolChoice.AUTO, true, ResponseFormat.AUTO, Options.DEFAULTS);
  }

  /** A call with the options that assistants and runs have. */
  public ModelRequest(
      String model,
      List<ModelMessage> messages,
      List<FunctionSpec> functions,
      ToolChoice toolChoice,
      boolean parallelToolCalls,
      ResponseFormat responseFormat,
      Double temperature,
      Double topP,
      Integer maxCompletionTokens,
      String reasoningEffort) {
    this(
        model,
        messages,
        functions,
        toolChoice,
        parallelToolCalls,
        responseFormat,
        new Options(temperature, topP, maxCompletionTokens, reasoningEffort));
  }

  public Double temperature() {
    return options.temperature();
  }

  public Double topP() {
    return options.topP();
  }

  /** The most tokens of the completion; null for no limit. */
  public Integer maxCompletionTokens() {
    return options.maxCompletionTokens();
  }

  /** {@code none} to {@code max}; null for the provider's default. */
  public String reasoningEffort() {
    return options.reasoningEffort();
  }

  /** Texts at which the model stops; empty for none. */
  public List<String> stop() {
    return options.stop();
  }

  /** Asks for the same response to the same request; null for none. */
  public Long seed() {
    return options.seed();
  }

  public Double frequencyPenalty() {
    return options.frequencyPenalty();
  }

  public Double presencePenalty() {
    return options.presencePenalty();
  }

  /** How the answer is spoken as well; null for text only. */
  public Speech speech() {
    return options.speech();
  }

  /** How the provider may search the web for the answer; null for no search. */
  public WebSearch webSearch() {
    return options.webSearch();
  }

  /** Whether the answer may be asked for as a stream. */
  public boolean isStreamable() {
    return speech() == null || speech().isStreamed();
  }

  /** The same call with other messages. */
  public ModelRequest withMessages(List<ModelMessage> others) {
    return with(others, functions);
  }

  /** The same call with other messages and functions. */
  public ModelRequest with(List<ModelMessage> others, List<FunctionSpec> otherFunctions) {
    return new ModelRequest(
        model, others, otherFunctions, toolChoice, parallelToolCalls, responseFormat, options);
  }

  /** The same call with other options. */
  public ModelRequest with(Options others) {
    return new ModelRequest(
        model, messages, functions, toolChoice, parallelToolCalls, responseFormat, others);
  }

  /** The same call with another format of the response. */
  public ModelRequest with(ResponseFormat other) {
    return new ModelRequest(
        model, messages, functions, toolChoice, parallelToolCalls, other, options);
  }

  /** The same call with another temperature and top_p. */
  public ModelRequest withSampling(Double newTemperature, Double newTopP) {
    return with(options.with(newTemperature, newTopP, maxCompletionTokens()));
  }

  /** The same call with another limit of the completion. */
  public ModelRequest withMaxCompletionTokens(Integer most) {
    return with(options.with(temperature(), topP(), most));
  }
}
