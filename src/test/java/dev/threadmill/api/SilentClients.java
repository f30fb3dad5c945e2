package dev.threadmill.api;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Clients that send a request and do not read its answer. */
public final class SilentClients implements AutoCloseable {
  private static final int SMALL_BUFFER = 2_048;

  private final URI server;
  private final String key;
  private final List<Socket> sockets = new ArrayList<>();

  /** Of the server with this address. */
  public SilentClients(String server, String key) {
    this.server = URI.create(server);
    this.key = key;
  }

  /** Sends a request on a connection of its own. */
  public Socket get(String path) throws IOException {
    var socket = new Socket();
    socket.setReceiveBufferSize(SMALL_BUFFER);
    socket.connect(new InetSocketAddress(server.getHost(), server.getPort()));
    sockets.add(socket);
    socket
        .getOutputStream()
        .write(
            "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n"
                .formatted(path, key)
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  @Override
  public void close() throws IOException {
    for (var socket : sockets) {
      socket.close();
    }
  }
}
