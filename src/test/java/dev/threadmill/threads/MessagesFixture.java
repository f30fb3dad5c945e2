package dev.threadmill.threads;

import dev.threadmill.api.Ids;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import jakarta.inject.Inject;
import org.junit.jupiter.api.BeforeEach;

/** A thread of its own for each test. */
abstract class MessagesFixture {
  static final String HELLO = "{\"role\": \"user\", \"content\": \"hello\"}";

  final ApiClient user = ApiClient.user();
  @Inject Jdbc jdbc;
  @Inject Ids ids;
  String thread;
  String path;

  @BeforeEach
  void aThread() {
    thread = user.post("/v1/threads", "{}").id();
    path = "/v1/threads/" + thread + "/messages";
  }
}
