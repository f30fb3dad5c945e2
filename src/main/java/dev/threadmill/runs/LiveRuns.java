package dev.threadmill.runs;

import dev.threadmill.api.RunId;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/** The runs that this node executes, and the room that it has for more. */
@ApplicationScoped
class LiveRuns {
  private final ConcurrentHashMap<RunId, LiveRun> runs = new ConcurrentHashMap<>();
  private final Semaphore room;
  private volatile boolean closed;
  private volatile boolean fullHouse;
  private volatile Runnable onRoom = () -> {};

  LiveRuns(RunsConfig config) {
    this.room = new Semaphore(config.concurrency());
  }

  /** Takes room for one run. False if there is none. */
  boolean takeRoom() {
    boolean taken = !closed && room.tryAcquire();
    if (!taken) {
      fullHouse = true;
    }
    return taken;
  }

  /** What to do when there is room again after there was none. */
  void whenRoomAgain(Runnable action) {
    onRoom = action;
  }

  /** Takes room for as many runs as there is, up to this number. Returns how many. */
  int takeRoom(int wanted) {
    int taken = 0;
    while (taken < wanted && takeRoom()) {
      taken++;
    }
    return taken;
  }

  void giveRoomBack(int places) {
    room.release(places);
  }

  void add(LiveRun run) {
    runs.put(run.run().id(), run);
  }

  /** The run is not executed here any more. */
  void remove(LiveRun run) {
    runs.remove(run.run().id(), run);
    room.release();
    if (fullHouse) {
      fullHouse = false;
      onRoom.run();
    }
  }

  Optional<LiveRun> find(RunId id) {
    return Optional.ofNullable(runs.get(id));
  }

  Collection<LiveRun> all() {
    return List.copyOf(runs.values());
  }

  int size() {
    return runs.size();
  }

  /** From here on there is no room: the node stops. */
  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }
}
