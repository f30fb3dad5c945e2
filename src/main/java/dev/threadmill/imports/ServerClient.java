package dev.threadmill.imports;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.JsonBody;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.egress.StreamingResponse;
import dev.threadmill.egress.Timeouts;
import dev.threadmill.guard.SecretBox;
import dev.threadmill.guard.SecretText;
import dev.threadmill.projects.Residency;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads from another server with the Assistants API, within the egress policy. */
@ApplicationScoped
class ServerClient {
  private static final int MAX_PAGE = 64 << 20;
  private static final Duration PAGE_TIMEOUT = Duration.ofSeconds(60);
  private static final Timeouts FILE_TIMEOUTS =
      new Timeouts(Duration.ofSeconds(60), Duration.ofSeconds(60), Duration.ofHours(1));

  private final EgressClient egress;
  private final SecretBox secrets;
  private final Residency residency;

  ServerClient(EgressClient egress, SecretBox secrets, Residency residency) {
    this.egress = egress;
    this.residency = residency;
    this.secrets = secrets;
  }

  /**
   * Reads an object or a page.
   *
   * @param path below the base URL, with the query
   * @return empty if the server has no such object, or no such list
   */
  Optional<ObjectNode> get(ImportJob job, String path)
      throws ImportFailedException, InterruptedException {
    try {
      var response = egress.send(request(job, path, Timeouts.total(PAGE_TIMEOUT), MAX_PAGE));
      if (response.status() == 404 || response.status() == 405) {
        return Optional.empty();
      }
      requireOk(response.status(), path);
      return Optional.of(JsonBody.read(response.body(), ObjectNode.class));
    } catch (EgressException e) {
      throw unreached(e);
    } catch (ApiException e) {
      throw new ImportFailedException(
          "The server answers '%s' with no JSON object.".formatted(withoutQuery(path)), true);
    }
  }

  /**
   * Opens the content of a file, to be closed.
   *
   * @return empty if the server does not give it away
   */
  Optional<StreamingResponse> content(ImportJob job, String file, long maxBytes)
      throws ImportFailedException, InterruptedException {
    var path = "/files/" + file + "/content";
    try {
      var response = egress.open(request(job, path, FILE_TIMEOUTS, maxBytes));
      if (response.status() >= 400 && response.status() < 429) {
        response.close();
        return Optional.empty();
      }
      try {
        requireOk(response.status(), path);
      } catch (ImportFailedException e) {
        response.close();
        throw e;
      }
      return Optional.of(response);
    } catch (EgressException e) {
      throw unreached(e);
    }
  }

  private static ImportFailedException unreached(EgressException e) {
    return new ImportFailedException(
        "The server cannot be reached: " + e.getMessage(),
        e.kind() != EgressException.Kind.REFUSED && e.kind() != EgressException.Kind.TOO_LARGE);
  }

  private static void requireOk(int status, String path) throws ImportFailedException {
    if (status < 200 || status >= 300) {
      throw new ImportFailedException(
          "The server answers '%s' with the status %d.".formatted(withoutQuery(path), status),
          status == 429 || status >= 500);
    }
  }

  private static String withoutQuery(String path) {
    return path.replaceFirst("\\?.*", "");
  }

  private EgressRequest request(ImportJob job, String path, Timeouts timeouts, long maxBytes)
      throws ImportFailedException {
    var server = job.request().server();
    var url = server.baseUrl() + path;
    if (server.apiVersion() != null) {
      url += (path.contains("?") ? "&" : "?") + "api-version=" + server.apiVersion();
    }
    var headers = new LinkedHashMap<String, String>();
    headers.put("accept", "application/json");
    headers.put("openai-beta", "assistants=v2");
    return new EgressRequest(
        "GET",
        url,
        headers,
        credentials(job),
        null,
        List.of(residency.restrict(job.project(), AllowedDomains.ANY)),
        timeouts,
        maxBytes);
  }

  private Map<String, String> credentials(ImportJob job) throws ImportFailedException {
    if (job.secret() == null) {
      return Map.of();
    }
    try {
      var key = secrets.open(job.project(), new SecretText.Sealed(job.secret()));
      return isAzure(job.request().server().baseUrl())
          ? Map.of("api-key", key)
          : Map.of("authorization", "Bearer " + key);
    } catch (SecretBox.UndecryptableException e) {
      throw new ImportFailedException(e.getMessage(), false);
    }
  }

  private static boolean isAzure(String url) {
    var host = URI.create(url).getHost();
    return host.endsWith(".openai.azure.com") || host.endsWith(".cognitiveservices.azure.com");
  }
}
