package dev.threadmill.lab.cluster;

import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A TCP load balancer: each connection goes to the next node in turn, or to the one after it if
 * that node does not accept connections.
 */
final class LoadBalancer implements AutoCloseable {
  private static final int CONNECT_MS = 1_000;

  private final Vertx vertx = Vertx.vertx();
  private final NetClient client =
      vertx.createNetClient(
          new NetClientOptions().setConnectTimeout(CONNECT_MS).setTcpNoDelay(true));
  private final List<Integer> nodes;
  private final AtomicInteger turn = new AtomicInteger();

  private LoadBalancer(List<Integer> nodes) {
    this.nodes = List.copyOf(nodes);
  }

  /** Listens on this address and forwards to these ports of loopback. */
  static LoadBalancer open(String host, int port, List<Integer> nodes) throws IOException {
    var balancer = new LoadBalancer(nodes);
    try {
      balancer
          .vertx
          .createNetServer(new NetServerOptions().setTcpNoDelay(true))
          .connectHandler(balancer::accept)
          .listen(port, host)
          .toCompletionStage()
          .toCompletableFuture()
          .join();
      return balancer;
    } catch (CompletionException e) {
      balancer.close();
      throw new IOException(
          "cannot listen on THREADMILL_PORT=%d: %s".formatted(port, e.getCause().getMessage()));
    }
  }

  private void accept(NetSocket caller) {
    caller.pause();
    connect(caller, Math.floorMod(turn.getAndIncrement(), nodes.size()), nodes.size());
  }

  private void connect(NetSocket caller, int index, int tries) {
    client
        .connect(nodes.get(index), "127.0.0.1")
        .onSuccess(node -> join(caller, node))
        .onFailure(
            _ -> {
              if (tries > 1) {
                connect(caller, (index + 1) % nodes.size(), tries - 1);
              } else {
                caller.close();
              }
            });
  }

  private static void join(NetSocket caller, NetSocket node) {
    pass(caller, node);
    pass(node, caller);
    caller.resume();
  }

  private static void pass(NetSocket from, NetSocket to) {
    from.handler(
        data -> {
          to.write(data);
          if (to.writeQueueFull()) {
            from.pause();
            to.drainHandler(_ -> from.resume());
          }
        });
    from.closeHandler(_ -> to.close());
    from.exceptionHandler(_ -> to.close());
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
