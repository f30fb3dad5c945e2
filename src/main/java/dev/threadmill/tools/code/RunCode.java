package dev.threadmill.tools.code;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.threadmill.api.ThreadId;
import dev.threadmill.sandbox.CodeResult;
import dev.threadmill.sandbox.Sandbox;
import dev.threadmill.sandbox.SandboxException;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolResult;
import dev.threadmill.tools.ToolUnavailableException;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/** Executes a call of the code interpreter in the session of its thread. */
@ApplicationScoped
class RunCode {
  private static final Logger LOG = Logger.getLogger(RunCode.class);
  private static final int MAX_NAMED = 20;

  private final Sandbox sandbox;
  private final CodeFileStore store;
  private final SyncFiles syncFiles;
  private final Containers containers;
  private final ConcurrentHashMap<ThreadId, ThreadSession> sessions = new ConcurrentHashMap<>();

  RunCode(Sandbox sandbox, CodeFileStore store, SyncFiles syncFiles, Containers containers) {
    this.sandbox = sandbox;
    this.store = store;
    this.syncFiles = syncFiles;
    this.containers = containers;
  }

  /**
   * Runs code.
   *
   * @param container where it runs; null for the session of the thread
   * @throws ToolUnavailableException if this server runs no code
   */
  ToolResult run(ToolContext context, String container, String code) throws InterruptedException {
    if (container == null) {
      return run(context, code);
    }
    // What the thread and the assistant of the run give their code is not in another container.
    var place = containers.threadOf(context.project(), container);
    return place.isEmpty()
        ? ToolResult.failed("container_expired", "The container has expired or was deleted.")
        : run(context.inThread(place.get()), code);
  }

  private ToolResult run(ToolContext context, String code) throws InterruptedException {
    if (code.isBlank()) {
      return ToolResult.failed("no_code", "The call has no code. Put Python code into 'code'.");
    }
    var availability = sandbox.availability();
    if (!availability.isAvailable()) {
      throw new ToolUnavailableException(availability.line());
    }
    var session = lock(context.thread());
    try {
      containers.used(context.project(), context.thread());
      return run(context, session, code);
    } catch (SandboxException e) {
      return failed(e);
    } catch (IOException e) {
      LOG.warnf("files of code not read thread_id=%s cause=%s", context.thread(), e);
      return ToolResult.failed("files_not_read", "The files in /mnt/data cannot be provided.");
    } finally {
      session.lock.unlock();
      forgetEnded();
    }
  }

  /** The session of a thread, locked. One that was dropped while this waited is not used. */
  private ThreadSession lock(ThreadId thread) throws InterruptedException {
    while (true) {
      var session = sessions.computeIfAbsent(thread, _ -> new ThreadSession());
      session.lock.lockInterruptibly();
      if (sessions.get(thread) == session) {
        return session;
      }
      session.lock.unlock();
    }
  }

  private static ToolResult failed(SandboxException e) {
    return switch (e.kind()) {
      case UNAVAILABLE -> throw new ToolUnavailableException(e.getMessage());
      case BUSY -> ToolResult.failed("busy", e.getMessage());
      case NO_SPACE -> ToolResult.failed("no_space", e.getMessage());
      case FAILED -> ToolResult.failed("session_failed", e.getMessage());
    };
  }

  private ToolResult run(ToolContext context, ThreadSession session, String code)
      throws SandboxException, IOException, InterruptedException {
    var notes = new ArrayList<String>();
    requireSession(context, session, notes);
    var added = syncFiles.before(context, session, notes);
    if (!added.isEmpty()) {
      notes.add("Files in /mnt/data: " + names(added) + ".");
    }
    context.listener().onAttempt();
    var result = session.session.run(code, context.listener()::onOutput);
    if (result.note() != null) {
      notes.add(result.note());
    }
    notes.addAll(syncFiles.after(context, session));
    var pictures = pictures(context, session, notes);
    return new ToolResult.Succeeded(text(result, notes), pictures, List.of());
  }

  private static String names(List<String> paths) {
    var named = String.join(", ", paths.stream().limit(MAX_NAMED).toList());
    return paths.size() > MAX_NAMED
        ? named + " and %d more".formatted(paths.size() - MAX_NAMED)
        : named;
  }

  /** Opens a session if this node has none with the variables of the thread. */
  private void requireSession(ToolContext context, ThreadSession session, List<String> notes)
      throws SandboxException, InterruptedException {
    var latest = store.session(context.thread());
    if (session.session != null
        && session.session.isAlive()
        && latest.filter(session.session.id()::equals).isPresent()) {
      return;
    }
    session.known.clear();
    session.session = sandbox.open(context.project(), context.thread().value());
    store.setSession(context.project(), context.thread(), session.session.id());
    if (latest.isPresent()) {
      notes.add("The session was started anew: variables and imports of earlier calls are lost.");
    }
  }

  private List<ToolResult.Detail> pictures(
      ToolContext context, ThreadSession session, List<String> notes) {
    var details = new ArrayList<ToolResult.Detail>();
    int left =
        session.session.takeFigures(
            picture -> {
              var name = "figure-%d.png".formatted(details.size() + 1);
              var file = syncFiles.savePicture(context, name, picture, notes);
              if (file != null) {
                var data = JsonNodeFactory.instance.objectNode().put("file_id", file.value());
                details.add(new ToolResult.Detail("image", "image/png", data));
              }
            });
    if (left > 0) {
      notes.add(
          "Figures were left out: %d. A call shows 20 figures of 4 MiB each, 20 MiB together."
              .formatted(left));
    }
    if (!details.isEmpty()) {
      notes.add(
          details.size() == 1
              ? "A figure was shown to the user."
              : "%d figures were shown to the user.".formatted(details.size()));
    }
    return details;
  }

  private static String text(CodeResult result, List<String> notes) {
    var text = new StringBuilder(result.output());
    for (var note : notes.subList(0, Math.min(notes.size(), MAX_NAMED))) {
      if (!text.isEmpty() && text.charAt(text.length() - 1) != '\n') {
        text.append('\n');
      }
      text.append('[').append(note).append("]\n");
    }
    return text.toString();
  }

  /** Drops the state of sessions that have ended. */
  private void forgetEnded() {
    sessions
        .entrySet()
        .removeIf(
            entry -> {
              var session = entry.getValue();
              if (!session.lock.tryLock()) {
                return false;
              }
              try {
                return (session.session == null || !session.session.isAlive())
                    && !session.lock.hasQueuedThreads();
              } finally {
                session.lock.unlock();
              }
            });
  }
}
