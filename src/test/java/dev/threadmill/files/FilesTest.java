package dev.threadmill.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.Sha256;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.files.storage.BlobStore;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.SettableClock;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class FilesTest {
  @Inject Files files;
  @Inject FileCleanup cleanup;
  @Inject IncomingFolder incoming;
  @Inject BlobLedger ledger;
  @Inject Blobs blobs;
  @Inject BlobStore blobStore;
  @Inject Jdbc jdbc;
  @Inject Ids ids;
  @Inject SettableClock clock;

  private ProjectId project;

  @BeforeEach
  void useAProjectOfItsOwn() {
    project = ids.project();
  }

  @AfterEach
  void resetTheClock() {
    clock.reset();
  }

  private StoredFile create(String name, String content) throws IOException {
    return create(new NewFile(name, FilePurpose.ASSISTANTS, null, null, null), content);
  }

  private StoredFile create(NewFile file, String content) throws IOException {
    return files.create(project, file, bytes(content));
  }

  private static InputStream bytes(String content) {
    return new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8));
  }

  private String content(StoredFile file) throws IOException {
    try (var in = files.open(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private List<String> blobStates() {
    return jdbc.list(
        "SELECT state FROM file_blobs WHERE project_id = ?", row -> row.text("state"), project);
  }

  @Test
  void aFileIsReadAsItWasCreated() throws IOException {
    var created = create("../a.txt", "Hello, Welt.");

    var found = files.find(project, created.id()).orElseThrow();

    assertThat(found).isEqualTo(created);
    assertThat(found.id().value()).startsWith("file-");
    assertThat(Ids.timeOf(found.id().value())).isPresent();
    assertThat(found.filename()).isEqualTo("a.txt");
    assertThat(found.contentType()).isEqualTo("text/plain");
    assertThat(found.bytes()).isEqualTo(12);
    assertThat(found.sha256()).isEqualTo(Sha256.hex("Hello, Welt."));
    assertThat(content(found)).isEqualTo("Hello, Welt.");
    try (var part = files.open(found, 7, 4)) {
      assertThat(part.readAllBytes()).isEqualTo("Welt".getBytes(StandardCharsets.UTF_8));
    }
    try (var local = files.local(found)) {
      assertThat(local.path()).hasContent("Hello, Welt.");
    }
    assertThat(ledger.usedBytes(project)).isEqualTo(12);
  }

  @Test
  void anEmptyFileIsAFile() throws IOException {
    assertThat(content(create("empty.txt", ""))).isEmpty();
  }

  @Test
  void aFileOfAnotherProjectIsNotFound() throws IOException {
    var created = create("a.txt", "a");

    assertThat(files.find(ids.project(), created.id())).isEmpty();
    assertThat(files.delete(ids.project(), created.id())).isFalse();
    assertThat(files.findAll(project, List.of(created.id(), new FileId("file-none"))))
        .containsExactly(created);
  }

  @Test
  void aDeletedFileLeavesTheDiskAndTheSumOfItsProject() throws IOException {
    var created = create("a.txt", "abc");
    var kept = create("b.txt", "de");

    assertThat(files.delete(project, created.id())).isTrue();
    cleanup.cleanUp();

    assertThat(files.find(project, created.id())).isEmpty();
    assertThat(files.delete(project, created.id())).isFalse();
    assertThatThrownBy(() -> files.open(created)).isInstanceOf(NoSuchFileException.class);
    assertThat(blobStore.localPath(created.blob()).orElseThrow()).doesNotExist();
    assertThat(ledger.usedBytes(project)).isEqualTo(2);
    assertThat(blobStates()).containsExactly("stored");
    assertThat(content(kept)).isEqualTo("de");
  }

  @Test
  void anExpiredFileIsGoneAtOnceAndItsContentSoonAfter() throws IOException {
    var file = new NewFile("a.txt", FilePurpose.USER_DATA, null, Duration.ofHours(1), null);
    var created = create(file, "abc");

    clock.advance(Duration.ofHours(2));
    assertThat(files.find(project, created.id())).isEmpty();
    cleanup.cleanUp();

    assertThat(blobStore.localPath(created.blob()).orElseThrow()).doesNotExist();
    assertThat(ledger.usedBytes(project)).isZero();
  }

  @Test
  void contentThatBreaksOffLeavesNothing() {
    var broken =
        new InputStream() {
          private int left = 100_000;

          @Override
          public int read() throws IOException {
            if (left-- <= 0) {
              throw new IOException("connection reset");
            }
            return 'x';
          }
        };

    assertThatThrownBy(
            () ->
                files.create(
                    project, new NewFile("a", FilePurpose.ASSISTANTS, null, null, null), broken))
        .isInstanceOf(IOException.class);
    cleanup.cleanUp();

    assertThat(blobStates()).isEmpty();
    assertThat(ledger.usedBytes(project)).isZero();
  }

  @Test
  void aFileThatIsTooLargeLeavesNothing() {
    assertThatThrownBy(() -> blobs.receive(project, bytes("12345"), 0, 4))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.httpStatus()).isEqualTo(413));
    cleanup.cleanUp();

    assertThat(blobStates()).isEmpty();
    assertThat(ledger.usedBytes(project)).isZero();
  }

  @Test
  void aProjectThatIsFullTakesNoFile() throws IOException {
    var file = new NewFile("a", FilePurpose.ASSISTANTS, null, null, null);
    create(file, "abc");
    jdbc.update("UPDATE file_usage SET bytes = 107374182398 WHERE project_id = ?", project);

    assertThat(create(file, "de").bytes()).isEqualTo(2);
    assertThatThrownBy(() -> create(file, "f"))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.httpStatus()).isEqualTo(429));
    assertThat(ledger.usedBytes(project)).isEqualTo(107374182400L);
  }

  @Test
  void filesThatAreSentAtOnceDoNotExceedTheLimitTogether() {
    var file = new NewFile("a", FilePurpose.ASSISTANTS, null, null, null);
    jdbc.update(
        "INSERT INTO file_usage (project_id, bytes, blobs, max_bytes) VALUES (?, 0, 0, 25)",
        project);

    var statuses =
        IntStream.range(0, 12)
            .mapToObj(
                _ ->
                    CompletableFuture.supplyAsync(
                        () -> {
                          try {
                            create(file, "0123456789");
                            return 200;
                          } catch (ApiException e) {
                            return e.httpStatus();
                          } catch (IOException e) {
                            throw new UncheckedIOException(e);
                          }
                        }))
            .toList()
            .stream()
            .map(CompletableFuture::join)
            .toList();

    assertThat(statuses).containsOnly(200, 429);
    assertThat(statuses).filteredOn(status -> status == 200).hasSize(2);
    assertThat(ledger.usedBytes(project)).isEqualTo(20);
  }

  @Test
  void theBlobOfANodeThatStoppedWhileItWroteIsRemoved() throws IOException {
    var key = ledger.reserve(project, 500, null);
    var partial = blobStore.incoming().resolve(key);
    java.nio.file.Files.writeString(partial, "half of");

    cleanup.cleanUp();
    assertThat(partial).exists();
    jdbc.update("UPDATE file_blobs SET leased_until = now() - interval '1 s' WHERE key = ?", key);
    cleanup.cleanUp();

    assertThat(partial).doesNotExist();
    assertThat(blobStates()).isEmpty();
    assertThat(ledger.usedBytes(project)).isZero();
    assertThatThrownBy(() -> ledger.renew(project, key, 1)).isInstanceOf(ApiException.class);
  }

  @Test
  void whatANodeLeftInTheIncomingFolderIsRemovedAfterAnHour() throws IOException {
    var writing = ledger.reserve(project, 5, null);
    var blob = java.nio.file.Files.writeString(blobStore.incoming().resolve(writing), "hello");
    var left = java.nio.file.Files.writeString(blobStore.incoming().resolve("left" + writing), "x");
    var copy =
        java.nio.file.Files.writeString(blobStore.incoming().resolve("copy-" + writing), "x");
    var now = Instant.now();

    incoming.removeAbandoned(now);
    assertThat(left).exists();
    incoming.removeAbandoned(now.plus(Duration.ofMinutes(61)));
    assertThat(left).doesNotExist();
    assertThat(blob).exists();
    assertThat(copy).exists();
    incoming.removeAbandoned(now.plus(Duration.ofHours(25)));
    assertThat(copy).doesNotExist();
    ledger.abandon(writing);
  }

  @Test
  void aThreadTakesItsOwnFilesWithIt() throws IOException {
    var thread = new ThreadId("thread_" + project.value());
    var own = create(new NewFile("a", FilePurpose.ASSISTANTS_OUTPUT, null, null, thread), "a");
    var other = create("b", "b");

    jdbc.runInTransaction(tx -> files.deleteOfThread(tx, thread));

    assertThat(files.find(project, own.id())).isEmpty();
    assertThat(files.find(project, other.id())).isPresent();
  }
}
