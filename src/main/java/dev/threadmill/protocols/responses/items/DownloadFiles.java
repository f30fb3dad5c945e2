package dev.threadmill.protocols.responses.items;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.FairExecutor;
import dev.threadmill.api.ProjectId;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.egress.HttpResponse;
import dev.threadmill.projects.Residency;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Downloads the files that items name by a URL, within the egress policy, and puts their content
 * into the items, so that they are read once.
 */
@ApplicationScoped
class DownloadFiles {
  private static final int MAX_FILES = 10;
  private static final int MAX_BYTES = 16 << 20;
  private static final int MAX_BYTES_TOGETHER = 32 << 20;
  private static final int MAX_AT_ONCE = 8;
  private static final int MAX_AT_ONCE_OF_PROJECT = 2;
  private static final int MAX_URL = 8_192;
  private static final int OK = 200;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** For a turn and the download. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

  private final EgressClient http;
  private final Residency residency;
  private final FairExecutor turns =
      new FairExecutor(
          Executors.newFixedThreadPool(MAX_AT_ONCE, Thread.ofVirtual().factory()),
          MAX_AT_ONCE_OF_PROJECT);

  DownloadFiles(EgressClient http, Residency residency) {
    this.residency = residency;
    this.http = http;
  }

  @PreDestroy
  void close() {
    turns
        .close()
        .forEach(
            task -> {
              if (task instanceof Future<?> download) {
                download.cancel(false);
              }
            });
  }

  /**
   * The items with the content of their files.
   *
   * @param project whose downloads take their turns among those of others
   * @param path of the items in the body
   * @throws ApiException 400 that names the part whose file cannot be downloaded; 503 if the server
   *     downloads too many files
   */
  JsonNode into(ProjectId project, String path, JsonNode items) {
    if (!items.isArray() || items.findValue("file_url") == null) {
      return items;
    }
    var copy = (ArrayNode) items.deepCopy();
    var downloads = new Downloads(project);
    for (int i = 0; i < copy.size(); i++) {
      for (var field : List.of("content", "output")) {
        var parts = copy.get(i).path(field);
        for (int j = 0; parts.isArray() && j < parts.size(); j++) {
          if (isUrl(parts.get(j))) {
            downloads.into(
                "%s[%d].%s[%d].file_url".formatted(path, i, field, j), (ObjectNode) parts.get(j));
          }
        }
      }
    }
    return copy;
  }

  private static boolean isUrl(JsonNode part) {
    return part.path("type").asText("").equals("input_file")
        && part.path("file_url").isTextual()
        && !part.path("file_id").isTextual()
        && !part.path("file_data").isTextual();
  }

  /** The downloads of one request. */
  private final class Downloads {
    private final ProjectId project;
    private int files;
    private long bytes;

    Downloads(ProjectId project) {
      this.project = project;
    }

    void into(String param, ObjectNode part) {
      if (++files > MAX_FILES) {
        throw ApiException.invalid(
            param, "Invalid '%s': at most %d files are downloaded.".formatted(param, MAX_FILES));
      }
      var url = part.remove("file_url").textValue();
      var response = get(project, param, url, MAX_BYTES_TOGETHER - bytes);
      bytes += response.body().length;
      if (!part.path("filename").isTextual()) {
        part.put("filename", filename(url));
      }
      var type = response.mediaType();
      part.put(
          "file_data",
          "data:%s;base64,%s"
              .formatted(
                  type == null || type.isEmpty() ? "application/octet-stream" : type,
                  Base64.getEncoder().encodeToString(response.body())));
    }
  }

  private HttpResponse get(ProjectId project, String param, String url, long left) {
    if (url.length() > MAX_URL) {
      throw failed(param, "The URL is too long.");
    }
    var request =
        new EgressRequest(
            "GET",
            url,
            Map.of("accept", "*/*"),
            Map.of(),
            null,
            List.of(residency.restrict(project, AllowedDomains.ANY)),
            TIMEOUT,
            (int) Math.clamp(left, 1, MAX_BYTES));
    var download = new FutureTask<>(() -> http.send(request));
    try {
      turns.of(project.value()).execute(download);
      var response = download.get(LONGEST_WAIT.toSeconds(), TimeUnit.SECONDS);
      if (response.status() != OK) {
        throw failed(param, "The server answered with status %d.".formatted(response.status()));
      }
      if (response.body().length == 0) {
        throw failed(param, "The file is empty.");
      }
      return response;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof EgressException refused) {
        throw failed(param, refused.getMessage());
      }
      throw new IllegalStateException("a file was not downloaded", e.getCause());
    } catch (TimeoutException e) {
      throw ApiException.unavailable("The server is downloading too many files.", 5);
    } catch (RejectedExecutionException | CancellationException e) {
      throw ApiException.unavailable("The server is stopping.", 1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("The server is stopping.", 1);
    } finally {
      download.cancel(true);
    }
  }

  private static ApiException failed(String param, String why) {
    return ApiException.invalid(
        param,
        "failed_to_download_file",
        "Invalid '%s': the file cannot be downloaded. %s".formatted(param, why));
  }

  /** The last part of the path of a URL. */
  private static String filename(String url) {
    try {
      var path = new URI(url).getPath();
      var name = path == null ? "" : path.substring(path.lastIndexOf('/') + 1);
      return name.isEmpty() ? "file" : name;
    } catch (URISyntaxException e) {
      return "file";
    }
  }
}
