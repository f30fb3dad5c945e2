package dev.threadmill.lab.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.lab.transfer.Transfer.CommandException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.UUID;

/** Calls of a running server with an API key. */
final class ServerCalls {
  private static final Duration LONGEST_ANSWER = Duration.ofHours(6);

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .build();

  private final String url;
  private final String key;

  ServerCalls(String url, String key) {
    this.url = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    this.key = key;
  }

  JsonNode get(String path) throws IOException, CommandException, InterruptedException {
    return answered(request(path).GET());
  }

  JsonNode post(String path, JsonNode body)
      throws IOException, CommandException, InterruptedException {
    return answered(
        request(path)
            .header("content-type", "application/json")
            .header("idempotency-key", UUID.randomUUID().toString())
            .POST(BodyPublishers.ofString(Json.write(body))));
  }

  /** Uploads a file, which expires after a day. Returns its id. */
  String upload(Path file) throws IOException, CommandException, InterruptedException {
    var boundary = "----" + UUID.randomUUID();
    var fields =
        field(boundary, "purpose", "user_data")
            + field(boundary, "expires_after[anchor]", "created_at")
            + field(boundary, "expires_after[seconds]", "86400");
    var name = file.getFileName().toString().replaceAll("[^A-Za-z0-9._-]", "_");
    var head =
        "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n\r\n"
            .formatted(boundary, name);
    BodyPublisher body =
        BodyPublishers.concat(
            BodyPublishers.ofString(fields + head),
            BodyPublishers.ofFile(file),
            BodyPublishers.ofString("\r\n--" + boundary + "--\r\n"));
    return answered(
            request("/v1/files")
                .header("content-type", "multipart/form-data; boundary=" + boundary)
                .POST(body))
        .path("id")
        .asText();
  }

  private static String field(String boundary, String name, String value) {
    return "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n"
        .formatted(boundary, name, value);
  }

  /** Writes the export to a file, which is there only once it is whole. Returns the counts. */
  JsonNode export(Path file) throws IOException, CommandException, InterruptedException {
    var target = file.toAbsolutePath();
    var part = target.resolveSibling(target.getFileName() + ".part");
    var response = client.send(request("/v1/exports").GET().build(), BodyHandlers.ofInputStream());
    String last = "";
    try (var lines =
            new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
        var out = Files.newBufferedWriter(part)) {
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        out.write(line);
        out.write('\n');
        last = line;
      }
    }
    var end = last.startsWith("{") ? Json.tree(last) : Json.MAPPER.createObjectNode();
    if (!end.path("object").asText().equals("export.end")) {
      Files.delete(part);
      throw new CommandException(
          "The export is not whole (status %d). %s"
              .formatted(response.statusCode(), end.at("/error/message").asText("")));
    }
    Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
    return end.path("counts");
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path))
        .timeout(LONGEST_ANSWER)
        .header("authorization", "Bearer " + key);
  }

  private JsonNode answered(HttpRequest.Builder request)
      throws IOException, CommandException, InterruptedException {
    var response = client.send(request.build(), BodyHandlers.ofString());
    var body = response.body().startsWith("{") ? Json.tree(response.body()) : null;
    if (response.statusCode() != 200 || body == null) {
      throw new CommandException(
          "The server answers with the status %d. %s"
              .formatted(
                  response.statusCode(), body == null ? "" : body.at("/error/message").asText("")));
    }
    return body;
  }
}
