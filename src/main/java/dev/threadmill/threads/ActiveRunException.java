package dev.threadmill.threads;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;

/** 400: another run is active on the thread. */
public class ActiveRunException extends ApiException {
  private static final long serialVersionUID = 1;

  ActiveRunException(ThreadId thread, RunId active) {
    this("Thread %s already has an active run %s.".formatted(thread, active));
  }

  ActiveRunException(String message) {
    super(400, new ApiError(message, ApiError.INVALID_REQUEST, null, null));
  }
}
