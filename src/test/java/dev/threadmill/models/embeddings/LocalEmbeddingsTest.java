package dev.threadmill.models.embeddings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.threadmill.models.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class LocalEmbeddingsTest {
  private static final List<String> TEXTS = List.of("one text", "another one", "and a third");

  @Test
  void closingEndsAllWaits() throws Exception {
    var embeddings = new LocalEmbeddings(LocalEmbeddings.Weights.MINILM, new ModelCache(null));
    embeddings.warmUp();
    var waiting = new ArrayList<Future<Integer>>();
    try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 50; i++) {
        waiting.add(clients.submit(() -> vectorsOrNone(embeddings)));
      }

      embeddings.close();

      for (var each : waiting) {
        assertThat(each.get()).isIn(0, TEXTS.size());
      }
    }
    assertThatThrownBy(() -> embeddings.embedQuery("too late"))
        .isInstanceOf(EmbeddingsClosedException.class);
  }

  /** ONNX Runtime frees its environment in a shutdown hook of its own. */
  @ParameterizedTest
  @ValueSource(ints = {200, 500, 900})
  void aProcessThatEndsWhileTheModelIsLoadedDoesNotCrash(int milliseconds) throws Exception {
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-CreateCoredumpOnCrash",
                "-cp",
                System.getProperty("java.class.path"),
                ExitWhileLoading.class.getName(),
                Integer.toString(milliseconds))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();

    assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
  }

  @Test
  void theEnvironmentOfTheRuntimeIsReferenced() {
    var reference = OnnxEnvironmentReference.take();

    assertThat(reference).isNotNull();
    reference.close();
  }

  @Test
  void textsWithoutAnyCharacterToReadAreEmbeddedLikeOthers() throws Exception {
    var embeddings = new LocalEmbeddings(LocalEmbeddings.Weights.MINILM, new ModelCache(null));
    var texts = List.of("\u0001\u0002\u0003", " ", "\u200b\u200d", "\ud800", "\ue000", "\u0301");

    assertThat(embeddings.embed(texts)).hasSize(texts.size()).allMatch(each -> each[0] == each[0]);

    embeddings.close();
  }

  @Test
  void aModelIsKeptInTheFormThatLoadsFastestAndADamagedFileIsReplaced(@TempDir Path folder)
      throws Exception {
    var cache = folder.resolve("models");
    var first = vector(cache);
    var kept = onlyFile(cache);
    long bytes = Files.size(kept);
    assertThat(vector(cache)).containsExactly(first, within(1e-4f));

    Files.write(kept, new byte[] {1, 2, 3});

    assertThat(vector(cache)).containsExactly(first, within(1e-4f));
    assertThat(onlyFile(cache)).isEqualTo(kept);
    assertThat(Files.size(kept)).isEqualTo(bytes);
  }

  @Test
  void aFolderThatCannotBeWrittenToLeavesTheModelAsItComes(@TempDir Path folder) throws Exception {
    var file = Files.writeString(folder.resolve("file"), "no folder");

    assertThat(vector(file.resolve("models"))).hasSize(384);
  }

  @Test
  void filesOfProcessesThatEndedWhileTheyWroteAreDeleted(@TempDir Path folder) throws Exception {
    var old = Files.createFile(folder.resolve("model-1.tmp"));
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
    var recent = Files.createFile(folder.resolve("model-2.tmp"));

    vector(folder);

    assertThat(old).doesNotExist();
    assertThat(recent).exists();
  }

  /** Linux fails every write to this device for lack of space. */
  @Test
  void aModelIsLoadedThoughTheDiskIsFull(@TempDir Path folder) throws Exception {
    var full =
        new ModelCache(
            folder.resolve("models"),
            _ -> Files.createSymbolicLink(folder.resolve("link"), Path.of("/dev/full")));

    assertThat(vector(full)).hasSize(384);

    assertThat(folder.resolve("link")).doesNotExist();
  }

  private static float[] vector(Path cache) throws InterruptedException {
    return vector(new ModelCache(cache));
  }

  private static float[] vector(ModelCache cache) throws InterruptedException {
    var embeddings = new LocalEmbeddings(LocalEmbeddings.Weights.MINILM, cache);
    try {
      return embeddings.embedQuery("one text");
    } finally {
      embeddings.close();
    }
  }

  private static Path onlyFile(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      var all = files.toList();
      assertThat(all).hasSize(1);
      return all.getFirst();
    }
  }

  private static int vectorsOrNone(LocalEmbeddings embeddings) throws InterruptedException {
    try {
      return embeddings.embed(TEXTS).size();
    } catch (ModelException e) {
      return 0;
    }
  }
}
