package dev.threadmill.api.heap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.WorkOwner;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class AnswerMemoryTest {
  private static final long LARGE = 1_500_000;

  private final MemoryPermits large = new MemoryPermits(8 << 20);
  private final AnswerMemory.Permits permits =
      new AnswerMemory.Permits(new MemoryPermits(1 << 20), large);
  private final List<Long> allowed = new ArrayList<>();

  private AnswerMemory request() {
    return AnswerMemory.of(permits, new AnswerMemory.Held(() -> false));
  }

  private String load(AnswerMemory memory, long characters) {
    return memory.load(
        maxCharacters -> {
          allowed.add(maxCharacters);
          return new AnswerMemory.Loaded<>(
              characters <= maxCharacters ? "content" : null, characters);
        });
  }

  @Test
  void whatIsLargeIsLoadedASecondTimeUnderAPermitForAllOfIt() {
    assertThat(load(request(), LARGE)).isEqualTo("content");

    assertThat(allowed).hasSize(2).last().satisfies(max -> assertThat(max).isGreaterThan(LARGE));
  }

  @Test
  void smallAnswersOfAnyNumberOfRequestsAreLoadedOnceAndHoldNothing() {
    for (int i = 0; i < 100; i++) {
      assertThat(load(request(), 10_000)).isEqualTo("content");
    }

    assertThat(allowed).hasSize(100);
  }

  @Test
  void anAnswerHoldsAsMuchAsItHasUntilItIsWritten() throws Exception {
    var first = request();
    load(first, LARGE);
    var second = inBackground("other", request());

    await().until(() -> large.waiting("other") == 1);
    assertThat(load(request(), 100_000)).as("a medium one").isEqualTo("content");
    assertThat(second).isNotDone();

    first.release();
    assertThat(second.get(10, TimeUnit.SECONDS)).isEqualTo("content");
  }

  @Test
  void whatFailsToLoadHoldsNothing() {
    for (int i = 0; i < 10; i++) {
      assertThatThrownBy(
              () ->
                  request()
                      .load(
                          _ -> {
                            throw new IllegalStateException("broken");
                          }))
          .hasMessage("broken");
    }

    assertThat(load(request(), LARGE)).isEqualTo("content");
  }

  @Test
  void aRequestWhoseClientIsGoneWaitsNoLonger() {
    load(request(), LARGE);
    var gone = AnswerMemory.of(permits, new AnswerMemory.Held(() -> large.waiting("") > 0));

    assertThatThrownBy(() -> load(gone, LARGE)).isInstanceOf(ApiException.class);
    assertThat(large.waiting("")).isZero();
  }

  @Test
  void aRequestThatIsOverHoldsNothing() {
    var over = new AnswerMemory.Held(() -> false);
    over.end();
    load(AnswerMemory.of(permits, over), LARGE);

    assertThat(load(request(), LARGE)).isEqualTo("content");
  }

  @Test
  void requestsBeyondThoseThatMayWaitAreRefusedAtOnce() {
    load(request(), LARGE);
    var waiting = new ArrayList<CompletableFuture<String>>();
    for (int i = 0; i < AnswerMemory.MAX_WAITING; i++) {
      waiting.add(inBackground("greedy", request()));
    }
    await().until(() -> large.waiting("greedy") == AnswerMemory.MAX_WAITING);

    assertThatThrownBy(() -> WorkOwner.call("greedy", () -> load(request(), LARGE)))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.httpStatus()).isEqualTo(503));
    assertThat(large.waiting("other")).isZero();
  }

  private CompletableFuture<String> inBackground(String owner, AnswerMemory memory) {
    var result = new CompletableFuture<String>();
    Thread.startVirtualThread(
        () ->
            WorkOwner.run(
                owner,
                () -> {
                  try {
                    result.complete(
                        memory.load(
                            max ->
                                new AnswerMemory.Loaded<>(LARGE <= max ? "content" : null, LARGE)));
                  } catch (RuntimeException e) {
                    result.completeExceptionally(e);
                  }
                }));
    return result;
  }
}
