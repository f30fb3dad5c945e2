package dev.threadmill.tools.filesearch;

import dev.threadmill.files.Files;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.SseStream;
import dev.threadmill.vectorstores.StoreTenant;
import jakarta.inject.Inject;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;

/** Runs of an assistant that searches files, in a project of their own. */
abstract class FileSearchFixture {
  /** Of the first passage of the first search of a thread. */
  static final String MARKER = "\u30101:0\u2020source\u3011";

  static final String SEARCH = "{\"queries\": [\"notice period of the supplier\"]}";
  static final String TEXT =
      "# Termination\n\nThe supplier may terminate the contract with a notice of ninety days.";

  @Inject Files files;
  FakeProvider provider;

  StoreTenant tenant;
  String model;

  @BeforeEach
  void useAProjectOfItsOwn() {
    provider.reset();
    tenant = StoreTenant.create(files);
    model = "m-" + tenant.project().value();
  }

  String assistant(String resources) {
    return tenant
        .post(
            "/v1/assistants",
            """
            {"model": "%s", "tools": [{"type": "file_search", "file_search": {"max_num_results": 3,
              "ranking_options": {"ranker": "auto", "score_threshold": 0.1}}}]%s}
            """
                .formatted(model, resources))
        .path("id")
        .asText();
  }

  List<SseStream.Frame> run(String thread, String assistant) {
    try (var stream =
        tenant.api().stream(
            "/v1/threads/" + thread + "/runs",
            "{\"assistant_id\": \"%s\", \"stream\": true}".formatted(assistant))) {
      return stream.rest();
    }
  }

  /** A thread with one message. */
  String thread(String message) {
    return tenant
        .post(
            "/v1/threads",
            "{\"messages\": [{\"role\": \"user\", \"content\": \"%s\"}]}".formatted(message))
        .path("id")
        .asText();
  }

  /** The part of a body that gives an assistant or a thread a store. */
  static String withStore(String store) {
    return ", \"tool_resources\": {\"file_search\": {\"vector_store_ids\": [\"%s\"]}}"
        .formatted(store);
  }
}
