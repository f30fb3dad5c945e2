package dev.threadmill.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A server that accepts every connection and request, and never responds. */
public final class BlackHole implements AutoCloseable {
  private final ServerSocket server;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger taken = new AtomicInteger();

  private BlackHole(ServerSocket server) {
    this.server = server;
    Thread.ofVirtual().name("black hole").start(this::accept);
  }

  public static BlackHole start() {
    try {
      return new BlackHole(new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public String url() {
    return "http://127.0.0.1:" + server.getLocalPort();
  }

  /** The number of connections that the other side has not closed. */
  public int open() {
    return open.size();
  }

  /** The number of connections accepted so far. */
  public int taken() {
    return taken.get();
  }

  private void accept() {
    try {
      while (true) {
        var socket = server.accept();
        open.add(socket);
        taken.incrementAndGet();
        Thread.ofVirtual().start(() -> swallow(socket));
      }
    } catch (IOException e) {
      // The test is over.
    }
  }

  private void swallow(Socket socket) {
    try (socket) {
      socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
    } catch (IOException e) {
      // The other side has disconnected.
    } finally {
      open.remove(socket);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
      for (var socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
