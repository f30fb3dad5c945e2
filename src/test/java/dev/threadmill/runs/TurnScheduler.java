package dev.threadmill.runs;

import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import java.util.logging.Logger;
import javax.sql.DataSource;

/**
 * Has many actors take turns, one at a time, in an order that a seed decides. An actor continues
 * from one {@link #yieldTurn} to the next, which is before each transaction, and wherever else it
 * likes.
 */
final class TurnScheduler {
  private static final ThreadLocal<Actor> CURRENT = new ThreadLocal<>();

  private final List<Actor> actors = new ArrayList<>();
  private final Semaphore back = new Semaphore(0);

  /** A task that executes in steps. */
  final class Actor {
    final SimulatedNode node;
    private final Semaphore turn = new Semaphore(0);
    private volatile boolean over;
    private volatile Throwable failure;
    private int connections;

    private Actor(SimulatedNode node) {
      this.node = node;
    }

    private TurnScheduler scheduler() {
      return TurnScheduler.this;
    }

    private void play(Runnable work) {
      turn.acquireUninterruptibly();
      CURRENT.set(this);
      try {
        work.run();
      } catch (Throwable e) {
        failure = e;
      } finally {
        over = true;
        back.release();
      }
    }
  }

  /** A new actor on a node, which waits for the first turn. */
  void add(SimulatedNode node, Runnable work) {
    var actor = new Actor(node);
    synchronized (actors) {
      actors.add(actor);
    }
    Thread.ofVirtual().name("actor").start(() -> actor.play(work));
  }

  /** Lets the actors of a node stop where they are and never resume: the node was killed. */
  void forget(SimulatedNode node) {
    synchronized (actors) {
      actors.removeIf(actor -> actor.node == node);
    }
  }

  /** Gives one of these actors a turn. False if there is none. */
  boolean runOne(Random random, Predicate<SimulatedNode> whose) {
    Actor actor;
    synchronized (actors) {
      var able = actors.stream().filter(each -> whose.test(each.node)).toList();
      if (able.isEmpty()) {
        return false;
      }
      actor = able.get(random.nextInt(able.size()));
    }
    actor.turn.release();
    back.acquireUninterruptibly();
    if (actor.over) {
      synchronized (actors) {
        actors.remove(actor);
      }
      if (actor.failure != null) {
        throw new AssertionError("an actor failed", actor.failure);
      }
    }
    return true;
  }

  /** Yields to the other actors. Does nothing on threads that are no actors. */
  static void yieldTurn() {
    var actor = CURRENT.get();
    if (actor != null) {
      actor.scheduler().back.release();
      actor.turn.acquireUninterruptibly();
    }
  }

  /**
   * Waits for another turn, as what may be interrupted.
   *
   * @throws InterruptedException if that was done meanwhile
   */
  static void yieldTurnInterruptibly() throws InterruptedException {
    yieldTurn();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }

  /** The same source of connections; before an actor gets one the others may go first. */
  static DataSource yielding(DataSource source) {
    return new PassingSource(source);
  }

  private record PassingSource(DataSource source) implements DataSource {
    @Override
    public Connection getConnection() throws SQLException {
      var actor = CURRENT.get();
      if (actor == null) {
        return source.getConnection();
      }
      if (actor.connections == 0) {
        yieldTurn();
      }
      actor.connections++;
      var connection = source.getConnection();
      return (Connection)
          Proxy.newProxyInstance(
              TurnScheduler.class.getClassLoader(),
              new Class<?>[] {Connection.class},
              (_, method, args) -> {
                if (method.getName().equals("close")) {
                  actor.connections--;
                }
                try {
                  return method.invoke(connection, args);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
      return source.getConnection(user, password);
    }

    @Override
    public PrintWriter getLogWriter() throws SQLException {
      return source.getLogWriter();
    }

    @Override
    public void setLogWriter(PrintWriter out) throws SQLException {
      source.setLogWriter(out);
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
      source.setLoginTimeout(seconds);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
      return source.getLoginTimeout();
    }

    @Override
    public Logger getParentLogger() {
      return Logger.getGlobal();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
      return source.unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
      return source.isWrapperFor(type);
    }
  }
}
