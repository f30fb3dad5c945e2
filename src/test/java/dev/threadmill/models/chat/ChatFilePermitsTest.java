package dev.threadmill.models.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.heap.MemoryPermits;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How much heap the files of chat completions get. */
@Timeout(30)
class ChatFilePermitsTest {
  private static final ProjectId ONE = new ProjectId("proj_" + "a".repeat(24));
  private static final ProjectId OTHER = new ProjectId("proj_" + "b".repeat(24));
  private static final long LARGE = 1L << 20;

  /** Room for four large files, three of one project. */
  private final ChatFilePermits permits =
      new ChatFilePermits(new MemoryPermits(4 * 4 * LARGE), Duration.ofMillis(200));

  @Test
  void aProjectWithManyFilesLeavesRoomForOthers() throws InterruptedException {
    var first = permits.acquire(ONE, LARGE);
    permits.acquire(ONE, 2 * LARGE);

    assertThatThrownBy(() -> permits.acquire(ONE, LARGE))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("too many large files");
    permits.acquire(OTHER, LARGE).close();

    first.close();
    permits.acquire(ONE, LARGE).close();
  }

  @Test
  void filesThatAreLargerThanAllTheRoomAreReadOneAfterTheOther() throws InterruptedException {
    var huge = permits.acquire(ONE, 100 * LARGE);

    assertThatThrownBy(() -> permits.acquire(OTHER, LARGE)).isInstanceOf(ApiException.class);
    huge.close();
    permits.acquire(OTHER, LARGE).close();
  }

  @Test
  void smallFilesDoNotWait() throws InterruptedException {
    permits.acquire(ONE, 100 * LARGE);

    permits.acquire(ONE, 1_000).close();
  }

  @Test
  void noFileIsReadBeforeThereIsRoomForAllOfARequest() throws InterruptedException {
    var read = new ArrayList<Long>();
    var parts = new RequestParts((_, _, references) -> files(references, read), permits);
    var held = permits.acquire(OTHER, 3 * LARGE);

    assertThatThrownBy(() -> parts.load(ONE, MODEL, REQUEST))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("too many large files");
    assertThat(read).isEmpty();

    held.close();
    var loaded = parts.load(ONE, MODEL, REQUEST);
    assertThat(read).hasSize(2);
    assertThatThrownBy(() -> permits.acquire(OTHER, 3 * LARGE)).isInstanceOf(ApiException.class);
    loaded.permit().close();
    permits.acquire(OTHER, 3 * LARGE).close();
  }

  private static final ModelInfo MODEL =
      new ModelInfo("reader", "test", 100_000, 100, true, false, false, false);

  private static final ModelRequest REQUEST =
      new ModelRequest(
          "reader",
          List.of(
              new ModelMessage.User(
                  List.of(new ModelPart.File("file-1", null), new ModelPart.File("file-2", null)))),
          List.of(),
          null,
          false,
          null,
          null,
          null,
          100,
          null);

  private static List<ChatFiles.Found> files(
      List<ChatFiles.Reference> references, List<Long> read) {
    return references.stream().<ChatFiles.Found>map(_ -> file(read)).toList();
  }

  private static ChatFiles.Found file(List<Long> read) {
    return new ChatFiles.Found() {
      @Override
      public long characters() {
        return LARGE;
      }

      @Override
      public ModelPart load(ChatFiles.Left left) {
        read.add(left.characters());
        return new ModelPart.Text("text");
      }
    };
  }
}
