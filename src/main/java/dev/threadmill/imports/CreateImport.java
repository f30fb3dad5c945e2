package dev.threadmill.imports;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.FileId;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The body of {@code POST /v1/imports}: either files or a server.
 *
 * @param fileIds uploaded files of JSON or JSONL, which are read as one source
 * @param keepIds whether objects keep their ids; false by default
 * @param source the name of the source, by which a later import finds what was taken before; that
 *     of the server or {@code files} by default
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record CreateImport(List<FileId> fileIds, Server server, Boolean keepIds, String source) {
  private static final int MAX_FILES = 100;
  private static final Pattern SOURCE = Pattern.compile("[A-Za-z0-9._:/-]{1,200}");

  CreateImport {
    fileIds = Bounds.list("file_ids", fileIds, MAX_FILES);
    if ((fileIds == null || fileIds.isEmpty()) == (server == null)) {
      throw ApiException.invalid(
          "file_ids", "Invalid 'file_ids': expected either 'file_ids' or 'server'.");
    }
    keepIds = keepIds != null && keepIds;
    if (source == null) {
      source = server == null ? "files" : server.baseUrl();
    } else if (!SOURCE.matcher(source).matches()) {
      throw ApiException.invalid(
          "source",
          "Invalid 'source': expected 1 to 200 letters, digits and characters of '._:/-'.");
    }
  }

  /** The same without the key of the server, which is stored encrypted. */
  CreateImport withoutKey() {
    return server == null ? this : new CreateImport(fileIds, server.withKey(null), keepIds, source);
  }

  /** The objects that are read from a server. */
  enum Part {
    ASSISTANTS,
    FILES,
    VECTOR_STORES,
    THREADS;

    @JsonValue
    String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A server with the Assistants API.
   *
   * @param baseUrl such as {@code https://api.openai.com/v1}, without the query
   * @param apiKey sent as {@code Authorization: Bearer}, and to Azure as {@code api-key}; null for
   *     none
   * @param apiVersion of Azure; null for other servers
   * @param threadIds the threads to read; null for all that the server lists
   * @param include what to read; null for everything
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Server(
      String baseUrl,
      String apiKey,
      String apiVersion,
      List<String> threadIds,
      List<Part> include) {
    private static final int MAX_URL = 2_000;
    private static final int MAX_KEY = 4_096;
    private static final int MAX_THREADS = 50_000;
    private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9.-]{1,40}");
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,140}");

    Server {
      baseUrl = checked(Bounds.requiredText("server.base_url", baseUrl, MAX_URL));
      Bounds.text("server.api_key", apiKey, MAX_KEY);
      if (apiKey != null && !apiKey.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
        throw ApiException.invalid(
            "server.api_key", "Invalid 'server.api_key': expected characters of a header.");
      }
      if (apiVersion != null && !VERSION.matcher(apiVersion).matches()) {
        throw ApiException.invalid(
            "server.api_version", "Invalid 'server.api_version': expected a version of an API.");
      }
      threadIds = Bounds.list("server.thread_ids", threadIds, MAX_THREADS);
      if (threadIds != null && !threadIds.stream().allMatch(id -> ID.matcher(id).matches())) {
        throw ApiException.invalid(
            "server.thread_ids", "Invalid 'server.thread_ids': expected ids of threads.");
      }
      include = Bounds.list("server.include", include, Part.values().length);
    }

    private static String checked(String url) {
      try {
        var uri = new URI(url);
        boolean isHttp = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
        if (isHttp
            && uri.getHost() != null
            && uri.getRawQuery() == null
            && uri.getRawFragment() == null
            && uri.getRawUserInfo() == null) {
          return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
        }
      } catch (URISyntaxException e) {
        // reported below
      }
      throw ApiException.invalid(
          "server.base_url",
          "Invalid 'server.base_url': expected an http or https address without a query.");
    }

    Server withKey(String key) {
      return new Server(baseUrl, key, apiVersion, threadIds, include);
    }

    boolean includes(Part part) {
      return include == null || include.contains(part);
    }

    @Override
    public String toString() {
      return baseUrl;
    }
  }
}
