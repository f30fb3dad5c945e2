package dev.threadmill.telemetry;

import io.quarkus.logging.LoggingFilter;
import java.util.logging.Filter;
import java.util.logging.LogRecord;

/** What every record of the log passes: {@link LogLimit}, then {@link OneLineFilter}. */
@LoggingFilter(name = "console")
public final class ConsoleFilter implements Filter {
  private final LogLimit limit = new LogLimit(System::nanoTime);
  private final OneLineFilter oneLine = new OneLineFilter();

  @Override
  public boolean isLoggable(LogRecord logged) {
    return limit.isLoggable(logged) && oneLine.isLoggable(logged);
  }
}
