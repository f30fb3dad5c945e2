package dev.threadmill.runs.context;

import dev.threadmill.api.MemoryPermits;
import dev.threadmill.runs.execution.LiveRun;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * The room that the prompts of all runs have in the heap, from the time when they are read to the
 * model's answer. Runs with large prompts, as pictures make them, wait for one another when there
 * are many: whoever takes over from a node that they have ended would be ended next.
 */
@ApplicationScoped
public class PromptPermits {
  private static final int PERCENT_OF_HEAP = 40;

  /** The texts, and the body of the request: written, and as it is sent. */
  private static final int COPIES = 4;

  /** What is told of the thread beside its messages, as a rule: the calls of tools. */
  private static final long BESIDE_MESSAGES = 64 * 1024;

  private static final int GROWTH = 4;

  /** What is smaller is not counted, nor does it wait behind what is large. */
  private static final long SMALL = 128 * 1024;

  private final MemoryPermits room = MemoryPermits.ofHeap(PERCENT_OF_HEAP);

  /** A place for the prompts of a run, one after the other; to be closed after each. */
  public Permit of(LiveRun live) {
    return new Permit(live);
  }

  /** What a run has of the room. */
  public final class Permit implements AutoCloseable {
    private final LiveRun live;
    private MemoryPermits.Permit taken;
    private long limit;

    private Permit(LiveRun live) {
      this.live = live;
    }

    /**
     * Takes room for a prompt, or waits until there is some.
     *
     * @param expected about how many characters it has
     * @return how many it may have, which is somewhat more
     * @throws InterruptedException if the run was stopped meanwhile
     */
    long acquireFor(long expected) throws InterruptedException {
      long most = Math.min(expected, PromptMessageReader.MOST_CHARACTERS);
      return take(Math.max(most + most / GROWTH + BESIDE_MESSAGES, limit));
    }

    /** Gives that back, and takes room for several times as many characters. */
    long grow() throws InterruptedException {
      return take(GROWTH * limit);
    }

    private long take(long characters) throws InterruptedException {
      // Who kept what he has while he waits for more would wait for others that do the same.
      close();
      limit = characters;
      if (characters > SMALL) {
        var place = room.acquire(characters * COPIES);
        taken = place.isDone() ? place.join() : waitFor(place);
      }
      return characters;
    }

    private MemoryPermits.Permit waitFor(CompletableFuture<MemoryPermits.Permit> place)
        throws InterruptedException {
      try {
        return live.interruptibly(place::get);
      } catch (InterruptedException e) {
        if (!place.cancel(false)) {
          place.join().close();
        }
        throw e;
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }

    /** Gives the room back; the next prompt is expected to be as large. */
    @Override
    public void close() {
      if (taken != null) {
        taken.close();
        taken = null;
      }
    }
  }
}
