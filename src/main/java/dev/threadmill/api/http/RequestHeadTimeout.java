package dev.threadmill.api.http;

import io.netty.bootstrap.ChannelInitializerExtension;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.ScheduledFuture;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.concurrent.TimeUnit;

/**
 * Closes a connection on which the head of a request does not arrive in time: a client that sends a
 * byte now and then would hold it for ever, as no idle timeout ever passes. The time runs from the
 * first byte that follows the request before.
 *
 * <p>Netty finds this class by its service file, and asks for extensions only if {@link
 * #ENABLE_PROPERTY} is set.
 */
public final class RequestHeadTimeout extends ChannelInitializerExtension {
  /** The JVM property by which Netty looks for extensions, and the value that it needs. */
  public static final String ENABLE_PROPERTY = "io.netty.bootstrap.extensions";

  public static final String ENABLED = "serviceload";

  /** Overrides the timeout, in seconds. */
  static final String SECONDS_PROPERTY = "threadmill.http.head-timeout";

  private static final int DEFAULT_SECONDS = 30;
  private static final AttributeKey<Deadline> DEADLINE =
      AttributeKey.valueOf(RequestHeadTimeout.class, "deadline");

  @Override
  public void postInitializeServerChildChannel(Channel channel) {
    var deadline = new Deadline(Integer.getInteger(SECONDS_PROPERTY, DEFAULT_SECONDS));
    channel.attr(DEADLINE).set(deadline);
    channel.pipeline().addFirst("request-head-timeout", deadline);
    channel.pipeline().addFirst("malformed-requests", new MalformedRequests(deadline::isInRequest));
    channel.pipeline().addFirst("stalled-clients", new StalledClients());
  }

  /** All of it happens on the event loop of the connection. */
  private static final class Deadline extends ChannelInboundHandlerAdapter {
    private final int seconds;
    private ScheduledFuture<?> timeout;
    private boolean isInRequest;

    Deadline(int seconds) {
      this.seconds = seconds;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) throws Exception {
      if (!isInRequest && timeout == null) {
        timeout = context.executor().schedule(() -> close(context), seconds, TimeUnit.SECONDS);
      }
      super.channelRead(context, bytes);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
      cancel();
      super.channelInactive(context);
    }

    private void close(ChannelHandlerContext context) {
      if (!isInRequest) {
        context.close();
      }
    }

    private void cancel() {
      if (timeout != null) {
        timeout.cancel(false);
        timeout = null;
      }
    }

    boolean isInRequest() {
      return isInRequest;
    }

    void headComplete() {
      isInRequest = true;
      cancel();
    }

    void requestComplete() {
      isInRequest = false;
    }
  }

  /** Tells the connection where its requests begin and end. */
  @ApplicationScoped
  static class Marker {
    private static final int FIRST = 1200;

    void onEveryRequest(@Observes Filters filters) {
      filters.register(Marker::mark, FIRST);
    }

    private static void mark(RoutingContext context) {
      if (context.request().connection() instanceof ConnectionBase connection) {
        var deadline = connection.channel().attr(DEADLINE).get();
        if (deadline != null) {
          deadline.headComplete();
          context.addEndHandler(_ -> deadline.requestComplete());
        }
      }
      context.next();
    }
  }
}
