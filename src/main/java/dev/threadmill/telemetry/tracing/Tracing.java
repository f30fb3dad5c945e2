package dev.threadmill.telemetry.tracing;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.quarkus.arc.Arc;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * Starts spans. The span of the current thread is the parent of the next one; on the thread of a
 * request without one it is that of the request.
 */
@Singleton
public class Tracing {
  /** Traces nothing. */
  public static final Tracing OFF = new Tracing(OpenTelemetry.noop(), false, false);

  private static final Logger LOG = Logger.getLogger(Tracing.class);
  private static final String NAME = "threadmill";
  private static final int LAST = 100_000;
  private static final ContextKey<Boolean> PRIVATE = ContextKey.named("threadmill-private");
  private static final ContextKey<String> CONVERSATION =
      ContextKey.named("threadmill-conversation");

  private static final TextMapGetter<Map<String, String>> FROM_MAP =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Map<String, String> carrier) {
          return carrier.keySet();
        }

        @Override
        public String get(Map<String, String> carrier, String key) {
          return carrier == null ? null : carrier.get(key);
        }
      };

  private final OpenTelemetry openTelemetry;
  private final Tracer tracer;
  private final boolean isOn;
  private final boolean capturesContent;

  @Inject
  Tracing(TracingConfig config) {
    this(
        TracingSettings.isOn(config) ? OpenTelemetrySetup.create() : OpenTelemetry.noop(),
        TracingSettings.isOn(config),
        TracingSettings.capturesContent(config));
    if (isOn) {
      LOG.infof("traces=on content=%s", capturesContent);
    }
  }

  private Tracing(OpenTelemetry openTelemetry, boolean isOn, boolean capturesContent) {
    this.openTelemetry = openTelemetry;
    this.tracer = openTelemetry.getTracer(NAME);
    this.isOn = isOn;
    this.capturesContent = capturesContent;
  }

  /**
   * Checks the settings of traces.
   *
   * @throws dev.threadmill.api.InvalidSettingException for the first that is wrong
   */
  public static void requireUsable(TracingConfig config) {
    TracingSettings.requireUsable(config);
  }

  /** Sends what has been collected. */
  void stop(@Observes @Priority(LAST) ShutdownEvent stop) {
    if (isOn) {
      OpenTelemetrySetup.stop(openTelemetry);
    }
  }

  /** Whether spans are collected. */
  public boolean isOn() {
    return isOn;
  }

  /** Whether the spans of what the current thread does have content of messages. */
  public boolean capturesContent() {
    return capturesContent && current().get(PRIVATE) == null;
  }

  /** The context of the current thread, or of its request; the root if there is none. */
  public Context current() {
    var own = Context.current();
    if (!isOn || own != Context.root()) {
      return own;
    }
    var container = Arc.container();
    if (container == null || !container.requestContext().isActive()) {
      return own;
    }
    var request = container.instance(CurrentVertxRequest.class).get();
    RoutingContext routing = request == null ? null : request.getCurrent();
    Context ofRequest = routing == null ? null : routing.get(TraceRequests.CONTEXT);
    return ofRequest == null ? own : ofRequest;
  }

  /** The trace of the current thread, to be stored; null if there is none. */
  public StoredTrace currentToStore() {
    var debug = DebugWork.current() == null ? null : Boolean.TRUE;
    if (!isOn) {
      return new StoredTrace(null, null, debug).orNull();
    }
    var headers = TraceHeaders.of(current());
    return new StoredTrace(
            headers.get(TraceHeaders.TRACEPARENT), headers.get(TraceHeaders.TRACESTATE), debug)
        .orNull();
  }

  /** The context of a stored trace; the root for null. */
  public static Context context(StoredTrace stored) {
    if (stored == null || stored.traceparent() == null) {
      return Context.root();
    }
    var headers =
        stored.tracestate() == null
            ? Map.of(TraceHeaders.TRACEPARENT, stored.traceparent())
            : Map.of(
                TraceHeaders.TRACEPARENT,
                stored.traceparent(),
                TraceHeaders.TRACESTATE,
                stored.tracestate());
    return W3CTraceContextPropagator.getInstance().extract(Context.root(), headers, FROM_MAP);
  }

  /**
   * Starts an operation below the current one. It is the current one of this thread until it is
   * closed.
   *
   * @param name of the span
   */
  public Operation start(String name, SpanKind kind) {
    return isOn ? start(name, kind, current()) : Operation.NONE;
  }

  /** As {@link #start(String, SpanKind)}, below this context. */
  public Operation start(String name, SpanKind kind, Context parent) {
    return isOn ? Operation.of(span(name, kind, parent), parent) : Operation.NONE;
  }

  /** A span that is not the current one of any thread. */
  Span span(String name, SpanKind kind, Context parent) {
    var span = tracer.spanBuilder(name).setSpanKind(kind).setParent(parent).startSpan();
    var conversation = parent.get(CONVERSATION);
    if (conversation != null) {
      span.setAttribute(GenAi.CONVERSATION, conversation);
    }
    return span;
  }

  /** The context, for the work of a thread of messages: all spans in it name the thread. */
  public static Context ofConversation(Context context, String thread) {
    return context.with(CONVERSATION, thread);
  }

  /** The context, for work whose content never appears in spans. */
  public static Context ofPrivateWork(Context context) {
    return context.with(PRIVATE, true);
  }

  /** Nothing of what the request does has content in spans. */
  public void markPrivate(RoutingContext request) {
    Context context = request.get(TraceRequests.CONTEXT);
    if (context != null) {
      request.put(TraceRequests.CONTEXT, ofPrivateWork(context));
    }
  }

  /**
   * The work for another thread, as a part of what the thread that calls this does: in its trace,
   * and kept in the debug log if it is.
   */
  public Runnable inCurrent(Runnable work) {
    var debug = DebugWork.current();
    Runnable kept = debug == null ? work : () -> debug.run(work);
    return isOn ? current().wrap(kept) : kept;
  }
}
