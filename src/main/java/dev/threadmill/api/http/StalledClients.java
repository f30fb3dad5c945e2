package dev.threadmill.api.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.timeout.IdleState;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.util.concurrent.TimeUnit;

/**
 * Closes a connection whose client takes no byte of what waits for it, for one to two minutes. Any
 * progress counts, also within a large file, and a connection on which nothing waits is left alone.
 */
final class StalledClients extends IdleStateHandler {
  /** Overrides the shortest time, in seconds. */
  static final String SECONDS_PROPERTY = "threadmill.http.stall-timeout";

  private static final int DEFAULT_SECONDS = 60;

  StalledClients() {
    super(true, 0, Integer.getInteger(SECONDS_PROPERTY, DEFAULT_SECONDS), 0, TimeUnit.SECONDS);
  }

  /**
   * The first event of a row says nothing, since there is nothing to compare with yet. Events are
   * not passed on: the HTTP server would take them for its own.
   */
  @Override
  protected void channelIdle(ChannelHandlerContext context, IdleStateEvent event) {
    if (event.state() == IdleState.WRITER_IDLE
        && !event.isFirst()
        && isWaiting(context.channel())) {
      context.close();
    }
  }

  private static boolean isWaiting(Channel channel) {
    var outbound = channel.unsafe().outboundBuffer();
    return outbound != null && !outbound.isEmpty();
  }
}
