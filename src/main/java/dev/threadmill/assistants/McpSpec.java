package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.guard.SecretText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The tools of an MCP server, which the server calls over streamable HTTP.
 *
 * @param serverLabel stands before the names of its tools
 * @param serverDescription what the server is for, which the model is told with each tool; null for
 *     nothing
 * @param headers sent with every request, kept like secrets; null for none
 * @param allowedTools names as the MCP server has them; null for all
 * @param readOnly true if only tools that say of themselves that they change nothing are allowed;
 *     null for false
 * @param requireApproval {@code "always"}, {@code "never"}, or an object that lists tool names
 *     under these; null for always
 * @param timeoutMs how long a call, or the question for the tools, may take; null for the server's
 *     default
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record McpSpec(
    String serverLabel,
    String serverUrl,
    String serverDescription,
    Map<String, SecretText> headers,
    List<String> allowedTools,
    Boolean readOnly,
    JsonNode requireApproval,
    Integer timeoutMs) {
  private static final int MAX_URL = 4096;
  private static final int MAX_DESCRIPTION = 1024;
  private static final int MAX_TOOLS = 128;
  private static final Pattern LABEL = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_-]{0,31}");
  private static final String AUTHORIZATION = "Authorization";
  private static final String ALWAYS = "always";
  private static final String NEVER = "never";
  private static final String TOOL_NAMES = "tool_names";
  private static final String READ_ONLY = "read_only";

  public McpSpec {
    Bounds.required("server_label", serverLabel);
    if (!LABEL.matcher(serverLabel).matches()) {
      throw ApiException.invalid(
          "server_label",
          "Invalid 'server_label': expected 1 to 32 characters of a-z, A-Z, 0-9, underscores and"
              + " dashes.");
    }
    Bounds.requiredText("server_url", serverUrl, MAX_URL);
    WebhookSpec.requireUrl("server_url", serverUrl);
    Bounds.text("server_description", serverDescription, MAX_DESCRIPTION);
    headers = WebhookSpec.checkedHeaders(headers);
    allowedTools = Bounds.list("allowed_tools", allowedTools, MAX_TOOLS);
    Bounds.integer("timeout_ms", timeoutMs, 1, WebhookSpec.MAX_TIMEOUT_MS);
    if (requireApproval != null && requireApproval.isNull()) {
      requireApproval = null;
    }
    if (requireApproval != null && !isPolicy(requireApproval)) {
      throw ApiException.invalid(
          "require_approval",
          "Invalid 'require_approval': expected 'always', 'never', or an object of"
              + " {\"tool_names\": […]} under these names.");
    }
  }

  /**
   * Headers with the access token that the Responses API has in a field of its own.
   *
   * @param authorization the token; null for none
   */
  static Map<String, SecretText> withAuthorization(
      Map<String, SecretText> headers, SecretText authorization) {
    if (authorization == null) {
      return headers;
    }
    var all = new LinkedHashMap<String, SecretText>();
    if (headers != null) {
      all.putAll(headers);
    }
    if (all.keySet().stream().anyMatch(name -> name.equalsIgnoreCase(AUTHORIZATION))) {
      throw ApiException.invalid(
          "authorization",
          "Invalid 'authorization': give either it or an Authorization header, not both.");
    }
    all.put(
        AUTHORIZATION,
        authorization instanceof SecretText.Plain(var token)
            ? new SecretText.Plain("Bearer " + token)
            : authorization);
    return all;
  }

  /** Refuses connectors of other services. */
  static void requireNoConnector(String connectorId) {
    if (connectorId != null) {
      throw ApiException.invalid(
          "connector_id",
          "Invalid 'connector_id': this server has no connectors. Give the 'server_url' of an MCP"
              + " server.");
    }
  }

  /**
   * A list of names, or the object of the Responses API that has one in {@code tool_names}; null
   * for all tools.
   */
  static List<String> toolNames(JsonNode allowed) {
    if (allowed == null || allowed.isNull()) {
      return null;
    }
    var names = allowed.isObject() ? allowed.path(TOOL_NAMES) : allowed;
    if (names.isMissingNode() || names.isNull()) {
      readOnlyOf(allowed);
      return null;
    }
    var list = new ArrayList<String>();
    for (var name : names) {
      if (!name.isTextual()) {
        throw unknownFilter();
      }
      list.add(name.asText());
    }
    if (!names.isArray()) {
      throw unknownFilter();
    }
    return list;
  }

  /**
   * Whether only tools that read are allowed, by the object of the Responses API or by the field
   * beside it; null for false.
   */
  static Boolean isReadOnly(JsonNode allowed, Boolean beside) {
    boolean isObject = allowed != null && allowed.isObject();
    return isObject && readOnlyOf(allowed) ? Boolean.TRUE : beside;
  }

  private static boolean readOnlyOf(JsonNode filter) {
    var readOnly = filter.path(READ_ONLY);
    int known = (filter.has(TOOL_NAMES) ? 1 : 0) + (filter.has(READ_ONLY) ? 1 : 0);
    if (known == 0
        || known != filter.size()
        || !readOnly.isMissingNode() && !readOnly.isBoolean() && !readOnly.isNull()) {
      throw unknownFilter();
    }
    return readOnly.asBoolean();
  }

  private static ApiException unknownFilter() {
    return ApiException.invalid(
        "allowed_tools",
        "invalid_type",
        "Invalid type for 'allowed_tools': expected a list of tool names, or an object of"
            + " 'tool_names' and 'read_only'.");
  }

  /** Whether a person has to allow calls of this tool of the MCP server. */
  public boolean needsApproval(String tool) {
    if (requireApproval == null || requireApproval.isTextual()) {
      return requireApproval == null || requireApproval.asText().equals(ALWAYS);
    }
    // What is in no list, or in both, is asked for.
    return lists(ALWAYS, tool) || !lists(NEVER, tool);
  }

  /**
   * Whether the model may be offered this tool of the MCP server.
   *
   * @param onlyReads whether the tool says that it changes nothing
   */
  public boolean allows(String tool, boolean onlyReads) {
    return (allowedTools == null || allowedTools.contains(tool))
        && (onlyReads || !Boolean.TRUE.equals(readOnly));
  }

  McpSpec mapSecrets(ToolSecrets.SecretMapper secrets) {
    if (headers == null) {
      return this;
    }
    var origin = WebhookSpec.authority(serverUrl);
    var changed = new LinkedHashMap<String, SecretText>();
    headers.forEach(
        (header, value) ->
            changed.put(
                header, secrets.of("headers." + header.toLowerCase(Locale.ROOT), origin, value)));
    return new McpSpec(
        serverLabel,
        serverUrl,
        serverDescription,
        changed,
        allowedTools,
        readOnly,
        requireApproval,
        timeoutMs);
  }

  private boolean lists(String policy, String tool) {
    for (var name : requireApproval.path(policy).path("tool_names")) {
      if (name.asText().equals(tool)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isPolicy(JsonNode policy) {
    if (policy.isTextual()) {
      return Set.of(ALWAYS, NEVER).contains(policy.asText());
    }
    if (!policy.isObject() || policy.isEmpty()) {
      return false;
    }
    for (var entry : policy.properties()) {
      var names = entry.getValue().path("tool_names");
      if (!Set.of(ALWAYS, NEVER).contains(entry.getKey())
          || entry.getValue().size() != 1
          || !names.isArray()) {
        return false;
      }
      for (var name : names) {
        if (!name.isTextual()) {
          return false;
        }
      }
    }
    return true;
  }
}
