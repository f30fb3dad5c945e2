package dev.threadmill.api.sse;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.heap.AnswerMemory;
import io.quarkus.arc.All;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.Provider;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.resteasy.reactive.server.spi.ResteasyReactiveResourceInfo;
import org.jboss.resteasy.reactive.server.spi.ServerMessageBodyWriter;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;
import org.jboss.resteasy.reactive.server.vertx.VertxResteasyReactiveRequestContext;

/**
 * Writes an {@link EventStream} straight to the Vert.x response: frames that wait go out in one
 * buffer, writing pauses while the socket is full, and a closed connection closes the stream.
 */
@Provider
@Produces(MediaType.SERVER_SENT_EVENTS)
public class EventStreamWriter implements ServerMessageBodyWriter<EventStream> {
  private static final int MAX_CHUNK_BYTES = 64 * 1024;

  private final KeepAlive keepAlive = new KeepAlive();
  private final List<StreamGuard> guards;

  EventStreamWriter(@All List<StreamGuard> guards) {
    this.guards = guards;
  }

  @Override
  public boolean isWriteable(
      Class<?> type, Type genericType, ResteasyReactiveResourceInfo target, MediaType mediaType) {
    return EventStream.class.isAssignableFrom(type);
  }

  @Override
  public boolean isWriteable(
      Class<?> type, Type genericType, Annotation[] annotations, MediaType mediaType) {
    return EventStream.class.isAssignableFrom(type);
  }

  @Override
  public void writeResponse(EventStream stream, Type genericType, ServerRequestContext context) {
    // A stream loads what it sends by itself.
    AnswerMemory.current().release();
    var request = (VertxResteasyReactiveRequestContext) context;
    var connection =
        new Connection(request.getContext(), request.getContextExecutor(), stream, keepAlive);
    // Here, since the request is no longer known on the event loop.
    guards.forEach(guard -> connection.watchedBy(guard.watch(connection::refuse)));
    connection.start();
  }

  @Override
  public void writeTo(
      EventStream stream,
      Class<?> type,
      Type genericType,
      Annotation[] annotations,
      MediaType mediaType,
      MultivaluedMap<String, Object> headers,
      OutputStream output) {
    throw new IllegalStateException("an event stream can only be written to a connection");
  }

  /** All methods but {@link #wake} are called on the connection's event loop. */
  private static final class Connection implements KeepAlive.Connection {
    private final HttpServerResponse response;
    private final Executor loop;
    private final EventStream stream;
    private final AtomicBoolean waking = new AtomicBoolean();
    private final KeepAlive keepAlive;
    private long lastWrite = System.nanoTime();
    private final List<Runnable> watches = new ArrayList<>();
    private boolean ended;
    private boolean closed;

    Connection(RoutingContext context, Executor loop, EventStream stream, KeepAlive keepAlive) {
      this.keepAlive = keepAlive;
      this.response = context.response();
      this.loop = loop;
      this.stream = stream;
    }

    /** Before the start. */
    void watchedBy(Runnable endOfWatch) {
      watches.add(endOfWatch);
    }

    /** Ends the stream with an error. Called on any thread. */
    void refuse(ApiError error) {
      loop.execute(() -> end(error));
    }

    private void end(ApiError error) {
      if (closed || ended) {
        return;
      }
      if (response.writeQueueFull()) {
        // A client that reads nothing would keep the connection.
        close();
        response.reset();
        return;
      }
      end(Buffer.buffer(SseFormat.error(error)));
    }

    void start() {
      loop.execute(this::open);
    }

    private void open() {
      if (closed || ended) {
        return;
      }
      if (response.closed()) {
        close();
        return;
      }
      response.putHeader("Content-Type", MediaType.SERVER_SENT_EVENTS + "; charset=utf-8");
      response.putHeader("Cache-Control", "no-cache, no-transform");
      response.putHeader("X-Accel-Buffering", "no");
      response.setChunked(true);
      response.closeHandler(_ -> close());
      response.exceptionHandler(_ -> close());
      response.drainHandler(_ -> pump());
      keepAlive.add(this);
      stream.open(this::wake);
      pump();
      if (!response.headWritten()) {
        response.writeHead();
      }
    }

    private void wake() {
      if (waking.compareAndSet(false, true)) {
        loop.execute(
            () -> {
              waking.set(false);
              pump();
            });
      }
    }

    private void pump() {
      while (!closed && !ended && !response.writeQueueFull()) {
        var next = stream.next(MAX_CHUNK_BYTES);
        if (next.last()) {
          end(next.frames());
          return;
        }
        if (next.frames() == null) {
          return;
        }
        lastWrite = System.nanoTime();
        response.write(next.frames());
      }
    }

    /** The stream is closed when its last bytes have left: until then they are in memory. */
    private void end(Buffer frames) {
      ended = true;
      lastWrite = System.nanoTime();
      var sent = frames == null ? response.end() : response.end(frames);
      sent.onComplete(_ -> close());
    }

    @Override
    public long lastWriteNanos() {
      return lastWrite;
    }

    @Override
    public void keepAlive() {
      if (closed) {
        return;
      }
      if (!ended && !response.writeQueueFull()) {
        lastWrite = System.nanoTime();
        response.write(SseFormat.keepAlive());
      }
    }

    private void close() {
      if (!closed) {
        closed = true;
        keepAlive.remove(this);
        watches.forEach(Runnable::run);
        stream.close();
      }
    }
  }
}
