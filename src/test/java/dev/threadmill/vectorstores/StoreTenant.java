package dev.threadmill.vectorstores;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ProjectId;
import dev.threadmill.files.FilePurpose;
import dev.threadmill.files.Files;
import dev.threadmill.files.NewFile;
import dev.threadmill.testing.ApiClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.awaitility.Awaitility;

/** A project for one test, with a client and files. */
public record StoreTenant(ProjectId project, ApiClient api, Files files) {
  private static final Duration AT_MOST = Duration.ofSeconds(60);

  /** A new project on the server under test. */
  public static StoreTenant create(Files files) {
    var admin = ApiClient.admin();
    var project = admin.post("/v1/projects", "{\"name\": \"stores\"}").id();
    var made = admin.post("/v1/projects/" + project + "/api_keys", "{}");
    var key = made.json().path("value").asText();
    return new StoreTenant(
        new ProjectId(project), admin.with("Authorization", "Bearer " + key), files);
  }

  /** Uploads a file and returns its id. */
  public String upload(String name, String content) {
    try {
      var bytes = content.getBytes(StandardCharsets.UTF_8);
      return files
          .create(
              project,
              new NewFile(name, FilePurpose.ASSISTANTS, null, null, null),
              new ByteArrayInputStream(bytes))
          .id()
          .value();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Posts a body that is accepted, and returns the response. */
  public JsonNode post(String path, String body) {
    var response = api.post(path, body);
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return response.json();
  }

  public JsonNode get(String path) {
    var response = api.get(path);
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return response.json();
  }

  /** Creates a store of files and waits until all are indexed. Returns its id. */
  public String store(String... fileIds) {
    var ids = new StringBuilder();
    for (var id : fileIds) {
      ids.append(ids.isEmpty() ? "" : ", ").append('"').append(id).append('"');
    }
    var store =
        post("/v1/vector_stores", "{\"name\": \"s\", \"file_ids\": [%s]}".formatted(ids))
            .path("id")
            .asText();
    awaitSettled(store);
    return store;
  }

  /** Waits until no file of a store is in progress, and returns the store. */
  public JsonNode awaitSettled(String store) {
    return Awaitility.await()
        .atMost(AT_MOST)
        .until(
            () -> get("/v1/vector_stores/" + store),
            found -> found.path("file_counts").path("in_progress").asInt() == 0);
  }

  public JsonNode search(String store, String body) {
    return post("/v1/vector_stores/" + store + "/search", body);
  }
}
