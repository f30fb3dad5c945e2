package dev.threadmill.testing;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A proxy between a server and its Postgres that counts the transactions that write. At a chosen
 * one it calls the test: before the commit reaches Postgres, or after it and before the server
 * receives the result. This tests every boundary of persistence without a hook in the server.
 */
public final class CommitProxy implements AutoCloseable {
  /** The side of the commit on which the test is called. */
  public enum Side {
    BEFORE,
    AFTER
  }

  private static final int SSL_REQUEST = 80877103;
  private static final int GSS_REQUEST = 80877104;

  private final ServerSocket listener;
  private final int postgresPort;
  private final AtomicInteger commits = new AtomicInteger();
  private volatile int target;
  private volatile Side side;
  private volatile Runnable action = () -> {};
  private final Object acting = new Object();

  private CommitProxy(int postgresPort) throws IOException {
    this.postgresPort = postgresPort;
    this.listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
  }

  /** A proxy to the Postgres of the tests. */
  public static CommitProxy start() {
    try {
      var proxy = new CommitProxy(PostgresResource.shared().port());
      Thread.ofVirtual().name("commit proxy").start(proxy::accept);
      return proxy;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The URL of this database through the proxy. */
  public String through(String databaseUrl) {
    return databaseUrl.replaceFirst(":\\d+/", ":" + listener.getLocalPort() + "/");
  }

  /** Resets the count, and runs the action at the n-th commit, counted from 1. */
  public void at(int commit, Side when, Runnable what) {
    side = when;
    action = what;
    target = commit;
    commits.set(0);
  }

  /**
   * Resets the count, and kills this server at the n-th commit, counted from 1.
   *
   * @return true once the server has ended
   */
  public AtomicBoolean killAt(int commit, Side when, ServerProcess victim) {
    var killed = new AtomicBoolean();
    at(
        commit,
        when,
        () -> {
          victim.kill();
          killed.set(true);
        });
    return killed;
  }

  /**
   * Cancels the action, or waits for its end if it is running. Returns the number of commits since
   * {@link #at}.
   */
  public int disarm() {
    synchronized (acting) {
      target = 0;
      return commits.get();
    }
  }

  private void act() {
    synchronized (acting) {
      if (target != 0) {
        action.run();
      }
    }
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        var client = listener.accept();
        var postgres = new Socket(InetAddress.getLoopbackAddress(), postgresPort);
        client.setTcpNoDelay(true);
        postgres.setTcpNoDelay(true);
        var session = new Session(client, postgres);
        Thread.ofVirtual().start(() -> session.run(session::clientToPostgres));
        Thread.ofVirtual().start(() -> session.run(session::postgresToClient));
      } catch (IOException e) {
        // The proxy is closed, or the client has disconnected.
      }
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One connection, forwarded message by message. */
  private final class Session {
    private final Socket client;
    private final Socket postgres;
    private final Set<String> commitStatements = new HashSet<>();
    private volatile boolean hasWritten;
    private volatile boolean callAfter;

    Session(Socket client, Socket postgres) {
      this.client = client;
      this.postgres = postgres;
    }

    private interface Pump {
      void pump() throws IOException;
    }

    void run(Pump pump) {
      try (client;
          postgres) {
        pump.pump();
      } catch (IOException e) {
        // One side has disconnected; the other is closed as well.
      }
    }

    void clientToPostgres() throws IOException {
      var in = new DataInputStream(client.getInputStream());
      var out = new DataOutputStream(postgres.getOutputStream());
      passStartup(in, out);
      var message = new ByteArrayOutputStream();
      while (true) {
        int type = in.readByte();
        int length = in.readInt();
        var body = in.readNBytes(length - 4);
        if (isCommit(type, body) && hasWritten) {
          hasWritten = false;
          if (commits.incrementAndGet() == target) {
            if (side == Side.BEFORE) {
              act();
              return;
            }
            callAfter = true;
          }
        }
        message.reset();
        message.write(type);
        message.write(ByteBuffer.allocate(4).putInt(length).array());
        message.write(body);
        message.writeTo(out);
        if (in.available() == 0) {
          out.flush();
        }
      }
    }

    private static void passStartup(DataInputStream in, DataOutputStream out) throws IOException {
      int code;
      do {
        int length = in.readInt();
        var body = in.readNBytes(length - 4);
        out.writeInt(length);
        out.write(body);
        out.flush();
        code = ByteBuffer.wrap(body).getInt();
      } while (code == SSL_REQUEST || code == GSS_REQUEST);
    }

    private boolean isCommit(int type, byte[] body) {
      var strings = new String(body, StandardCharsets.ISO_8859_1).split("\0", 3);
      return switch (type) {
        case 'P' -> {
          if (strings.length > 1 && strings[1].equals("COMMIT")) {
            commitStatements.add(strings[0]);
          } else {
            commitStatements.remove(strings[0]);
          }
          yield false;
        }
        case 'B' -> strings.length > 1 && commitStatements.contains(strings[1]);
        case 'Q' -> strings[0].equals("COMMIT");
        default -> false;
      };
    }

    void postgresToClient() throws IOException {
      var in = new DataInputStream(postgres.getInputStream());
      var out = new DataOutputStream(client.getOutputStream());
      while (true) {
        int type = in.readByte();
        if (type == 'N' && in.available() == 0) {
          // The reply to an SSL request is a single byte.
          out.writeByte(type);
          out.flush();
          continue;
        }
        int length = in.readInt();
        var body = in.readNBytes(length - 4);
        if (type == 'C') {
          var tag = new String(body, StandardCharsets.ISO_8859_1).trim();
          if (tag.matches("(INSERT 0|UPDATE|DELETE) [1-9]\\d*")) {
            hasWritten = true;
          } else if (tag.equals("COMMIT") && callAfter) {
            callAfter = false;
            act();
            return;
          } else if (tag.equals("ROLLBACK")) {
            hasWritten = false;
          }
        }
        out.writeByte(type);
        out.writeInt(length);
        out.write(body);
        if (in.available() == 0) {
          out.flush();
        }
      }
    }
  }
}
