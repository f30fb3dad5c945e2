package dev.threadmill.models.adapt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ProviderError;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors as providers write them. */
class RefusalsTest {
  private static final Set<String> SENT =
      Set.of(
          "temperature",
          "top_p",
          "stop",
          "seed",
          "max_completion_tokens",
          "parallel_tool_calls",
          "stream_options",
          "reasoning_effort",
          "response_format",
          "tool_choice",
          "images",
          "audio",
          "files",
          "content_parts");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Unsupported parameter: 'temperature' is not supported with this model. | temperature",
        "Unsupported value: 'temperature' does not support 0.5 with this model. | temperature",
        "`temperature` is deprecated for this model. | temperature",
        "`temperature` and `top_p` cannot both be specified for this model. | top_p",
        "Unrecognized request argument supplied: stream_options | stream_options",
        "parallel_tool_calls: Extra inputs are not permitted | parallel_tool_calls",
        "Unknown field: seed | seed",
        "Invalid parameter: reasoning_effort is only available for reasoning models | reasoning_effort",
        "Argument not supported: stop_sequences | stop",
        "Unable to submit request: topP is not supported | top_p",
        "The 'response_format.type' must be 'json_schema' or 'text' | response_format",
        "Invalid tool_choice type: 'object'. Supported string values: none, auto | tool_choice",
        "This response_format type is unavailable now | response_format",
        "guided decoding is not supported: json_schema | response_format",
        "This model does not support structured outputs | response_format",
        "JSON mode is not supported for this model | response_format",
        "json mode cannot be combined with tool/function calling | response_format",
        "Function calling with a response mime type: 'application/json' is unsupported | response_format",
        "parallel tool calls are not supported by this model | parallel_tool_calls",
        "The field 'stream_options' is only allowed when 'stream' is enabled | stream_options",
        "Invalid value for temperature. Only temperature = 1 is allowed for this model | temperature",
        "The value of temperature must be 1.0 when thinking is enabled | temperature",
        "`top_p` must be at least 0.95 or unset when thinking is enabled | top_p",
        "seed is not a recognized parameter | seed",
        "Thinking level is not supported for this model. | reasoning_effort",
      })
  void aParameterThatIsRefusedByNameIsLeftOut(String message, String parameter) {
    assertThat(facts(message).unsupported()).containsExactly(parameter);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Invalid 'temperature': must be between 0 and 2.",
        "The 'user' parameter is not supported.",
        "I cannot help with that request.",
        "Invalid image.",
        "You uploaded an unsupported image. Please make sure it has one of these formats: png.",
        "Unsupported image media type: image/tiff",
        "The image could not be downloaded, as this host is not allowed.",
        "Image dimensions are not supported.",
        "Unsupported image url",
        "Image URLs are not supported: send the image as base64.",
        "Invalid image detail: 'ultra' is not supported for this image.",
        "Image input is temporarily not available. Please try again.",
        "Invalid schema for response_format 'answer': In context=(), 'oneOf' is not permitted.",
        "Invalid schema for function 'f': 'additionalProperties' is required to be false.",
        "This model does not support tools.",
        "Function calling is not enabled for models/gemma-3-27b-it",
        "The image service is not available.",
        "",
      })
  void nothingIsLearnedFromOtherErrors(String message) {
    assertThat(learn(message, 400)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404, 429})
  void errorsOfOtherKindsTeachNothing(int status) {
    assertThat(learn("temperature is not supported", status)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "max_tokens is too large: 9000. This model supports at most 4096 completion tokens. | 4096",
        "max_tokens: 9000 > 8192, which is the maximum allowed number of output tokens | 8192",
        "`max_completion_tokens` must be less than or equal to `2048`, the maximum value | ",
        "max_tokens must be less than or equal to 2048 | 2048",
      })
  void theLargestLimitOfTheCompletionIsLearned(String message, Integer tokens) {
    var lesson = learn(message, 400);
    assertThat(lesson.isPresent()).isEqualTo(tokens != null);
    if (tokens != null) {
      assertThat(facts(message).maxOutput()).isEqualTo(tokens);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Invalid content type. image_url is only supported by certain models. | images",
        "This model does not support image input | images",
        "qwen3 is not a multimodal model | images",
        "At most 0 image(s) may be provided in one request. | images",
        "Model does not support images. Please use a model that does. | images",
        "Image input is not enabled for this model | images",
        "unknown variant `image_url`, expected `text` | images",
        "this model is missing data required for image input | images",
        "This model does not support audio input. | audio",
        "This model does not support PDF input. | files",
        "Invalid value: 'file'. Supported values are: 'text', 'image_url' and 'input_audio'. | files",
        "unknown variant `file`, expected `text` or `image_url` | files",
        "Input tag 'file' found using 'type' does not match any of the expected tags | files",
        "Unsupported content part type: file | files",
        "Documents are not supported by this model | files",
        "messages[1].content must be a string | content_parts",
        "messages.0.content: Input should be a valid string | content_parts",
      })
  void contentThatIsRefusedIsLeftOut(String message, String kind) {
    assertThat(learn(message, 400)).contains(new Refusals.Lesson.Omit(kind, true));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "400 | A maximum of 100 PDF pages may be provided.",
        "400 | The PDF specified is password protected.",
        "422 | The document could not be processed.",
        "413 | Request exceeds the maximum size.",
      })
  void aFileThatIsRefusedForItselfIsSentAsTextThisTimeOnly(int status, String message) {
    assertThat(learn(message, status)).contains(new Refusals.Lesson.Omit("files", false));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "415 | This model does not support image input | images",
        "422 | This model does not support image input | images",
        "404 | No endpoints found that support image input | images",
        "500 | image input is not supported - hint: you may need to provide the mmproj | images",
        "500 | this model is missing data required for image input | images",
        "404 | This model does not support image input | ",
        "500 | The image gateway is not available | ",
        "503 | This model does not support image input | ",
        "429 | This model does not support image input | ",
      })
  void contentIsLeftOutOnlyForStatusesThatRefuseIt(int status, String message, String kind) {
    assertThat(learn(message, status))
        .isEqualTo(Optional.ofNullable(kind).map(each -> new Refusals.Lesson.Omit(each, true)));
  }

  @Test
  void anImageServiceThatIsDownIsNoFaultOfTheRequest() {
    assertThat(Refusals.isAboutRequest(error("The image gateway is not available", 500))).isFalse();
    assertThat(Refusals.isAboutRequest(error("image input is not supported", 500))).isTrue();
  }

  @Test
  void theLimitOfTheCompletionGetsTheOtherNameAndThenNone() {
    var message = "max_completion_tokens: Extra inputs are not permitted";

    var first = facts(message);

    assertThat(first.maxTokensField()).isEqualTo("max_tokens");
    var second =
        Refusals.learn(
            error("Unsupported parameter: max_tokens", 400), first, Set.of("max_tokens"), 10, 100);
    assertThat(((Refusals.Lesson.Rewrite) second.orElseThrow()).facts().supports("max_tokens"))
        .isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000"
            + " tokens. | 4096",
        "This model's maximum context length is 4,096 tokens. However, you requested 5000 tokens (4500"
            + " in the messages, 500 in the completion). | 4096",
        "prompt is too long: 208310 tokens > 200000 maximum | 200000",
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input"
            + " length | 200000",
        "The input token count (1500000) exceeds the maximum number of tokens allowed (1048576). |"
            + " 1048576",
        "the request exceeds the available context size (4096 tokens), try increasing it | 4096",
        "request (5000 tokens) exceeds the available context size (4096 tokens) | 4096",
        "the request exceeds the available context size. (n_ctx: 4096, n_prompt_tokens: 5000) | 4096",
        "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum"
            + " context length | 32768",
        "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 512"
            + " `max_new_tokens` | 4096",
        "`inputs` must have less than 4096 tokens. Given: 5000 | 4096",
        "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000 |"
            + " 4081",
        "The prompt (length 5000) is longer than the model's context length of 4096 | 4096",
        "Your request exceeded model token limit: 8192 (requested: 9000) | 8192",
        "Range of input length should be [1, 30720] | 30720",
        "Exceeded maximum input length of 32768 tokens (got 40000) | 32768",
        "the input tokens (5000) exceeds limit (4096) | 4096",
        "Prompt tokens limit exceeded: 5000 > 4096 | 4096",
        "Input is too long for requested model. | 7500",
        "Please reduce the length of the messages or completion. | 7500",
      })
  void theContextWindowIsReadOffTheRefusal(String message, int window) {
    var lesson =
        Refusals.learn(error(message, 400), ModelFacts.NONE, SENT, 10_000, 128_000).orElseThrow();

    assertThat(lesson).isInstanceOf(Refusals.Lesson.TooLong.class);
    assertThat(((Refusals.Lesson.TooLong) lesson).facts().contextWindow()).isEqualTo(window);
  }

  @Test
  void tokensThatAreSmallerThanOursAreTakenIntoAccount() {
    var message =
        "This model's maximum context length is 4096 tokens. However, your messages resulted in 6000"
            + " tokens.";

    var lesson =
        Refusals.learn(error(message, 400), ModelFacts.NONE, SENT, 3_000, 128_000).orElseThrow();

    assertThat(((Refusals.Lesson.TooLong) lesson).facts().ownContextWindow()).isEqualTo(2048);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "messages: text content blocks must be non-empty",
        "messages.1: all messages must have non-empty content except for the optional final assistant"
            + " message",
        "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant",
        "Unexpected role 'user' after role 'tool'",
        "content field is required for assistant messages",
        "Invalid value for 'content': expected a string, got null.",
        "messages.2.content: none is not an allowed value",
        "tool_call_id not found in previous assistant message",
        "An assistant message with 'tool_calls' must be followed by tool messages",
        "Requests which include `tool_use` or `tool_result` blocks must define tools",
      })
  void complaintsAboutTheHistoryMakeItStrict(String message) {
    assertThat(facts(message).isStrict()).isTrue();
    assertThat(Refusals.learn(error(message, 400), ModelFacts.NONE.strict(), SENT, 10, 100_000))
        .as("once")
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Jinja Exception: Only user and assistant roles are supported!",
        "'messages[0].role' must be one of 'user', 'assistant'",
      })
  void aTemplateOfTwoRolesHasTheSystemMessageInTheFirst(String message) {
    var second = Refusals.learn(error(message, 400), facts(message), SENT, 10, 100_000);

    assertThat(((Refusals.Lesson.Rewrite) second.orElseThrow()).facts().supports("system"))
        .isFalse();
  }

  @Test
  void idsSystemMessagesAndReasoningAreLearned() {
    assertThat(
            facts("Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.")
                .hasShortIds())
        .isTrue();
    assertThat(
            facts(
                    "Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string with"
                        + " maximum length 40, but got a string with length 60 instead.")
                .hasShortIds())
        .isTrue();
    assertThat(facts("System role not supported").supports("system")).isFalse();
    assertThat(
            facts("reasoning_content is missing in assistant tool call message at index 2")
                .requiresReasoning())
        .isTrue();
  }

  private static ModelFacts facts(String message) {
    var lesson = learn(message, 400).orElseThrow();
    assertThat(lesson).isInstanceOf(Refusals.Lesson.Rewrite.class);
    return ((Refusals.Lesson.Rewrite) lesson).facts();
  }

  private static Optional<Refusals.Lesson> learn(String message, int status) {
    return Refusals.learn(error(message, status), ModelFacts.NONE, SENT, 10, 100_000);
  }

  private static ProviderError error(String message, int status) {
    return new ProviderError(status, message, "invalid_request_error", "", "");
  }
}
