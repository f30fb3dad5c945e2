package dev.threadmill.tools.code;

import dev.threadmill.api.FileId;
import dev.threadmill.sandbox.SandboxSession;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** The state of the session of a thread on this node. Guarded by its lock. */
final class ThreadSession {
  /** Held while a call is executed: the calls of a thread are executed one after the other. */
  final ReentrantLock lock = new ReentrantLock(true);

  /** Null until the first call. */
  SandboxSession session;

  /** The files that are the same in the session and in the store, by path. */
  final Map<String, Known> known = new HashMap<>();

  /**
   * @param version of the file in the session
   * @param input the file that a client gave; null for one that code has made
   */
  record Known(String version, FileId file, FileId input) {}
}
