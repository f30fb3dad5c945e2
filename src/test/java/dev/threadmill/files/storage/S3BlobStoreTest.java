package dev.threadmill.files.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.threadmill.api.InvalidSettingException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.core.exception.SdkException;

/** Blobs in a bucket of a server that speaks as much of the protocol of S3 as is needed. */
class S3BlobStoreTest {
  private static final String KEY = "0123456789abcdef";

  private final Map<String, byte[]> objects = new ConcurrentSkipListMap<>();
  private final AtomicInteger aborted = new AtomicInteger();
  private volatile boolean refusesParts;
  private volatile int listFailure;
  private volatile String listFailureCode;
  private HttpServer server;
  private S3BlobStore store;
  @TempDir Path folder;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    store = store("bucket");
  }

  @AfterEach
  void stop() {
    store.close();
    server.stop(0);
  }

  private S3BlobStore store(String bucket) throws IOException {
    return new S3BlobStore(BlobStores.client(config("secret")), bucket, "blobs/", folder);
  }

  private FilesConfig.S3 config(String secret) {
    return new FilesConfig.S3() {
      @Override
      public Optional<String> bucket() {
        return Optional.of("bucket");
      }

      @Override
      public Optional<String> endpoint() {
        return Optional.of("http://localhost:" + server.getAddress().getPort());
      }

      @Override
      public String region() {
        return "eu-central-1";
      }

      @Override
      public Optional<String> accessKey() {
        return Optional.of("key");
      }

      @Override
      public Optional<String> secretKey() {
        return Optional.ofNullable(secret);
      }

      @Override
      public Optional<String> prefix() {
        return Optional.of("blobs/");
      }
    };
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      var path = exchange.getRequestURI().getPath();
      var query = String.valueOf(exchange.getRequestURI().getQuery());
      var body = exchange.getRequestBody().readAllBytes();
      assertThat(exchange.getRequestHeaders().getFirst("Authorization"))
          .startsWith("AWS4-HMAC-SHA256 Credential=key/");
      switch (exchange.getRequestMethod()) {
        case "HEAD" -> send(exchange, path.startsWith("/bucket") ? 200 : 404, new byte[0]);
        case "DELETE" -> {
          if (query.contains("uploadId")) {
            aborted.incrementAndGet();
            objects.keySet().removeIf(name -> name.startsWith(path + "?"));
          } else {
            objects.remove(path);
          }
          send(exchange, 204, new byte[0]);
        }
        case "PUT" -> put(exchange, path, query, body);
        case "POST" -> post(exchange, path, query);
        default -> {
          if (query.contains("uploads")) {
            list(exchange);
          } else {
            get(exchange, objects.get(path));
          }
        }
      }
    }
  }

  private void put(HttpExchange exchange, String path, String query, byte[] body)
      throws IOException {
    if (query.contains("partNumber") && refusesParts) {
      send(exchange, 403, xml("<Error><Code>AccessDenied</Code></Error>"));
      return;
    }
    objects.put(query.contains("partNumber") ? path + "?" + query : path, body);
    exchange.getResponseHeaders().set("ETag", "\"tag\"");
    send(exchange, 200, new byte[0]);
  }

  private void post(HttpExchange exchange, String path, String query) throws IOException {
    if (query.contains("uploadId")) {
      var whole = new ByteArrayOutputStream();
      objects.forEach(
          (name, part) -> {
            if (name.startsWith(path + "?")) {
              whole.writeBytes(part);
            }
          });
      objects.keySet().removeIf(name -> name.startsWith(path + "?"));
      objects.put(path, whole.toByteArray());
      send(
          exchange,
          200,
          xml("<CompleteMultipartUploadResult><ETag>t</ETag></CompleteMultipartUploadResult>"));
    } else {
      send(
          exchange,
          200,
          xml(
              "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"));
    }
  }

  /** The uploads in parts that are not finished. */
  private void list(HttpExchange exchange) throws IOException {
    if (listFailure != 0) {
      send(exchange, listFailure, xml("<Error><Code>%s</Code></Error>".formatted(listFailureCode)));
      return;
    }
    var uploads = new StringBuilder();
    objects.keySet().stream()
        .filter(name -> name.contains("?"))
        .map(name -> name.substring("/bucket/".length(), name.indexOf('?')))
        .distinct()
        .forEach(
            key ->
                uploads.append(
                    "<Upload><Key>%s</Key><UploadId>u1</UploadId></Upload>".formatted(key)));
    send(
        exchange,
        200,
        xml("<ListMultipartUploadsResult>%s</ListMultipartUploadsResult>".formatted(uploads)));
  }

  private static void get(HttpExchange exchange, byte[] object) throws IOException {
    if (object == null) {
      send(exchange, 404, xml("<Error><Code>NoSuchKey</Code></Error>"));
      return;
    }
    var range = exchange.getRequestHeaders().getFirst("Range").substring(6).split("-");
    int to = Math.min(object.length, Integer.parseInt(range[1]) + 1);
    send(exchange, 206, Arrays.copyOfRange(object, Integer.parseInt(range[0]), to));
  }

  private static byte[] xml(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  private Path incoming(byte[] content) throws IOException {
    return Files.write(store.incoming().resolve(KEY), content);
  }

  @Test
  void aBlobIsStoredReadInPartsAndDeleted() throws IOException {
    var file = incoming(xml("0123456789"));

    store.store(KEY, file, () -> {});

    assertThat(file).doesNotExist();
    assertThat(objects).containsOnlyKeys("/bucket/blobs/" + KEY);
    try (var in = store.open(KEY, 2, 3)) {
      assertThat(in.readAllBytes()).isEqualTo(xml("234"));
    }
    assertThat(store.localPath(KEY)).isEmpty();
    store.delete(KEY, 10);
    assertThat(objects).isEmpty();
    assertThatThrownBy(() -> store.open(KEY, 0, 1)).isInstanceOf(NoSuchFileException.class);
    store.delete(KEY, 10);
  }

  @Test
  void thePartsThatAStoppedNodeHasSentAreRemovedWithTheBlob() throws IOException {
    objects.put("/bucket/blobs/" + KEY + "?partNumber=1&uploadId=u1", new byte[3]);
    objects.put("/bucket/blobs/" + KEY + "0?partNumber=1&uploadId=u1", new byte[3]);

    store.delete(KEY, (64 << 20) + 5);

    assertThat(objects).containsOnlyKeys("/bucket/blobs/" + KEY + "0?partNumber=1&uploadId=u1");
    assertThat(aborted).hasValue(1);
  }

  @ParameterizedTest
  @CsvSource({"403, AccessDenied, true", "501, NotImplemented, true", "500, InternalError, false"})
  void aBlobIsDeletedWithKeysThatMayNotListParts(int status, String code, boolean isDone)
      throws IOException {
    objects.put("/bucket/blobs/" + KEY, new byte[3]);
    listFailure = status;
    listFailureCode = code;

    if (isDone) {
      store.delete(KEY, (64 << 20) + 5);
    } else {
      // Parts may be left, so it is tried again.
      assertThatThrownBy(() -> store.delete(KEY, (64 << 20) + 5)).isInstanceOf(IOException.class);
    }

    assertThat(objects).isEmpty();
  }

  @Test
  void aLargeBlobIsSentInParts() throws IOException {
    var content = new byte[(64 << 20) + 5];
    content[content.length - 1] = 7;
    var progress = new AtomicInteger();

    store.store(KEY, incoming(content), progress::incrementAndGet);

    assertThat(progress).hasValue(2);
    try (var in = store.open(KEY, content.length - 2L, 2)) {
      assertThat(in.readAllBytes()).isEqualTo(new byte[] {0, 7});
    }
  }

  @Test
  void aLargeBlobThatCannotBeSentLeavesNoParts() throws IOException {
    refusesParts = true;
    var file = incoming(new byte[(64 << 20) + 5]);

    assertThatThrownBy(() -> store.store(KEY, file, () -> {})).isInstanceOf(IOException.class);
    assertThat(aborted).hasValue(1);
    assertThat(objects).isEmpty();
  }

  @Test
  void aBucketThatDoesNotExistIsFoundAtTheStart() throws IOException {
    store.check();
    try (var other = store("other")) {
      assertThatThrownBy(other::check).isInstanceOf(SdkException.class);
    }
  }

  @Test
  void aKeyWithoutItsSecretIsRefused() {
    assertThatThrownBy(() -> BlobStores.client(config(null)))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageContaining("THREADMILL_FILES_S3_SECRET_KEY");
  }
}
