package dev.threadmill.tools.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.files.FilePurpose;
import dev.threadmill.files.Files;
import dev.threadmill.files.NewFile;
import dev.threadmill.sandbox.Sandbox;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.EventAccumulator;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SseStream;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs whose models write code. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(90)
class CodeInterpreterTest {
  private static final String PICTURE =
      "class P:\n  def _repr_png_(self): return b'\\x89PNG\\r\\n\\x1a\\n' + b'data'\nP()";

  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  @Inject Sandbox sandbox;
  @Inject Files files;
  @Inject Jdbc jdbc;
  FakeProvider provider;

  @BeforeEach
  void requireSandbox() {
    provider.reset();
    var state = sandbox.availability();
    assumeTrue(state.isAvailable(), state.line());
  }

  private static Reply code(String code) {
    return Reply.call("code_interpreter", Json.write(Map.of("code", code)));
  }

  private String assistant(String more) {
    return runs.assistant("gpt-4o", more, "{\"type\": \"code_interpreter\"}");
  }

  private ToolRuns.Stopped run(String assistant, String thread) {
    var run =
        api.post(
            "/v1/threads/%s/runs".formatted(thread),
            "{\"assistant_id\": \"%s\"}".formatted(assistant));
    assertThat(run.status()).as(run.text()).isEqualTo(200);
    return runs.stopped(run.json());
  }

  private static String logs(ToolRuns.Stopped run, int call) {
    return run.calls().get(call).at("/code_interpreter/outputs/0/logs").asText();
  }

  private String thread(ToolRuns.Stopped run) {
    return run.run().path("thread_id").asText();
  }

  private ProjectId project(String thread) {
    return jdbc.one(
            "SELECT project_id FROM threads WHERE id = ?",
            row -> row.text("project_id", ProjectId::new),
            thread)
        .orElseThrow();
  }

  private FileId upload(ProjectId project, String name, String content) throws IOException {
    var file = new NewFile(name, FilePurpose.ASSISTANTS, null, null, null);
    return files
        .create(project, file, new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8)))
        .id();
  }

  @Test
  void codeOfAChatCompletionIsRunAndTheClientGetsTheAnswer() {
    provider.reply(
        Reply.call("run_python", Json.write(Map.of("code", "x = 6"))),
        Reply.call("run_python", Json.write(Map.of("code", "print('so')\nx * 7"))),
        Reply.text("It is 42."));

    var answer =
        api.post(
            "/v1/chat/completions",
            """
            {"model": "gpt-4o", "messages": [{"role": "user", "content": "Compute"}], "tools": [
              {"type": "function", "name": "get_weather", "parameters": {"type": "object"}},
              {"type": "code_interpreter", "name": "run_python", "description": "Run code"}]}""");

    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    assertThat(answer.json().at("/choices/0/message/content").asText()).isEqualTo("It is 42.");
    assertThat(answer.json().at("/choices/0/message/tool_calls")).isEmpty();
    assertThat(answer.json().at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    assertThat(provider.lastRequest().body().path("messages").toString())
        .contains("so\\n42", "\"role\":\"tool\"");
  }

  @Test
  void aStepShowsTheCodeAndWhatItPrintedAndTheModelIsGivenTheOutput() {
    provider.reply(code("x = 6\nprint('so')\nx * 7"), Reply.text("It is 42."));

    var run = runs.run(assistant(""), "Compute");

    assertThat(run.status()).isEqualTo("completed");
    var call = run.calls().getFirst();
    assertThat(call.path("type").asText()).isEqualTo("code_interpreter");
    assertThat(call.path("function").isMissingNode()).isTrue();
    assertThat(call.at("/code_interpreter/input").asText()).isEqualTo("x = 6\nprint('so')\nx * 7");
    assertThat(call.at("/code_interpreter/outputs"))
        .isEqualTo(json("[{\"type\": \"logs\", \"logs\": \"so\\n42\\n\"}]"));
    var messages = provider.lastRequest().body().path("messages");
    assertThat(messages.path(messages.size() - 1).path("content").asText()).isEqualTo("so\n42\n");
    assertThat(messages.path(messages.size() - 2).at("/tool_calls/0/function/arguments").asText())
        .isEqualTo(Json.write(Map.of("code", "x = 6\nprint('so')\nx * 7")));
    assertThat(provider.requests().getFirst().body().at("/tools/0/function/name").asText())
        .isEqualTo("code_interpreter");
  }

  private static JsonNode json(String text) {
    return Json.read(text, JsonNode.class);
  }

  @Test
  void variablesStayInTheThreadAndTracebacksReachTheModel() {
    var assistant = assistant("");
    provider.reply(code("x = 5"), Reply.text("Set."));
    var first = runs.run(assistant, "Set x");
    provider.reply(code("print(x)\nx / 0"), Reply.text("Oh."));

    var second = run(assistant, thread(first));

    assertThat(logs(second, 0)).startsWith("5\nTraceback").contains("ZeroDivisionError");
    assertThat(second.status()).isEqualTo("completed");
  }

  @Test
  void inputAndOutputAreStreamedAndReplayedInTheShapeOfTheContract() {
    var assistant = assistant("");
    provider.reply(
        code("print('one', flush=True)\nimport time; time.sleep(0.3)\nprint('two')\n" + PICTURE),
        Reply.text("Done."));
    var thread = api.post("/v1/threads", "{}").id();

    List<SseStream.Frame> frames;
    try (var stream =
        api.stream(
            "/v1/threads/%s/runs".formatted(thread),
            "{\"assistant_id\": \"%s\", \"stream\": true}".formatted(assistant))) {
      frames = stream.rest();
    }

    var path = "/v1/threads/%s/runs/%s".formatted(thread, runOf(frames));
    var call = api.get(path + "/steps?order=asc").json().at("/data/0/step_details/tool_calls/0");
    assertThat(call.at("/code_interpreter/outputs")).hasSize(2);
    assertThat(call.at("/code_interpreter/outputs/1/type").asText()).isEqualTo("image");
    assertThat(folded(frames)).isEqualTo(call);
    assertThat(
            frames.stream()
                .filter(frame -> "thread.run.step.delta".equals(frame.event()))
                .map(frame -> frame.json().at("/delta/step_details/tool_calls/0"))
                .filter(delta -> delta.at("/code_interpreter/outputs/0/logs").isTextual()))
        .hasSizeGreaterThan(1);
    try (var replayed = api.events(path + "/events")) {
      assertThat(folded(replayed.rest())).isEqualTo(call);
    }
  }

  private static String runOf(List<SseStream.Frame> frames) {
    return frames.stream()
        .filter(frame -> "thread.run.created".equals(frame.event()))
        .findFirst()
        .orElseThrow()
        .json()
        .path("id")
        .asText();
  }

  /** The content of the message, put together from deltas as SDKs do it. */
  private static JsonNode foldedContent(List<SseStream.Frame> frames) {
    var all = new EventAccumulator();
    frames.stream()
        .filter(frame -> frame.event() != null && !frame.isDone())
        .forEach(frame -> all.add(frame.event(), frame.json()));
    return all.firstMessage().path("content");
  }

  /** The first call of the first step, put together from deltas as SDKs do it. */
  private static JsonNode folded(List<SseStream.Frame> frames) {
    var all = new EventAccumulator();
    frames.stream()
        .filter(frame -> frame.event() != null && !frame.isDone())
        .forEach(frame -> all.add(frame.event(), frame.json()));
    return all.firstStep().at("/step_details/tool_calls/0");
  }

  @Test
  void filesOfTheAssistantAndTheThreadAreThereAndWhatCodeWritesBelongsToTheThread()
      throws Exception {
    var thread = api.post("/v1/threads", "{}").id();
    var project = project(thread);
    var one = upload(project, "data.csv", "a\n1\n");
    var two = upload(project, "data.csv", "b\n2\n");
    var assistant =
        assistant(
            "\"tool_resources\": {\"code_interpreter\": {\"file_ids\": [\"%s\"]}},"
                .formatted(one.value()));
    api.post(
        "/v1/threads/" + thread,
        "{\"tool_resources\": {\"code_interpreter\": {\"file_ids\": [\"%s\"]}}}"
            .formatted(two.value()));
    provider.reply(
        code(
            "import os\nprint(sorted(os.listdir('.')))\nos.makedirs('out')\n"
                + "open('out/sum.txt', 'w').write('3'); os.remove('data (2).csv')"),
        Reply.text("Done."));

    var run = run(assistant, thread);

    assertThat(logs(run, 0))
        .startsWith("['data (2).csv', 'data.csv']\n")
        .contains("[Files in /mnt/data: data.csv, data (2).csv.]");
    var made =
        jdbc.list(
            "SELECT path, file_id FROM code_files WHERE thread_id = ? ORDER BY path",
            row -> row.text("path") + " " + (row.text("file_id") == null ? "-" : "+"),
            thread);
    assertThat(made).containsExactly("data (2).csv -", "data.csv +", "out/sum.txt +");
    var sum =
        jdbc.one(
                "SELECT file_id FROM code_files WHERE thread_id = ? AND path = 'out/sum.txt'",
                row -> row.text("file_id", FileId::new),
                thread)
            .orElseThrow();
    var stored = files.get(project, sum);
    assertThat(stored.purpose()).isEqualTo(FilePurpose.ASSISTANTS_OUTPUT);
    assertThat(stored.filename()).isEqualTo("sum.txt");
    assertThat(stored.threadId()).isEqualTo(new ThreadId(thread));

    // A node that has no session of the thread restores the files, and says what is lost.
    sandbox.close(thread);
    provider.reply(
        code("import os\n(sorted(os.listdir('.')), open('out/sum.txt').read())"),
        Reply.text("Still there."));
    var later = run(assistant, thread);
    assertThat(logs(later, 0))
        .startsWith("(['data.csv', 'out'], '3')\n")
        .contains("variables and imports of earlier calls are lost");

    assertThat(api.delete("/v1/threads/" + thread).status()).isEqualTo(200);
    assertThat(files.find(project, sum)).isEmpty();
    assertThat(files.find(project, one)).isPresent();
    assertThat(sandbox.find(thread)).isEmpty();
  }

  @Test
  void linksToFilesBecomeAnnotationsAndFiguresPartsOfTheMessageStreamedAndReplayed() {
    var answer =
        "☔ [a](sandbox:/mnt/data/a (1).csv), sandbox:/mnt/data/b.csv. sandbox:/mnt/data/none.csv"
            + " and [c](sandbox:/mnt/data/a%20(1).csv).";
    provider.reply(
        code("open('a (1).csv', 'w').write('x'); open('b.csv', 'w').write('y')\n" + PICTURE),
        Reply.text(answer));
    var assistant = assistant("");
    var thread = api.post("/v1/threads", "{}").id();

    List<SseStream.Frame> frames;
    try (var stream =
        api.stream(
            "/v1/threads/%s/runs".formatted(thread),
            "{\"assistant_id\": \"%s\", \"stream\": true}".formatted(assistant))) {
      frames = stream.rest();
    }

    var content = api.get("/v1/threads/%s/messages".formatted(thread)).json().at("/data/0/content");
    assertThat(content.at("/0/text/value").asText()).isEqualTo(answer);
    var annotations = content.at("/0/text/annotations");
    assertThat(annotations.findValuesAsText("text"))
        .containsExactly(
            "sandbox:/mnt/data/a (1).csv",
            "sandbox:/mnt/data/b.csv",
            "sandbox:/mnt/data/a%20(1).csv");
    for (var annotation : annotations) {
      assertThat(annotation.path("type").asText()).isEqualTo("file_path");
      int start = answer.offsetByCodePoints(0, annotation.path("start_index").asInt());
      int end = answer.offsetByCodePoints(0, annotation.path("end_index").asInt());
      assertThat(answer.substring(start, end)).isEqualTo(annotation.path("text").asText());
      var file = new FileId(annotation.at("/file_path/file_id").asText());
      assertThat(files.find(project(thread), file)).isPresent();
    }
    assertThat(annotations.at("/0/file_path")).isEqualTo(annotations.at("/2/file_path"));
    assertThat(content).hasSize(2);
    assertThat(content.at("/1/type").asText()).isEqualTo("image_file");
    var run = "/v1/threads/%s/runs/%s".formatted(thread, runOf(frames));
    assertThat(content.at("/1/image_file/file_id"))
        .isEqualTo(
            api.get(run + "/steps?order=asc")
                .json()
                .at("/data/0/step_details/tool_calls/0/code_interpreter/outputs/1/image/file_id"));
    assertThat(foldedContent(frames)).isEqualTo(content);
    try (var replayed = api.events(run + "/events")) {
      assertThat(foldedContent(replayed.rest())).isEqualTo(content);
    }
  }

  @Test
  void aRunThatWaitedForItsClientStillShowsTheFiguresOfEarlierCalls() {
    provider.reply(code(PICTURE), Reply.call("ask_user", "{}"), Reply.text("Here it is."));
    var assistant =
        runs.assistant(
            "gpt-4o",
            "",
            "{\"type\": \"code_interpreter\"}",
            """
            {"type": "function",
             "function": {"name": "ask_user", "parameters": {"type": "object"}}}""");

    var waiting = runs.run(assistant, "Draw.");
    var ended = runs.submit(waiting, "Go on.");

    assertThat(ended.status()).isEqualTo("completed");
    var message =
        api.get("/v1/threads/%s/messages?limit=1".formatted(ended.run().path("thread_id").asText()))
            .json()
            .at("/data/0/content");
    assertThat(message.findValuesAsText("type")).containsExactly("text", "image_file");
  }

  @Test
  void codeThatIsWrittenWithoutJsonRunsAndAnEmptyCallIsAnsweredWithAnError() {
    provider.reply(
        Reply.call("code_interpreter", "print(1 + 1)"),
        Reply.call("code_interpreter", "{}"),
        Reply.text("Done."));

    var run = runs.run(assistant(""), "Go");

    assertThat(logs(run, 0)).isEqualTo("2\n");
    assertThat(logs(run, 1)).contains("no_code");
  }

  @Test
  void aToolThatIsSwitchedOffIsNotOffered() {
    provider.reply(Reply.text("No tools."));
    var assistant =
        runs.assistant("gpt-4o", "", "{\"type\": \"code_interpreter\", \"enabled\": false}");

    runs.run(assistant, "Go");

    assertThat(provider.lastRequest().body().path("tools").size()).isZero();
  }
}
