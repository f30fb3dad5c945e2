package dev.threadmill.sandbox;

import dev.threadmill.api.ProjectId;
import java.util.Optional;

/**
 * Runs code that models write: without network, on a read-only system, with a folder {@code
 * /mnt/data} of its own and limits on time, memory, processes, disk and output.
 */
public interface Sandbox {
  /** Whether this node can run code. The first call tests it, which takes a moment. */
  Availability availability();

  /**
   * The session of this key, if this node has one that is alive.
   *
   * @param key names the session on this node, such as the id of a thread
   */
  Optional<SandboxSession> find(String key);

  /**
   * Opens a session with an empty {@code /mnt/data}, in place of one with the same key. If the node
   * has no room, the session that was idle for longest ends, of the project with the most.
   *
   * @throws SandboxException if this node runs no code, or all of its sessions are busy
   * @throws InterruptedException while it starts
   */
  SandboxSession open(ProjectId project, String key) throws SandboxException, InterruptedException;

  /** Ends the session of this key and deletes its files, if this node has one. */
  void close(String key);
}
