package dev.threadmill.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Sha256;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files over HTTP. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(180)
class FilesApiTest {
  private static final int MB = 1 << 20;

  private final ApiClient user = ApiClient.user();
  @Inject Jdbc jdbc;
  @Inject FileCleanup cleanup;

  private ApiClient.Response upload(ApiClient caller, String filename, String content) {
    return new FormBody()
        .field("purpose", "assistants")
        .file("file", filename, content)
        .post(caller, "/v1/files");
  }

  @Test
  void aFileIsUploadedListedReadAndDeleted() {
    var caller = ApiClient.stranger();

    var created = upload(caller, "notes.txt", "Hello");

    assertThat(created.status()).as(created.text()).isEqualTo(200);
    assertThat(created.json().properties().stream().map(Map.Entry::getKey))
        .containsExactly("id", "object", "bytes", "created_at", "filename", "purpose", "status");
    assertThat(created.id()).startsWith("file-");
    assertThat(created.json().path("object").asText()).isEqualTo("file");
    assertThat(created.json().path("bytes").asInt()).isEqualTo(5);
    assertThat(created.json().path("filename").asText()).isEqualTo("notes.txt");
    assertThat(created.json().path("purpose").asText()).isEqualTo("assistants");
    assertThat(created.json().path("status").asText()).isEqualTo("processed");
    var path = "/v1/files/" + created.id();
    assertThat(caller.get(path).json()).isEqualTo(created.json());
    assertThat(caller.get("/v1/files").json().path("data")).containsExactly(created.json());
    assertThat(caller.get(path + "/content").text()).isEqualTo("Hello");
    var deleted = caller.delete(path);
    assertThat(deleted.text())
        .isEqualTo("{\"id\":\"%s\",\"object\":\"file\",\"deleted\":true}".formatted(created.id()));
    assertThat(caller.get(path).status()).isEqualTo(404);
    assertThat(caller.get(path + "/content").status()).isEqualTo(404);
    assertThat(caller.delete(path).status()).isEqualTo(404);
    assertThat(caller.get("/v1/files").json().path("data")).isEmpty();
  }

  @Test
  void aFileOfAnotherProjectIsNotFound() {
    var created = upload(user, "a.txt", "a");
    var stranger = ApiClient.stranger();

    assertThat(stranger.get("/v1/files/" + created.id()).status()).isEqualTo(404);
    assertThat(stranger.get("/v1/files/" + created.id() + "/content").status()).isEqualTo(404);
    assertThat(stranger.delete("/v1/files/" + created.id()).status()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v2", "/openai/v1", "/openai", "/v26/private/acme"})
  void theOtherNamesOfTheApiTakeFiles(String prefix) {
    var created =
        new FormBody()
            .file("file", "a.txt", "a")
            .field("purpose", "assistant")
            .post(user, prefix + "/files?api-version=2024-05-01-preview");

    assertThat(created.status()).as(created.text()).isEqualTo(200);
    assertThat(created.json().path("purpose").asText()).isEqualTo("assistants");
    assertThat(user.get(prefix + "/files/" + created.id() + "/content").text()).isEqualTo("a");
  }

  @Test
  void aListIsPagedAndFilteredByPurpose() {
    var caller = ApiClient.stranger();
    var first = upload(caller, "1.txt", "1").id();
    var second =
        new FormBody()
            .field("purpose", "vision")
            .file("file", "2.png", "2")
            .post(caller, "/v1/files")
            .id();
    var third = upload(caller, "3.txt", "3").id();

    var page = caller.get("/v1/files?limit=2&order=asc").json();
    assertThat(page.path("data"))
        .extracting(f -> f.path("id").asText())
        .containsExactly(first, second);
    assertThat(page.path("has_more").asBoolean()).isTrue();
    assertThat(caller.get("/v1/files?order=asc&after=" + second).json().path("data"))
        .extracting(f -> f.path("id").asText())
        .containsExactly(third);
    assertThat(caller.get("/v1/files?purpose=vision&limit=10000").json().path("data"))
        .extracting(f -> f.path("id").asText())
        .containsExactly(second);
    assertThat(caller.get("/v1/files?limit=10001").status()).isEqualTo(400);
    assertThat(caller.get("/v1/files?purpose=other").status()).isEqualTo(400);
  }

  @Test
  void aFileExpiresWhenItsTimeHasCome() {
    var created =
        new FormBody()
            .field("purpose", "user_data")
            .field("expires_after[anchor]", "created_at")
            .field("expires_after[seconds]", "3600")
            .file("file", "a.txt", "a")
            .post(user, "/v1/files");

    assertThat(created.status()).as(created.text()).isEqualTo(200);
    assertThat(created.json().path("expires_at").asLong())
        .isEqualTo(created.json().path("created_at").asLong() + 3600);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "purpose=assistants                                             | file",
        "file=a                                                         | purpose",
        "file=a;purpose=other                                           | purpose",
        "file=a;purpose=assistants_output                               | purpose",
        "file=a;purpose=assistants;color=red                            | color",
        "file=a;purpose=assistants;purpose=batch                        | purpose",
        "file=a;file=b;purpose=assistants                               | file",
        "file=a;purpose=batch;expires_after[seconds]=3600               | expires_after[anchor]",
        "file=a;purpose=batch;expires_after[anchor]=created_at          | expires_after[seconds]",
        "file=a;purpose=batch;expires_after[anchor]=x;expires_after[seconds]=3600 | expires_after[anchor]",
        "file=a;purpose=batch;expires_after[anchor]=created_at;expires_after[seconds]=60 | expires_after[seconds]",
        "file=a;purpose=batch;expires_after[anchor]=created_at;expires_after[seconds]=soon | expires_after[seconds]",
      })
  void aFormThatIsWrongIsRefusedAndLeavesNothing(String fields, String param) {
    var caller = ApiClient.stranger();
    var form = new FormBody();
    for (var field : fields.strip().split(";")) {
      var parts = field.split("=", 2);
      if (parts[0].equals("file")) {
        form.file("file", "a.txt", parts[1]);
      } else {
        form.field(parts[0], parts[1]);
      }
    }

    var refused = form.post(caller, "/v1/files");

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo(param.strip());
    assertThat(caller.get("/v1/files").json().path("data")).isEmpty();
  }

  @Test
  void aBodyThatIsNoFormIsRefused() {
    var form = user.with("Content-Type", FormBody.contentType());
    for (var body : new String[] {"", "no form", "--x\r\n\r\n", FormBody.end()}) {
      var refused = form.send("POST", "/v1/files", body.getBytes(StandardCharsets.UTF_8));
      assertThat(refused.status()).as(body + refused.text()).isEqualTo(400);
    }
    var cut =
        (FormBody.head("file", "a.txt", "text/plain") + "abc").getBytes(StandardCharsets.UTF_8);
    assertThat(form.send("POST", "/v1/files", cut).status()).isEqualTo(400);
    var withoutBoundary = user.with("Content-Type", "multipart/form-data");
    assertThat(withoutBoundary.send("POST", "/v1/files", cut).status()).isEqualTo(400);
    assertThat(user.post("/v1/files", "{}").status()).isEqualTo(415);
    cleanup.cleanUp();
    assertThat(
            jdbc.list("SELECT key FROM file_blobs WHERE state <> 'stored'", row -> row.text("key")))
        .isEmpty();
  }

  @Test
  void aKeyIsRequiredBeforeTheBodyIsRead() throws IOException {
    try (var socket = connect("POST /v1/files", "Bearer wrong-key-0123", 400L * MB)) {
      assertThat(statusLine(socket)).contains("401");
    }
  }

  @Test
  void aFileOfTwoGigabytesIsRefusedBeforeItIsRead() throws IOException {
    try (var socket = connect("POST /v1/files", key(), 2L << 30)) {
      assertThat(statusLine(socket)).contains("413");
    }
  }

  @Test
  void memoryStaysFlatWhileALargeFileIsReceived() throws IOException {
    long size = 300L * MB;
    var head = FormBody.head("file", "large.bin", "application/octet-stream");
    var tail =
        "\r\n"
            + new String(
                new FormBody().field("purpose", "user_data").bytes(), StandardCharsets.UTF_8);
    try (var socket = connect("POST /v1/files", key(), head.length() + size + tail.length())) {
      var out = socket.getOutputStream();
      out.write(head.getBytes(StandardCharsets.UTF_8));
      long before = usedHeap();
      var piece = new byte[MB];
      for (int i = 0; i < size / MB; i++) {
        out.write(piece);
      }
      long during = usedHeap();
      out.write(tail.getBytes(StandardCharsets.UTF_8));
      out.flush();

      assertThat(statusLine(socket)).contains("200");
      assertThat(during - before).isLessThan(32L * MB);
    }
    var newest = user.get("/v1/files?limit=1").json().at("/data/0");
    assertThat(newest.path("bytes").asLong()).isEqualTo(size);
    user.delete("/v1/files/" + newest.path("id").asText());
    cleanup.cleanUp();
  }

  private static long usedHeap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static String key() {
    return "Bearer " + ConfigProvider.getConfig().getValue("threadmill.keys.api-key", String.class);
  }

  private static Socket connect(String request, String key, long length) throws IOException {
    var uri = URI.create(ApiClient.base());
    var socket = new Socket(uri.getHost(), uri.getPort());
    socket.setSoTimeout(60_000);
    OutputStream out = socket.getOutputStream();
    out.write(
        """
        %s HTTP/1.1\r
        Host: localhost\r
        Authorization: %s\r
        Content-Type: %s\r
        Content-Length: %d\r
        \r
        """
            .formatted(request, key, FormBody.contentType(), length)
            .getBytes(StandardCharsets.UTF_8));
    out.flush();
    return socket;
  }

  private static String statusLine(Socket socket) throws IOException {
    var line = new StringBuilder();
    var in = socket.getInputStream();
    for (int c = in.read(); c >= 0 && c != '\r'; c = in.read()) {
      line.append((char) c);
    }
    return line.toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "../../../etc/passwd           | passwd",
        "C:\\\\fakepath\\\\report.docx | report.docx",
        "invoice\u202Efdp.exe          | invoicefdp.exe",
        "報告 2026.pdf                 | 報告 2026.pdf",
      })
  void namesAreKeptSafe(String given, String kept) {
    var created = upload(user, given.strip(), "x");

    assertThat(created.status()).as(created.text()).isEqualTo(200);
    assertThat(created.json().path("filename").asText()).isEqualTo(kept);
    var content = user.get("/v1/files/" + created.id() + "/content");
    assertThat(content.headers().firstValue("Content-Disposition").orElseThrow())
        .startsWith("attachment; filename=\"")
        .matches("[ -~]+");
  }

  @Test
  void aNameOfThreeHundredCharactersAndOneWithANulAreKeptSafe() {
    assertThat(upload(user, "n".repeat(300) + ".txt", "x").json().path("filename").asText())
        .hasSize(255)
        .endsWith(".txt");
    var withNul = upload(user, "a\0b.txt", "x");
    assertThat(withNul.status()).as(withNul.text()).isIn(200, 400);
    assertThat(withNul.json().path("filename").asText()).doesNotContain("\0");
  }

  @Test
  void twoFilesMayHaveTheSameName() {
    var one = upload(user, "same.txt", "one").id();
    var two = upload(user, "same.txt", "two").id();

    assertThat(user.get("/v1/files/" + one + "/content").text()).isEqualTo("one");
    assertThat(user.get("/v1/files/" + two + "/content").text()).isEqualTo("two");
  }

  @Test
  void aRangeOfTheContentIsSent() {
    var path = "/v1/files/" + upload(user, "a.txt", "0123456789").id() + "/content";

    var middle = user.with("Range", "bytes=2-4").get(path);
    assertThat(middle.status()).isEqualTo(206);
    assertThat(middle.text()).isEqualTo("234");
    assertThat(middle.headers().firstValue("Content-Range")).hasValue("bytes 2-4/10");
    assertThat(user.with("Range", "bytes=7-").get(path).text()).isEqualTo("789");
    assertThat(user.with("Range", "bytes=-3").get(path).text()).isEqualTo("789");
    assertThat(user.with("Range", "bytes=5-99").get(path).text()).isEqualTo("56789");
    var all = user.with("Range", "bytes=-99").get(path);
    assertThat(all.headers().firstValue("Content-Range")).hasValue("bytes 0-9/10");
    var tag = all.headers().firstValue("ETag").orElseThrow();
    assertThat(user.with("If-Range", tag).with("Range", "bytes=9-").get(path).text())
        .isEqualTo("9");
    assertThat(user.with("Range", "bytes=-0").get(path).status()).isEqualTo(416);
    var empty = "/v1/files/" + upload(user, "empty.txt", "").id() + "/content";
    assertThat(user.with("Range", "bytes=0-").get(empty).status()).isEqualTo(416);
    assertThat(user.get(empty).status()).isEqualTo(200);
    var beyond = user.with("Range", "bytes=10-").get(path);
    assertThat(beyond.status()).isEqualTo(416);
    assertThat(beyond.headers().firstValue("Content-Range")).hasValue("bytes */10");
    for (var ignored : new String[] {"bytes=4-2", "bytes=0-1,3-4", "lines=1-2", "bytes=x-"}) {
      assertThat(user.with("Range", ignored).get(path).status()).as(ignored).isEqualTo(200);
    }
  }

  @Test
  void unchangedContentIsNotSentAgain() {
    var path = "/v1/files/" + upload(user, "a.html", "<script>").id() + "/content";

    var first = user.get(path);
    var tag = first.headers().firstValue("ETag").orElseThrow();
    assertThat(tag).isEqualTo("\"" + Sha256.hex("<script>") + "\"");
    assertThat(first.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain");
    assertThat(first.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
    assertThat(first.headers().firstValue("Content-Disposition"))
        .hasValue("attachment; filename=\"a.html\"");
    var again = user.with("If-None-Match", "\"x\", " + tag).get(path);
    assertThat(again.status()).isEqualTo(304);
    assertThat(again.text()).isEmpty();
    var changed = user.with("If-Range", "\"other\"").with("Range", "bytes=0-1").get(path);
    assertThat(changed.status()).isEqualTo(200);
    var head = user.send("HEAD", path, null);
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.headers().firstValue("Content-Length")).hasValue("8");
  }

  @Test
  void aRepeatedUploadWithTheSameIdempotencyKeyIsOneFile() {
    var caller = ApiClient.stranger().with("Idempotency-Key", "upload-1");

    var first = upload(caller, "a.txt", "a");
    var second = upload(caller, "a.txt", "a");

    assertThat(second.text()).isEqualTo(first.text());
    assertThat(caller.get("/v1/files").json().path("data")).hasSize(1);
  }
}
