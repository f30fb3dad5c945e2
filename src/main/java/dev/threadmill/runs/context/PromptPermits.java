package dev.threadmill.runs.context;

import dev.threadmill.api.heap.MemoryPermits;
import dev.threadmill.runs.execution.LiveRun;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Bounds the heap that the prompts of all runs use together, from reading a prompt to the model's
 * answer. Runs with large prompts, such as those with images, wait for permits. Without this bound
 * they could exhaust the heap of a node, and then that of the node that takes them over.
 */
@ApplicationScoped
public class PromptPermits {
  private static final int PERCENT_OF_HEAP = 40;

  /** Copies of a prompt in the heap: the texts, and the request body before and after encoding. */
  private static final int COPIES = 4;

  /** Typical number of characters of the tool calls between the messages. */
  private static final long BESIDE_MESSAGES = 64 * 1024;

  private static final int GROWTH = 4;

  /** Smaller prompts need no permit, so they do not wait behind large ones. */
  private static final long SMALL = 128 * 1024;

  private final MemoryPermits room = MemoryPermits.ofHeap(PERCENT_OF_HEAP);

  /** A permit for the prompts of a run, one after the other; close it after each. */
  public Permit of(LiveRun live) {
    return new Permit(live, true);
  }

  /** A permit for the prompt of a call of the run, which a thread of the call's own builds. */
  public Permit ofCall(LiveRun live) {
    return new Permit(live, false);
  }

  /** The share of a run. */
  public final class Permit implements AutoCloseable {
    private final LiveRun live;
    private final boolean isRunsOwn;
    private MemoryPermits.Permit taken;
    private long limit;
    private long beside;

    /**
     * @param isRunsOwn whether the run's own thread waits, which a stop of the run interrupts
     */
    private Permit(LiveRun live, boolean isRunsOwn) {
      this.live = live;
      this.isRunsOwn = isRunsOwn;
    }

    /** Sets how many characters the prompt has beside its messages. */
    void setBeside(long characters) {
      beside = characters;
    }

    /**
     * Acquires the heap for a prompt; waits until enough is free.
     *
     * @param expected about how many characters it has
     * @return how many it may have, which is somewhat more
     * @throws InterruptedException if the run was stopped meanwhile
     */
    long acquireFor(long expected) throws InterruptedException {
      long most = Math.min(expected, PromptMessageReader.MOST_CHARACTERS);
      return take(Math.max(most + most / GROWTH + BESIDE_MESSAGES, limit));
    }

    /** Releases the permit, and acquires one for several times as many characters. */
    long grow() throws InterruptedException {
      return take(GROWTH * limit);
    }

    private long take(long characters) throws InterruptedException {
      // Released first: runs that hold a permit while they wait for a larger one would deadlock.
      close();
      limit = characters;
      if (characters + beside > SMALL) {
        var place =
            room.acquire(live.claimedRun().projectId().value(), (characters + beside) * COPIES);
        taken = place.isDone() ? place.join() : waitFor(place);
      }
      return characters;
    }

    private MemoryPermits.Permit waitFor(CompletableFuture<MemoryPermits.Permit> place)
        throws InterruptedException {
      try {
        return isRunsOwn ? live.interruptibly(place::get) : place.get();
      } catch (InterruptedException e) {
        MemoryPermits.giveUp(place);
        throw e;
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }

    /** Releases the permit; the next prompt is expected to be as large. */
    @Override
    public void close() {
      if (taken != null) {
        taken.close();
        taken = null;
      }
    }
  }
}
