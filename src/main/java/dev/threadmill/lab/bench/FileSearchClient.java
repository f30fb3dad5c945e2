package dev.threadmill.lab.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/** Uploads files, makes vector stores of them and searches them, as a client of the API. */
final class FileSearchClient implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String BOUNDARY = "threadmill-bench-boundary";
  private static final int MOST_RESULTS = 50;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI api;
  private final String key;

  FileSearchClient(URI api, String key) {
    this.api = api;
    this.key = key;
  }

  /** The shares of meaning and words in a search. */
  record Weights(double meaning, double words) {}

  /** Uploads a file; returns its id. */
  String upload(String name, byte[] content) throws IOException, InterruptedException {
    var body = new ByteArrayOutputStream();
    write(body, "--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n");
    write(body, "assistants\r\n--" + BOUNDARY + "\r\n");
    write(
        body,
        "Content-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n".formatted(name)
            + "Content-Type: application/octet-stream\r\n\r\n");
    body.write(content);
    write(body, "\r\n--" + BOUNDARY + "--\r\n");
    var request =
        request("/v1/files")
            .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
            .POST(BodyPublishers.ofByteArray(body.toByteArray()))
            .build();
    return send(request).path("id").asText();
  }

  private static void write(ByteArrayOutputStream out, String text) {
    out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Makes a store of files; returns its id.
   *
   * @param chunkTokens the size of chunks without overlap; 0 for the default
   */
  String createStore(List<String> files, int chunkTokens) throws IOException, InterruptedException {
    var body = JSON.createObjectNode();
    files.forEach(body.putArray("file_ids")::add);
    if (chunkTokens > 0) {
      body.putObject("chunking_strategy")
          .put("type", "static")
          .putObject("static")
          .put("max_chunk_size_tokens", chunkTokens)
          .put("chunk_overlap_tokens", 0);
    }
    return post("/v1/vector_stores", body).path("id").asText();
  }

  /** Adds files to a store. */
  void addFiles(String store, List<String> files) throws IOException, InterruptedException {
    var body = JSON.createObjectNode();
    files.forEach(body.putArray("file_ids")::add);
    post("/v1/vector_stores/" + store + "/file_batches", body);
  }

  /** Waits until all files of a store are indexed; a file that failed is an error. */
  void awaitIndexed(String store, Duration longest) throws IOException, InterruptedException {
    long end = System.nanoTime() + longest.toNanos();
    while (System.nanoTime() < end) {
      var counts = get("/v1/vector_stores/" + store).path("file_counts");
      if (counts.path("failed").asInt() > 0) {
        var failed = get("/v1/vector_stores/" + store + "/files?filter=failed").path("data");
        throw new IOException("files were not indexed: " + failed.path(0).path("last_error"));
      }
      if (counts.path("in_progress").asInt() == 0) {
        return;
      }
      Thread.sleep(200);
    }
    throw new IOException("the files were not indexed within " + longest);
  }

  /** The ids of the files whose passages were found, best first, each once. */
  List<String> search(String store, String query, Weights weights)
      throws IOException, InterruptedException {
    var body = JSON.createObjectNode().put("query", query).put("max_num_results", MOST_RESULTS);
    if (weights != null) {
      body.putObject("ranking_options")
          .putObject("hybrid_search")
          .put("embedding_weight", weights.meaning())
          .put("text_weight", weights.words());
    }
    var found = new LinkedHashSet<String>();
    for (var passage : post("/v1/vector_stores/" + store + "/search", body).path("data")) {
      found.add(passage.path("file_id").asText());
    }
    return new ArrayList<>(found);
  }

  /** The nanoseconds of a search for ten passages. */
  long timeSearch(String store, String query) throws IOException, InterruptedException {
    var body = JSON.createObjectNode().put("query", query).put("max_num_results", 10);
    long since = System.nanoTime();
    post("/v1/vector_stores/" + store + "/search", body);
    return System.nanoTime() - since;
  }

  private JsonNode get(String path) throws IOException, InterruptedException {
    return send(request(path).GET().build());
  }

  private JsonNode post(String path, JsonNode body) throws IOException, InterruptedException {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body.toString()))
            .build());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(api.resolve(path)).header("Authorization", "Bearer " + key);
  }

  private JsonNode send(HttpRequest request) throws IOException, InterruptedException {
    var response = http.send(request, BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException(request.uri().getPath() + ": " + response.body());
    }
    return JSON.readTree(response.body());
  }

  @Override
  public void close() {
    http.close();
  }
}
