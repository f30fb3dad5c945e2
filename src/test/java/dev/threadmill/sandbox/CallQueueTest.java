package dev.threadmill.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.threadmill.api.ProjectId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class CallQueueTest {
  private static final ProjectId BUSY = new ProjectId("proj_busy");
  private static final ProjectId QUIET = new ProjectId("proj_quiet");

  private final CallQueue queue = new CallQueue(2, 3);
  private final List<String> granted = Collections.synchronizedList(new ArrayList<>());

  private Thread request(ProjectId project, String name) {
    var thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    queue.acquire(project);
                    granted.add(name);
                  } catch (SandboxException | InterruptedException e) {
                    granted.add(name + " refused");
                  }
                });
    await().until(() -> granted.contains(name) || thread.getState() == Thread.State.WAITING);
    return thread;
  }

  @Test
  void theNextPlaceGoesToTheProjectWithTheFewestCalls() throws Exception {
    request(BUSY, "busy 1");
    request(BUSY, "busy 2");
    request(BUSY, "busy 3");
    request(QUIET, "quiet 1");
    assertThat(granted).containsExactly("busy 1", "busy 2");
    queue.release(BUSY);
    await().until(() -> granted.size() == 3);
    assertThat(granted).endsWith("quiet 1");
    queue.release(BUSY);
    await().until(() -> granted.size() == 4);
    assertThat(granted).endsWith("busy 3");
  }

  @Test
  void tooManyCallsOfAProjectAreRefusedAndOneThatLeavesMakesRoom() throws Exception {
    request(BUSY, "1");
    request(BUSY, "2");
    request(BUSY, "3");
    var leaves = request(BUSY, "4");
    request(BUSY, "5");
    assertThatThrownBy(() -> queue.acquire(BUSY)).hasMessageContaining("Too many calls");
    leaves.interrupt();
    await().until(() -> granted.contains("4 refused"));
    request(BUSY, "6");
    assertThat(granted).doesNotContain("6", "6 refused");
  }
}
