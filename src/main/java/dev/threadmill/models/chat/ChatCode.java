package dev.threadmill.models.chat;

import dev.threadmill.api.ProjectId;

/** Runs the code that models write in chat completions. */
public interface ChatCode {
  /** Why this node runs no code, in one line with the remedy; null if it runs code. */
  String unavailable();

  /** Begins a session for one request. Nothing is started before the first call. */
  Session begin(ProjectId project);

  /** The calls of one request, which share variables and files. */
  interface Session extends AutoCloseable {
    /**
     * Runs the code of a call.
     *
     * @param arguments of the call, as the model wrote them
     * @return the output for the model, or why there is none
     * @throws InterruptedException if the client is gone
     */
    String run(String arguments) throws InterruptedException;

    /** Ends the session; its files are deleted. */
    @Override
    void close();
  }
}
