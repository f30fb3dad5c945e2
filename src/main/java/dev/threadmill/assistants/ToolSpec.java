package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.guard.SecretText;
import dev.threadmill.models.FunctionSpec;
import java.util.List;
import java.util.Map;

/**
 * A tool that an assistant may use. A new kind of tool is a record here, a name in the table, and a
 * case wherever the compiler asks for one.
 */
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    include = JsonTypeInfo.As.EXISTING_PROPERTY,
    property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(name = "code_interpreter", value = ToolSpec.CodeInterpreter.class),
  @JsonSubTypes.Type(name = "file_search", value = ToolSpec.FileSearch.class),
  @JsonSubTypes.Type(name = "function", value = ToolSpec.Function.class),
  @JsonSubTypes.Type(name = "webhook", value = ToolSpec.Webhook.class),
  @JsonSubTypes.Type(name = "mcp", value = ToolSpec.Mcp.class),
  @JsonSubTypes.Type(name = "agent_routing", value = ToolSpec.AgentRouting.class),
})
@JsonPropertyOrder("type")
public sealed interface ToolSpec {
  /** The most tools that one assistant may have. */
  int MAX_PER_ASSISTANT = 128;

  /** The most characters that the tools of an assistant or a run may have together, as JSON. */
  int MAX_CHARACTERS = 1 << 20;

  /**
   * Tools as a client may send them.
   *
   * @param tools null for none
   * @throws ApiException 400 for too many tools, too much JSON, or a schema that exceeds the {@link
   *     SchemaLimits}
   */
  static List<ToolSpec> validated(List<ToolSpec> tools, int max) {
    var bounded = Bounds.json("tools", Bounds.list("tools", tools, max), MAX_CHARACTERS);
    for (int i = 0; bounded != null && i < bounded.size(); i++) {
      switch (bounded.get(i)) {
        case Function(var function) ->
            SchemaLimits.require(
                "tools[%d].function.parameters".formatted(i), function.parameters());
        case Webhook(var webhook) ->
            SchemaLimits.require("tools[%d].webhook.parameters".formatted(i), webhook.parameters());
        case CodeInterpreter _, FileSearch _, Mcp _, AgentRouting _ -> {}
      }
    }
    return bounded;
  }

  /** The kind of tool, as it stands on the wire. */
  @JsonProperty("type")
  default String type() {
    return switch (this) {
      case CodeInterpreter _ -> "code_interpreter";
      case FileSearch _ -> "file_search";
      case Function _ -> "function";
      case Webhook _ -> "webhook";
      case Mcp _ -> "mcp";
      case AgentRouting _ -> AgentRouting.TYPE;
    };
  }

  /** By what a client tells the tools of one assistant apart. */
  default String key() {
    return switch (this) {
      case CodeInterpreter _, FileSearch _, AgentRouting _ -> type();
      case Function(var function) -> function.name();
      case Webhook(var webhook) -> webhook.name();
      case Mcp(var mcp) -> "mcp " + mcp.serverLabel();
    };
  }

  /** The same tool with every secret replaced. */
  default ToolSpec mapSecrets(ToolSecrets.SecretMapper secrets) {
    return switch (this) {
      case CodeInterpreter _, FileSearch _, Function _ -> this;
      case AgentRouting(var routing) -> new AgentRouting(routing.mapSecrets(secrets));
      case Webhook(var webhook) -> new Webhook(webhook.mapSecrets(secrets));
      case Mcp(var mcp) -> new Mcp(mcp.mapSecrets(secrets));
    };
  }

  /** The tools as clients are shown them: without their secrets. */
  static List<ToolSpec> masked(List<ToolSpec> tools) {
    return tools.stream()
        .map(tool -> tool.mapSecrets((_, _, _) -> new SecretText.Masked()))
        .map(
            tool ->
                tool instanceof AgentRouting(var spec)
                    ? new AgentRouting(spec.withNames(null))
                    : tool)
        .toList();
  }

  /**
   * Runs code.
   *
   * @param enabled false keeps the tool from the model; null is true
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record CodeInterpreter(Boolean enabled) implements ToolSpec {
    @JsonCreator
    public CodeInterpreter {}

    /** Whether the model is to be offered the tool. */
    public boolean isOn() {
      return !Boolean.FALSE.equals(enabled);
    }
  }

  /**
   * Searches vector stores.
   *
   * @param fileSearch how; null for the defaults
   * @param vectorStoreIds stores to search besides those of the tool resources; null for none
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record FileSearch(Options fileSearch, List<String> vectorStoreIds) implements ToolSpec {
    private static final int MAX_STORES = 10;

    @JsonCreator
    public FileSearch {
      vectorStoreIds = Bounds.list("vector_store_ids", vectorStoreIds, MAX_STORES);
    }

    /** How to search. What is null is left to the tool. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Options(Integer maxNumResults, RankingOptions rankingOptions) {
      private static final int MAX_RESULTS = 50;

      public Options {
        Bounds.integer("max_num_results", maxNumResults, 1, MAX_RESULTS);
      }
    }

    /**
     * How to rank what was found.
     *
     * @param scoreThreshold what scores less is left out, 0 to 1
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record RankingOptions(Ranker ranker, Double scoreThreshold) {
      public RankingOptions {
        Bounds.required("score_threshold", scoreThreshold);
        Bounds.number("score_threshold", scoreThreshold, 0, 1);
      }
    }

    /** The rankers that clients may name. All of them mean ours. */
    public enum Ranker {
      @JsonProperty("auto")
      AUTO,
      @JsonProperty("default_2024_08_21")
      DEFAULT_2024_08_21
    }
  }

  /** A function that the client runs: the run waits for its output. */
  record Function(FunctionSpec function) implements ToolSpec {
    /** Reads the nested form, and the flat one in which name and parameters stand beside type. */
    @JsonCreator
    static Function of(
        @JsonProperty("function") FunctionSpec function,
        @JsonProperty("name") String name,
        @JsonProperty("description") String description,
        @JsonProperty("parameters") JsonNode parameters,
        @JsonProperty("strict") Boolean strict) {
      boolean isFlat = name != null || description != null || parameters != null || strict != null;
      if (function != null && isFlat) {
        throw ApiException.invalid(
            "function",
            "Invalid 'function': give name and parameters either in 'function' or beside 'type',"
                + " not both.");
      }
      if (function == null && !isFlat) {
        throw ApiException.missing("function");
      }
      return new Function(
          isFlat ? new FunctionSpec(name, description, parameters, strict) : function);
    }
  }

  /** A function that the server executes by calling an address. */
  record Webhook(WebhookSpec webhook) implements ToolSpec {
    /** Reads the nested form, and the flat one in which all stands beside type. */
    @JsonCreator
    static Webhook of(
        @JsonProperty("webhook") WebhookSpec webhook,
        @JsonProperty("name") String name,
        @JsonProperty("description") String description,
        @JsonProperty("parameters") JsonNode parameters,
        @JsonProperty("strict") Boolean strict,
        @JsonProperty("endpoint") String endpoint,
        @JsonProperty("method") WebhookSpec.Method method,
        @JsonProperty("headers") Map<String, SecretText> headers,
        @JsonProperty("auth") WebhookAuth auth,
        @JsonProperty("placement") Map<String, WebhookSpec.ArgumentLocation> placement,
        @JsonProperty("allowed_domains") List<String> allowedDomains,
        @JsonProperty("signing_secret") SecretText signingSecret,
        @JsonProperty("timeout_ms") Integer timeoutMs,
        @JsonProperty("retries") Integer retries,
        @JsonProperty("on_unknown") WebhookSpec.OnUnknown onUnknown) {
      if (webhook != null && endpoint != null) {
        throw ApiException.invalid(
            "webhook",
            "Invalid 'webhook': give 'endpoint' either in 'webhook' or beside 'type', not both.");
      }
      if (webhook == null && endpoint == null) {
        throw ApiException.missing("webhook");
      }
      return new Webhook(
          webhook != null
              ? webhook
              : new WebhookSpec(
                  name,
                  description,
                  parameters,
                  strict,
                  endpoint,
                  method,
                  headers,
                  auth,
                  placement,
                  allowedDomains,
                  signingSecret,
                  timeoutMs,
                  retries,
                  onUnknown));
    }
  }

  /** The tools of an MCP server, which the server calls. */
  record Mcp(McpSpec mcp) implements ToolSpec {
    /** Reads the nested form, and the flat one in which all stands beside type. */
    @JsonCreator
    static Mcp of(
        @JsonProperty("mcp") McpSpec mcp,
        @JsonProperty("server_label") String serverLabel,
        @JsonProperty("server_url") String serverUrl,
        @JsonProperty("headers") Map<String, SecretText> headers,
        @JsonProperty("allowed_tools") List<String> allowedTools,
        @JsonProperty("require_approval") JsonNode requireApproval,
        @JsonProperty("timeout_ms") Integer timeoutMs) {
      if (mcp != null && serverUrl != null) {
        throw ApiException.invalid(
            "mcp", "Invalid 'mcp': give 'server_url' either in 'mcp' or beside 'type', not both.");
      }
      if (mcp == null && serverUrl == null) {
        throw ApiException.missing("mcp");
      }
      return new Mcp(
          mcp != null
              ? mcp
              : new McpSpec(
                  serverLabel, serverUrl, headers, allowedTools, requireApproval, timeoutMs));
    }
  }

  /** Other assistants, each offered to the model as a function. */
  record AgentRouting(AgentRoutingSpec agentRouting) implements ToolSpec {
    /** The kind of tool, which is the type of its calls as well. */
    public static final String TYPE = "agent_routing";

    /** Reads the nested form, and the flat one in which all stands beside type. */
    @JsonCreator
    static AgentRouting of(
        @JsonProperty("agent_routing") AgentRoutingSpec agentRouting,
        @JsonProperty("targets") List<AgentRoutingSpec.Target> targets,
        @JsonProperty("mode") AgentRoutingSpec.Mode mode,
        @JsonProperty("threads") AgentRoutingSpec.Threads threads) {
      if (agentRouting != null && targets != null) {
        throw ApiException.invalid(
            "agent_routing",
            "Invalid 'agent_routing': give 'targets' either in 'agent_routing' or beside 'type',"
                + " not both.");
      }
      if (agentRouting == null && targets == null) {
        throw ApiException.missing("agent_routing");
      }
      return new AgentRouting(
          agentRouting != null ? agentRouting : new AgentRoutingSpec(targets, mode, threads, null));
    }
  }
}
