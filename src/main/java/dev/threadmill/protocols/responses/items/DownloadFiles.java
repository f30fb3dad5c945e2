package dev.threadmill.protocols.responses.items;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.egress.HttpResponse;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Downloads the files that items name by a URL, within the egress policy, and puts their content
 * into the items, so that they are read once.
 */
@ApplicationScoped
class DownloadFiles {
  private static final int MAX_FILES = 10;
  private static final int MAX_BYTES = 16 << 20;
  private static final int MAX_BYTES_TOGETHER = 32 << 20;
  private static final int MAX_AT_ONCE = 4;
  private static final int MAX_URL = 8_192;
  private static final int OK = 200;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final EgressClient http;
  private final Semaphore places = new Semaphore(MAX_AT_ONCE, true);

  DownloadFiles(EgressClient http) {
    this.http = http;
  }

  /**
   * The items with the content of their files.
   *
   * @param path of the items in the body
   * @throws ApiException 400 that names the part whose file cannot be downloaded; 503 if the server
   *     downloads too many files
   */
  JsonNode into(String path, JsonNode items) {
    if (!items.isArray() || items.findValue("file_url") == null) {
      return items;
    }
    var copy = (ArrayNode) items.deepCopy();
    var downloads = new Downloads();
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
    private int files;
    private long bytes;

    void into(String param, ObjectNode part) {
      if (++files > MAX_FILES) {
        throw ApiException.invalid(
            param, "Invalid '%s': at most %d files are downloaded.".formatted(param, MAX_FILES));
      }
      var url = part.remove("file_url").textValue();
      var response = get(param, url, MAX_BYTES_TOGETHER - bytes);
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

  private HttpResponse get(String param, String url, long left) {
    if (url.length() > MAX_URL) {
      throw failed(param, "The URL is too long.");
    }
    boolean isAcquired = false;
    try {
      isAcquired = places.tryAcquire(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      if (!isAcquired) {
        throw ApiException.unavailable("The server is downloading too many files.", 5);
      }
      var request =
          new EgressRequest(
              "GET",
              url,
              Map.of("accept", "*/*"),
              Map.of(),
              null,
              List.of(),
              TIMEOUT,
              (int) Math.clamp(left, 1, MAX_BYTES));
      var response = http.send(request);
      if (response.status() != OK) {
        throw failed(param, "The server answered with status %d.".formatted(response.status()));
      }
      if (response.body().length == 0) {
        throw failed(param, "The file is empty.");
      }
      return response;
    } catch (EgressException e) {
      throw failed(param, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("The server is stopping.", 1);
    } finally {
      if (isAcquired) {
        places.release();
      }
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
