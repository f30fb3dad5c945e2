package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The operations of an OpenAPI document as webhooks, in the form that clients of Azure AI Foundry
 * send.
 *
 * @param name stands before the names of the operations
 * @param description what the API is good for; null if that is not given
 * @param spec the document, OpenAPI 3.0 or 3.1
 * @param auth null for anonymous
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record OpenApiSpec(String name, String description, JsonNode spec, Auth auth) {
  private static final int MAX_DESCRIPTION = 4_096;
  private static final int MAX_FUNCTION = 64;
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_-]{1,32}");
  private static final String ANONYMOUS = "anonymous";

  /** How the API is authenticated with. Only {@code anonymous} is possible here. */
  public record Auth(String type) {
    public Auth {
      Bounds.required("type", type);
      if (!type.equals(ANONYMOUS)) {
        throw ApiException.invalid(
            "type",
            "Invalid 'type': this server has no connections and managed identities. Make webhook"
                + " tools with an 'auth' of their own by POST"
                + " /v1/assistants/{assistant_id}/tools/openapi.");
      }
    }
  }

  public OpenApiSpec {
    Bounds.required("name", name);
    if (!NAME.matcher(name).matches()) {
      throw ApiException.invalid(
          "name",
          "Invalid 'name': expected 1 to 32 characters of a-z, A-Z, 0-9, underscores and dashes.");
    }
    Bounds.text("description", description, MAX_DESCRIPTION);
    Bounds.required("spec", spec);
  }

  /**
   * A webhook for each operation that a tool can call.
   *
   * @throws ApiException 400 if the document cannot be used
   */
  public List<WebhookSpec> webhooks() {
    var document = OpenApiOperations.requireVersion3(spec);
    var operations =
        new OpenApiOperations(document, OpenApiOperations.baseUrl(document, null, null))
            .operations(null);
    return operations.stream().map(this::webhook).toList();
  }

  private WebhookSpec webhook(OpenApiOperations.Operation operation) {
    var function = name + "_" + operation.name();
    return new WebhookSpec(
        function.substring(0, Math.min(MAX_FUNCTION, function.length())),
        operation.description() == null ? description : operation.description(),
        operation.parameters(),
        null,
        operation.endpoint(),
        operation.method(),
        null,
        null,
        operation.placement(),
        null,
        null,
        null,
        null,
        null);
  }
}
