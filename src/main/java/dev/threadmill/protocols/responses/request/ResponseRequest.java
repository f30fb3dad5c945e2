package dev.threadmill.protocols.responses.request;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Json;
import dev.threadmill.api.JsonBody;
import dev.threadmill.api.Metadata;
import dev.threadmill.assistants.ReasoningEffort;
import dev.threadmill.limits.RunBudget;
import dev.threadmill.models.ResponseFormat;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The body of {@code POST /v1/responses}. Unknown fields are ignored. Null stands for what is not
 * set.
 *
 * @param body as it was sent
 * @param assistant named in {@code prompt}
 * @param variables of the prompt
 * @param compactThreshold how many tokens the history may have before it is compacted; null if the
 *     client does not want that
 * @param onActiveRun what happens while another run is active on the conversation
 * @param budget what the run of the response may use; null for no budget
 * @param obfuscates whether the deltas of the stream are padded, so that their sizes tell less
 */
public record ResponseRequest(
    JsonNode body,
    String model,
    String instructions,
    String previous,
    String conversation,
    boolean store,
    boolean stream,
    boolean background,
    AssistantId assistant,
    Map<String, String> variables,
    OfferedTools tools,
    Boolean parallelToolCalls,
    Integer maxToolCalls,
    Integer maxOutputTokens,
    Double temperature,
    Double topP,
    ResponseFormat format,
    String verbosity,
    ReasoningEffort effort,
    boolean summarizesReasoning,
    boolean truncates,
    Integer compactThreshold,
    Include include,
    Metadata metadata,
    OnActive onActiveRun,
    RunBudget budget,
    boolean obfuscates) {
  private static final int MAX_MODEL = 256;
  private static final int MAX_TEXT = 256_000;
  private static final int MAX_ID = 200;
  private static final int MIN_OUTPUT = 16;
  private static final int MAX_CALLS = 10_000;
  private static final int MIN_THRESHOLD = 1_000;
  private static final int DEFAULT_THRESHOLD = 100_000;
  private static final int MAX_VARIABLES = 100;
  private static final int MAX_IDENTIFIER = 512;
  private static final Set<String> SERVICE_TIERS =
      Set.of("auto", "default", "flex", "scale", "priority", "fast", "ultrafast");
  private static final Set<String> CONTEXTS = Set.of("auto", "current_turn", "all_turns");

  /** What happens while another run is active on the conversation. */
  public enum OnActive {
    REJECT,
    QUEUE,
    INTERRUPT
  }

  /**
   * Reads a body.
   *
   * @param availability which tools this server can offer
   * @throws ApiException 400 that names the field
   */
  public static ResponseRequest of(JsonNode body, OfferedTools.Availability availability) {
    checkShapes(body);
    var prompt = body.path("prompt");
    var assistant = assistant(prompt);
    var model = RequestFields.text(body, "model", MAX_MODEL);
    if (assistant == null && (model == null || model.isBlank())) {
      throw ApiException.missing("model");
    }
    var conversation = conversation(body.path("conversation"));
    var previous = RequestFields.text(body, "previous_response_id", MAX_ID);
    if (conversation != null && previous != null) {
      throw ApiException.invalid(
          "previous_response_id",
          "Mutually exclusive parameters: 'previous_response_id' and 'conversation'.");
    }
    boolean store = RequestFields.flag(body, "store", true);
    boolean background = RequestFields.flag(body, "background", false);
    if (background && !store) {
      throw ApiException.invalid(
          "background", "Invalid 'background': a response in the background has to be stored.");
    }
    refuseUnsupported(body);
    var text = body.path("text");
    var reasoning = body.path("reasoning");
    word(reasoning.path("context"), "reasoning.context", CONTEXTS);
    return new ResponseRequest(
        body,
        model,
        RequestFields.text(body, "instructions", MAX_TEXT),
        previous,
        conversation,
        store,
        RequestFields.flag(body, "stream", false),
        background,
        assistant,
        variables(prompt.path("variables")),
        ReadTools.of(body, availability),
        RequestFields.isAbsent(body.path("parallel_tool_calls"))
            ? null
            : RequestFields.flag(body, "parallel_tool_calls", true),
        RequestFields.integer(body, "max_tool_calls", 1, MAX_CALLS),
        RequestFields.integer(body, "max_output_tokens", MIN_OUTPUT, Integer.MAX_VALUE),
        RequestFields.number(body, "temperature", 0, 2),
        RequestFields.number(body, "top_p", 0, 1),
        format(text.path("format")),
        word(text.path("verbosity"), "text.verbosity", Set.of("low", "medium", "high")),
        effort(reasoning.path("effort")),
        word(
                RequestFields.isAbsent(reasoning.path("summary"))
                    ? reasoning.path("generate_summary")
                    : reasoning.path("summary"),
                "reasoning.summary",
                Set.of("auto", "concise", "detailed"))
            != null,
        "auto".equals(word(body.path("truncation"), "truncation", Set.of("auto", "disabled"))),
        compactThreshold(body.path("context_management")),
        Include.of(body),
        RequestFields.metadata(body),
        onActive(body),
        budget(body.path("budget")),
        obfuscates(body.path("stream_options")));
  }

  private static RunBudget budget(JsonNode given) {
    if (RequestFields.isAbsent(given)) {
      return null;
    }
    try {
      return JsonBody.read(given.toString().getBytes(StandardCharsets.UTF_8), RunBudget.class);
    } catch (ApiException e) {
      var param = e.error().param();
      throw param != null && param.startsWith("budget.")
          ? e
          : ApiException.invalid(
              param == null ? "budget" : "budget." + param, e.error().code(), e.error().message());
    }
  }

  private static boolean obfuscates(JsonNode options) {
    var wanted = options.path("include_obfuscation");
    if (!RequestFields.isAbsent(wanted) && !wanted.isBoolean()) {
      throw RequestFields.type("stream_options.include_obfuscation", "true or false");
    }
    return wanted.asBoolean(false);
  }

  /** Fields that a response repeats, and groups of fields, have to be of their types. */
  private static void checkShapes(JsonNode body) {
    for (var group : List.of("text", "reasoning", "stream_options", "prompt")) {
      var given = body.path(group);
      if (!RequestFields.isAbsent(given) && !given.isObject()) {
        throw RequestFields.type(group, "an object");
      }
    }
    for (var text : List.of("user", "safety_identifier", "prompt_cache_key")) {
      RequestFields.text(body, text, MAX_IDENTIFIER);
    }
    RequestFields.text(body, "prompt_cache_retention", MAX_IDENTIFIER);
    word(body.path("service_tier"), "service_tier", SERVICE_TIERS);
    RequestFields.number(body, "presence_penalty", -2, 2);
    RequestFields.number(body, "frequency_penalty", -2, 2);
  }

  private static void refuseUnsupported(JsonNode body) {
    var logprobs = RequestFields.integer(body, "top_logprobs", 0, 20);
    if (logprobs != null && logprobs > 0) {
      throw ApiException.invalid(
          "top_logprobs",
          "unsupported_value",
          "Invalid 'top_logprobs': this server reports no log probabilities.");
    }
  }

  private static Integer compactThreshold(JsonNode management) {
    if (RequestFields.isAbsent(management)) {
      return null;
    }
    if (!management.isArray()) {
      throw RequestFields.type("context_management", "a list");
    }
    Integer threshold = null;
    for (int i = 0; i < management.size(); i++) {
      var path = "context_management[%d]".formatted(i);
      var entry = management.get(i);
      if (!entry.path("type").asText("").equals("compaction")) {
        throw ApiException.invalid(
            path + ".type", "Invalid '%s.type': expected 'compaction'.".formatted(path));
      }
      var given = entry.path("compact_threshold");
      if (!RequestFields.isAbsent(given)
          && (!given.canConvertToInt() || given.intValue() < MIN_THRESHOLD)) {
        throw ApiException.invalid(
            path + ".compact_threshold",
            "Invalid '%s.compact_threshold': expected an integer of at least %d."
                .formatted(path, MIN_THRESHOLD));
      }
      threshold = given.asInt(DEFAULT_THRESHOLD);
    }
    return threshold;
  }

  private static AssistantId assistant(JsonNode prompt) {
    if (RequestFields.isAbsent(prompt)) {
      return null;
    }
    var id = prompt.path("id");
    if (!id.isTextual()) {
      throw ApiException.missing("prompt.id");
    }
    try {
      return new AssistantId(id.textValue());
    } catch (ApiException e) {
      throw ApiException.invalid(
          "prompt.id", "Invalid 'prompt.id': expected the id of an assistant.");
    }
  }

  private static Map<String, String> variables(JsonNode given) {
    var variables = new HashMap<String, String>();
    if (given.size() > MAX_VARIABLES) {
      throw ApiException.invalid("prompt.variables", "Invalid 'prompt.variables': too many.");
    }
    given
        .properties()
        .forEach(
            each -> {
              var value = each.getValue();
              var text = value.isTextual() ? value : value.path("text");
              if (!text.isTextual()) {
                throw RequestFields.type("prompt.variables", "texts");
              }
              variables.put(each.getKey(), text.textValue());
            });
    return variables;
  }

  private static String conversation(JsonNode given) {
    if (RequestFields.isAbsent(given)) {
      return null;
    }
    var id = given.isTextual() ? given : given.path("id");
    if (!id.isTextual()) {
      throw RequestFields.type("conversation", "the id of a conversation");
    }
    return id.textValue();
  }

  private static ResponseFormat format(JsonNode format) {
    if (RequestFields.isAbsent(format)) {
      return null;
    }
    var nested = format;
    if (format.path("type").asText("").equals("json_schema")) {
      var definition = Json.MAPPER.createObjectNode();
      for (var field : List.of("name", "schema", "description", "strict")) {
        if (!RequestFields.isAbsent(format.path(field))) {
          definition.set(field, format.get(field));
        }
      }
      nested =
          Json.MAPPER.createObjectNode().put("type", "json_schema").set("json_schema", definition);
    }
    try {
      return ResponseFormat.checked(
          JsonBody.read(nested.toString().getBytes(StandardCharsets.UTF_8), ResponseFormat.class));
    } catch (ApiException e) {
      var param = e.error().param();
      var flat =
          param == null
              ? "text.format"
              : param
                  .replace("response_format.json_schema", "text.format")
                  .replace("response_format", "text.format");
      throw ApiException.invalid(
          flat,
          e.error().code(),
          param == null ? e.error().message() : e.error().message().replace(param, flat));
    }
  }

  private static ReasoningEffort effort(JsonNode effort) {
    var known = Set.of("none", "minimal", "low", "medium", "high", "xhigh", "max");
    var word = word(effort, "reasoning.effort", known);
    return word == null ? null : ReasoningEffort.valueOf(word.toUpperCase(Locale.ROOT));
  }

  private static OnActive onActive(JsonNode body) {
    var word =
        word(body.path("on_active_run"), "on_active_run", Set.of("reject", "queue", "interrupt"));
    return word == null ? OnActive.REJECT : OnActive.valueOf(word.toUpperCase(Locale.ROOT));
  }

  private static String word(JsonNode given, String param, Set<String> known) {
    if (RequestFields.isAbsent(given)) {
      return null;
    }
    if (!known.contains(given.asText())) {
      throw ApiException.invalid(
          param,
          "Invalid '%s': expected one of %s.".formatted(param, known.stream().sorted().toList()));
    }
    return given.asText();
  }
}
