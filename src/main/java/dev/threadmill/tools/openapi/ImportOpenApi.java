package dev.threadmill.tools.openapi;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.HeavyWork;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.StorableText;
import dev.threadmill.assistants.Assistant;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.assistants.OpenApiOperations;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.WebhookAuth;
import dev.threadmill.assistants.WebhookSpec;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.guard.SecretText;
import dev.threadmill.projects.Residency;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Makes webhook tools of an OpenAPI document and gives them to an assistant. */
@Singleton
class ImportOpenApi {
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final int MAX_REASON = 200;
  private static final int MAX_DOCUMENT = 5_000_000;

  private final Assistants assistants;
  private final EgressClient http;
  private final Residency residency;

  ImportOpenApi(Assistants assistants, EgressClient http, Residency residency) {
    this.residency = residency;
    this.assistants = assistants;
    this.http = http;
  }

  /**
   * The body of the call.
   *
   * @param document the document as an object, or as text in JSON or YAML; null if there is a url
   * @param url where to get the document; null if it is here
   * @param baseUrl what the paths are put behind; null for the document's first server
   * @param operations the ids of the operations to take; null for all that can be called
   * @param auth of all the tools; null for none
   */
  record Request(
      JsonNode document,
      String url,
      String baseUrl,
      List<String> operations,
      WebhookAuth auth,
      Map<String, SecretText> headers,
      SecretText signingSecret,
      Integer timeoutMs,
      Integer retries,
      WebhookSpec.OnUnknown onUnknown) {
    private static final int MAX_URL = 4096;

    Request {
      if ((document == null) == (url == null)) {
        throw ApiException.invalid(
            "document", "Invalid 'document': give either 'document' or 'url'.");
      }
      Bounds.text("url", url, MAX_URL);
      Bounds.text("base_url", baseUrl, MAX_URL);
      operations = Bounds.list("operations", operations, ToolSpec.MAX_PER_ASSISTANT);
    }
  }

  /**
   * Adds a tool for each operation; one of the same name is replaced.
   *
   * @throws ApiException 404 if there is no such assistant; 400 if the document cannot be used
   */
  Assistant importInto(ProjectId project, AssistantId id, Request request) {
    var assistant = assistants.get(project, id);
    var given = request.url() == null ? null : fetched(project, assistant, request);
    var tools = HeavyWork.runForRequest(HeavyWork.MIN_CHARACTERS, () -> tools(request, given));
    return assistants.addTools(project, id, tools);
  }

  private static List<ToolSpec> tools(Request request, String fetched) {
    var document = OpenApiOperations.requireVersion3(document(request, fetched));
    var base = OpenApiOperations.baseUrl(document, request.baseUrl(), request.url());
    return new OpenApiOperations(document, base)
        .operations(request.operations()).stream()
            .<ToolSpec>map(operation -> new ToolSpec.Webhook(webhook(operation, request)))
            .toList();
  }

  private static WebhookSpec webhook(OpenApiOperations.Operation operation, Request request) {
    return new WebhookSpec(
        operation.name(),
        operation.description(),
        operation.parameters(),
        null,
        operation.endpoint(),
        operation.method(),
        request.headers(),
        request.auth(),
        operation.placement(),
        null,
        request.signingSecret(),
        request.timeoutMs(),
        request.retries(),
        request.onUnknown());
  }

  private static JsonNode document(Request request, String fetched) {
    if (request.document() instanceof ObjectNode object) {
      return object;
    }
    if (request.document() != null && !request.document().isTextual()) {
      throw ApiException.invalid(
          "document",
          "invalid_type",
          "Invalid type for 'document': expected an object, or a string in JSON or YAML.");
    }
    var param = request.url() == null ? "document" : "url";
    var text = fetched == null ? request.document().asText() : fetched;
    try {
      // JSON is YAML too. Written and read again, the document keeps to the limits of stored JSON.
      return Json.MAPPER.readTree(YAML.readTree(text).toString());
    } catch (JsonProcessingException e) {
      throw ApiException.invalid(
          param,
          "Invalid '%s': the document is neither JSON nor YAML, or too deep or long for it: %s"
              .formatted(param, firstLine(e.getOriginalMessage())));
    }
  }

  private String fetched(ProjectId project, Assistant assistant, Request request) {
    var safety = assistant.safety();
    var domains =
        residency.restrict(
            project,
            safety == null ? AllowedDomains.ANY : new AllowedDomains(safety.allowedDomains()));
    try {
      var answer =
          http.send(
              new EgressRequest(
                  "GET",
                  request.url(),
                  Map.of("Accept", "application/json, application/yaml, text/*"),
                  Map.of(),
                  null,
                  List.of(domains),
                  TIMEOUT,
                  MAX_DOCUMENT));
      if (answer.status() != 200) {
        throw unreachable("it answered %d".formatted(answer.status()));
      }
      return answer.text();
    } catch (EgressException e) {
      throw unreachable(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unreachable("the server is shutting down");
    }
  }

  private static String firstLine(String message) {
    var line = message == null ? "" : StorableText.of(message).lines().findFirst().orElse("");
    return line.length() <= MAX_REASON ? line : line.substring(0, MAX_REASON) + "…";
  }

  private static ApiException unreachable(String why) {
    return ApiException.invalid("url", "Invalid 'url': the document could not be fetched: " + why);
  }
}
