package dev.threadmill.egress;

import java.util.concurrent.Future;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;

/** Ends a call when its time is up, unless it is cancelled before. */
record CallDeadline(HttpUriRequestBase call, Future<?> alarm) {
  void cancel() {
    alarm.cancel(false);
  }
}
