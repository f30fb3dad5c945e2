package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.UnknownVariantHint;
import dev.threadmill.guard.SecretText;
import dev.threadmill.models.FunctionSpec;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A tool that an assistant may use, as clients send it. A new kind of tool is a record here with
 * its name in the table, and a {@code ToolProvider}; the compiler names the switches below.
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
  @JsonSubTypes.Type(name = "connected_agent", value = ToolSpec.AgentRouting.class),
  @JsonSubTypes.Type(name = "openapi", value = ToolSpec.OpenApi.class),
  @JsonSubTypes.Type(name = "web_search", value = WebSearchSpec.class),
  @JsonSubTypes.Type(name = "web_search_2025_08_26", value = WebSearchSpec.class),
  @JsonSubTypes.Type(name = "web_search_preview", value = WebSearchSpec.class),
  @JsonSubTypes.Type(name = "web_search_preview_2025_03_11", value = WebSearchSpec.class),
})
@UnknownVariantHint(
    types = {"bing_grounding", "bing_custom_search", "deep_research"},
    message = "To search the web use a tool of type 'web_search', or 'mcp' with a search server.")
@UnknownVariantHint(
    types = {"azure_ai_search", "sharepoint_grounding", "fabric_dataagent"},
    message =
        "To search this data use a tool of type 'mcp' with a server for it, or a 'webhook' that"
            + " calls its API.")
@UnknownVariantHint(
    types = {"azure_function", "image_generation"},
    message = "Use a tool of type 'webhook' with the HTTPS address of the function or API.")
@UnknownVariantHint(
    types = {"browser_automation", "computer_use_preview"},
    message = "Use a tool of type 'mcp' with a server that drives a browser or computer.")
@JsonPropertyOrder("type")
public sealed interface ToolSpec
    permits ToolSpec.CodeInterpreter,
        ToolSpec.FileSearch,
        ToolSpec.Function,
        ToolSpec.Webhook,
        ToolSpec.Mcp,
        ToolSpec.AgentRouting,
        ToolSpec.OpenApi,
        WebSearchSpec {
  /** The type of calls that have no type of their own. */
  String FUNCTION_CALL = "function";

  /** The most tools that one assistant may have. */
  int MAX_PER_ASSISTANT = 128;

  /** The most characters that the tools of an assistant or a run may have together, as JSON. */
  int MAX_CHARACTERS = 1 << 20;

  /**
   * Tools as a client may send them.
   *
   * @param tools null for none
   * @throws ApiException 400 for too many tools, too much JSON, or a tool that cannot be used as it
   *     is defined
   */
  static List<ToolSpec> validated(List<ToolSpec> tools, int max) {
    var bounded = Bounds.json("tools", Bounds.list("tools", tools, max), MAX_CHARACTERS);
    ToolChecks.require(bounded);
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
      case OpenApi _ -> "openapi";
      case WebSearchSpec _ -> WebSearchSpec.TYPE;
    };
  }

  /**
   * The type of a call of the function with this name, as it is stored: {@link #FUNCTION_CALL}
   * unless the tool offers the function and its calls have a type of their own.
   */
  default String callType(String function) {
    return switch (this) {
      case CodeInterpreter _, FileSearch _, WebSearchSpec _ ->
          function.equals(type()) ? type() : FUNCTION_CALL;
      case AgentRouting(var routing, _) ->
          routing.routesToAssistant(function) ? type() : FUNCTION_CALL;
      case Function _, Webhook _, Mcp _, OpenApi _ -> FUNCTION_CALL;
    };
  }

  /** What distinguishes the tools of one assistant: the function's name, or the kind. */
  default String key() {
    return switch (this) {
      case CodeInterpreter _, FileSearch _, AgentRouting _, WebSearchSpec _ -> type();
      case Function(var function) -> function.name();
      case Webhook(var webhook) -> webhook.name();
      case Mcp mcp -> "mcp " + mcp.mcp().serverLabel();
      case OpenApi(var openapi) -> "openapi " + openapi.name();
    };
  }

  /** The same tool with every secret replaced. */
  default ToolSpec mapSecrets(ToolSecrets.SecretMapper secrets) {
    return switch (this) {
      case CodeInterpreter _, FileSearch _, Function _, OpenApi _, WebSearchSpec _ -> this;
      case AgentRouting routing ->
          new AgentRouting(routing.agentRouting().mapSecrets(secrets), routing.isShown());
      case Webhook(var webhook) -> new Webhook(webhook.mapSecrets(secrets));
      case Mcp mcp -> new Mcp(mcp.mcp().mapSecrets(secrets), mcp.isShown());
    };
  }

  /** The tools as clients are shown them: without their secrets, in all forms that clients read. */
  static List<ToolSpec> masked(List<ToolSpec> tools) {
    return tools.stream()
        .map(tool -> tool.mapSecrets((_, _, _) -> new SecretText.Masked()))
        .map(
            tool ->
                switch (tool) {
                  case AgentRouting routing ->
                      new AgentRouting(routing.agentRouting().withNames(null), true);
                  case Mcp mcp -> new Mcp(mcp.mcp(), true);
                  default -> tool;
                })
        .toList();
  }

  /**
   * Runs code.
   *
   * @param enabled false keeps the tool from the model; null is true
   * @param container the id of the container that it runs in; null for that of the thread
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record CodeInterpreter(Boolean enabled, String container) implements ToolSpec {
    /** The type of the tool and of its calls, and the name of its function. */
    public static final String TYPE = "code_interpreter";

    private static final Pattern CONTAINER = Pattern.compile("cntr_[A-Za-z0-9_-]{1,120}");

    @JsonCreator
    public CodeInterpreter {
      if (container != null && !CONTAINER.matcher(container).matches()) {
        throw ApiException.invalid(
            "container", "Invalid 'container': expected the id of a container.");
      }
    }

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
  record FileSearch(FileSearchOptions fileSearch, List<String> vectorStoreIds) implements ToolSpec {
    /** The type of the tool and of its calls, and the name of its function. */
    public static final String TYPE = "file_search";

    private static final int MAX_STORES = 10;

    @JsonCreator
    public FileSearch {
      vectorStoreIds = Bounds.list("vector_store_ids", vectorStoreIds, MAX_STORES);
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

  /**
   * The tools of an MCP server, which the server calls.
   *
   * @param isShown whether clients are shown it: they find its fields in {@code mcp} and beside
   *     {@code type}, where the Responses API has them
   */
  record Mcp(McpSpec mcp, @JsonIgnore boolean isShown) implements ToolSpec {
    /** The specification as it is stored. */
    public Mcp(McpSpec mcp) {
      this(mcp, false);
    }

    /**
     * Reads the nested form, and the flat one in which all stands beside type. What clients were
     * shown has both.
     */
    @JsonCreator
    static Mcp of(
        @JsonProperty("mcp") McpSpec mcp,
        @JsonProperty("server_label") String serverLabel,
        @JsonProperty("server_url") String serverUrl,
        @JsonProperty("server_description") String description,
        @JsonProperty("headers") Map<String, SecretText> headers,
        @JsonProperty("authorization") SecretText authorization,
        @JsonProperty("allowed_tools") JsonNode allowedTools,
        @JsonProperty("read_only") Boolean readOnly,
        @JsonProperty("require_approval") JsonNode requireApproval,
        @JsonProperty("timeout_ms") Integer timeoutMs,
        @JsonProperty("connector_id") String connectorId) {
      McpSpec.requireNoConnector(connectorId);
      if (mcp == null && serverUrl == null) {
        throw ApiException.missing("mcp");
      }
      var flat =
          serverUrl == null
              ? null
              : new McpSpec(
                  serverLabel,
                  serverUrl,
                  description,
                  McpSpec.withAuthorization(headers, authorization),
                  McpSpec.toolNames(allowedTools),
                  McpSpec.isReadOnly(allowedTools, readOnly),
                  requireApproval,
                  timeoutMs);
      return new Mcp(FlatForms.either("mcp", "server_url", mcp, flat));
    }

    @JsonAnyGetter
    Map<String, Object> flat() {
      return isShown ? FlatForms.of(mcp) : Map.of();
    }
  }

  /**
   * Other assistants, each offered to the model as a function.
   *
   * @param isShown whether clients are shown it: they find a single target beside {@code type} too
   */
  record AgentRouting(AgentRoutingSpec agentRouting, @JsonIgnore boolean isShown)
      implements ToolSpec {
    /** The kind of tool, which is the type of its calls as well. */
    public static final String TYPE = "agent_routing";

    /** The specification as it is stored. */
    public AgentRouting(AgentRoutingSpec agentRouting) {
      this(agentRouting, false);
    }

    /**
     * Reads the nested form, the flat one in which all stands beside type, a single {@code
     * target_assistant_id} beside type, and the {@code connected_agent} of Azure AI Foundry.
     */
    @JsonCreator
    static AgentRouting of(
        @JsonProperty("agent_routing") AgentRoutingSpec agentRouting,
        @JsonProperty("targets") List<AgentRoutingSpec.Target> targets,
        @JsonProperty("target_assistant_id") AssistantId targetAssistantId,
        @JsonProperty("thread_id") ThreadId threadId,
        @JsonProperty("mode") AgentRoutingSpec.Mode mode,
        @JsonProperty("threads") AgentRoutingSpec.Threads threads,
        @JsonProperty("connected_agent") ConnectedAgent connectedAgent) {
      if (connectedAgent != null) {
        return new AgentRouting(
            new AgentRoutingSpec(List.of(connectedAgent.target()), null, null, null));
      }
      if (targetAssistantId != null && targets != null) {
        throw ApiException.invalid(
            "target_assistant_id",
            "Invalid 'target_assistant_id': give either it or 'targets', not both.");
      }
      if (agentRouting == null && targets == null && targetAssistantId == null) {
        throw ApiException.missing("agent_routing");
      }
      if (agentRouting != null && targetAssistantId != null) {
        return new AgentRouting(FlatForms.requireTarget(agentRouting, targetAssistantId, threadId));
      }
      var all =
          targetAssistantId == null
              ? targets
              : List.of(AgentRoutingSpec.Target.of(targetAssistantId, threadId));
      var flat = all == null ? null : new AgentRoutingSpec(all, mode, threads, null);
      return new AgentRouting(FlatForms.either("agent_routing", "targets", agentRouting, flat));
    }

    @JsonAnyGetter
    Map<String, Object> flat() {
      return isShown ? FlatForms.of(agentRouting) : Map.of();
    }
  }

  /** The operations of an OpenAPI document, which the server calls. */
  record OpenApi(OpenApiSpec openapi) implements ToolSpec {
    @JsonCreator
    public OpenApi {
      Bounds.required("openapi", openapi);
    }
  }
}
