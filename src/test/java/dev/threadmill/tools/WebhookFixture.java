package dev.threadmill.tools;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Assistants with webhook tools, and a receiver of their calls. */
abstract class WebhookFixture {
  static final String MODEL = "gpt-4o";
  static final String FUNCTION =
      """
      {"type": "function", "function": {"name": "ask_user", "parameters": {"type": "object"}}}""";

  final ApiClient api = ApiClient.user();
  final ToolRuns runs = new ToolRuns(api);
  final RecordingServer receiver = RecordingServer.start();
  final CountDownLatch end = new CountDownLatch(1);

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @AfterEach
  void stop() {
    end.countDown();
    receiver.close();
  }

  static Reply.Call call(String name, String arguments) {
    return new Reply.Call("call_" + name, name, arguments);
  }

  String assistant(String... tools) {
    return runs.assistant(MODEL, "", tools);
  }

  String webhook(String name, String path, String more) {
    var parameters =
        more.contains("\"parameters\"") ? "" : ", \"parameters\": {\"type\": \"object\"}";
    return """
    {"type": "webhook", "webhook": {"name": "%s", "endpoint": "%s"%s%s}}"""
        .formatted(name, receiver.url(path), parameters, more.isEmpty() ? "" : ", " + more);
  }
}
