package dev.threadmill.tools.mcp;

import dev.threadmill.telemetry.GenAiMetrics;
import dev.threadmill.telemetry.tracing.GenAi;
import dev.threadmill.telemetry.tracing.Operation;
import dev.threadmill.telemetry.tracing.Tracing;
import dev.threadmill.tools.ToolException;
import dev.threadmill.tools.ToolResult;
import io.opentelemetry.api.trace.SpanKind;
import jakarta.inject.Singleton;
import java.time.Duration;

/** Measures and traces requests to MCP servers, with the sessions that they are made in. */
@Singleton
class ObserveMcpRequests {
  private final Tracing tracing;
  private final GenAiMetrics metrics;

  ObserveMcpRequests(Tracing tracing, GenAiMetrics metrics) {
    this.tracing = tracing;
    this.metrics = metrics;
  }

  /** A request. */
  interface Request {
    ToolResult send() throws ToolException, InterruptedException;
  }

  /**
   * Sends a request.
   *
   * @param method {@code tools/list} or {@code tools/call}
   * @param tool that is called; null for none
   */
  ToolResult observed(String method, String tool, Request request)
      throws ToolException, InterruptedException {
    long started = System.nanoTime();
    String error = "interrupted";
    try (var operation = begin(method, tool)) {
      try {
        var result = request.send();
        error = error(result);
        return result;
      } catch (ToolException e) {
        error = e.error().type();
        throw e;
      } catch (RuntimeException e) {
        error = e.getClass().getSimpleName();
        throw e;
      } finally {
        if (error != null) {
          operation.failed(error);
        }
        metrics.mcp(method, Duration.ofNanos(System.nanoTime() - started), error);
      }
    }
  }

  private Operation begin(String method, String tool) {
    return tracing
        .start(tool == null ? method : method + " " + tool, SpanKind.CLIENT)
        .set(GenAi.MCP_METHOD, method)
        .set(GenAi.TOOL_NAME, tool);
  }

  /** A result may tell of an error of the tool, which is none of the request. */
  private static String error(ToolResult result) {
    return result instanceof ToolResult.OutcomeUnknown(var unknown) ? unknown.type() : null;
  }
}
