package dev.threadmill.db;

import io.quarkus.narayana.jta.QuarkusTransaction;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import javax.sql.DataSource;

/**
 * A thin layer over JDBC: transactions as lambdas, rows as records, {@link SQLException} translated
 * once. The methods on this class run one statement in a transaction of its own; {@link
 * #inTransaction} runs several in one.
 */
@ApplicationScoped
public class Jdbc {
  /** After a restart of the database all connections of the pool are broken. */
  private static final int MAX_BROKEN = 100;

  private static final int MAX_UNREACHABLE = 4;
  private static final long INITIAL_BACKOFF_MS = 50;
  private static final long MAX_BACKOFF_MS = 1_000;

  private final DataSource dataSource;
  private final LongAdder statements = new LongAdder();
  private final LongAdder commits = new LongAdder();

  public Jdbc(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /**
   * Does the work in one transaction and commits it; rolls back when the work throws. If the
   * connection breaks before the commit, the work is repeated on another one: after a restart of
   * the database the pool is full of broken connections.
   *
   * @throws DatabaseException if the database refuses a statement or the commit, or cannot be
   *     reached
   */
  public <T> T inTransaction(Function<Tx, T> work) {
    for (int attempt = 1; ; attempt++) {
      try {
        return inOneTransaction(work);
      } catch (BrokenBeforeCommit e) {
        if (attempt == MAX_BROKEN) {
          throw e.cause;
        }
      }
    }
  }

  /** The connection broke before the commit, so the work can be repeated. */
  private static final class BrokenBeforeCommit extends Exception {
    final transient DatabaseException cause;

    BrokenBeforeCommit(DatabaseException cause) {
      super(cause);
      this.cause = cause;
    }
  }

  private <T> T inOneTransaction(Function<Tx, T> work) throws BrokenBeforeCommit {
    var afterCommit = new ArrayList<Runnable>();
    T result = commit(work, afterCommit);
    // The connection is back in the pool: an action may take one without holding two.
    afterCommit.forEach(Runnable::run);
    return result;
  }

  private <T> T commit(Function<Tx, T> work, List<Runnable> afterCommit) throws BrokenBeforeCommit {
    try (var connection = open()) {
      var tx = new Tx(connection, statements);
      T result;
      try {
        connection.setAutoCommit(false);
        result = work.apply(tx);
        tx.beforeCommit();
      } catch (DatabaseException e) {
        rollBack(connection, e);
        if (e.isBrokenConnection()) {
          throw new BrokenBeforeCommit(e);
        }
        throw e;
      } catch (RuntimeException | Error e) {
        rollBack(connection, e);
        throw e;
      }
      connection.commit();
      commits.increment();
      restoreAutoCommit(connection);
      afterCommit.addAll(tx.afterCommit());
      return result;
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /**
   * As {@link #runInTransaction(Consumer)}, but waits while the database is unavailable and tries
   * again. The work must be idempotent: a connection may break in the commit itself. For background
   * work, never for a request.
   */
  public void runInTransactionWhenAvailable(Consumer<Tx> work) {
    whenAvailable(
        () -> {
          runInTransaction(work);
          return null;
        });
  }

  /** Does the work, and repeats it while the database is unavailable. */
  public <T> T whenAvailable(Supplier<T> work) {
    long wait = INITIAL_BACKOFF_MS;
    while (true) {
      try {
        return work.get();
      } catch (DatabaseException e) {
        if (!e.isOutage()) {
          throw e;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(wait));
        wait = Math.min(2 * wait, MAX_BACKOFF_MS);
      }
    }
  }

  /** As {@link #inTransaction(Function)}, for work without a result. */
  public void runInTransaction(Consumer<Tx> work) {
    inTransaction(
        tx -> {
          work.accept(tx);
          return null;
        });
  }

  /** All rows of one query, which changes nothing: see {@link #updateReturning}. */
  public <T> List<T> list(String sql, Tx.RowMapper<T> row, Object... params) {
    return query(tx -> tx.list(sql, row, params));
  }

  /** The first row of one query, which changes nothing: see {@link #updateReturningOne}. */
  public <T> Optional<T> one(String sql, Tx.RowMapper<T> row, Object... params) {
    return query(tx -> tx.one(sql, row, params));
  }

  /** One statement that changes rows, committed. Returns how many it changed. */
  public int update(String sql, Object... params) {
    return autoCommitted(tx -> tx.update(sql, params), changed -> changed > 0);
  }

  /** The rows that one statement returns which changes rows, committed. */
  public <T> List<T> updateReturning(String sql, Tx.RowMapper<T> row, Object... params) {
    return autoCommitted(tx -> tx.updateReturning(sql, row, params), rows -> !rows.isEmpty());
  }

  /** As {@link #updateReturning}, for the first row. */
  public <T> Optional<T> updateReturningOne(String sql, Tx.RowMapper<T> row, Object... params) {
    return autoCommitted(tx -> tx.updateReturningOne(sql, row, params), Optional::isPresent);
  }

  /** The number of statements that this process has sent. */
  public long statements() {
    return statements.sum();
  }

  /** The number of transactions with changes that this process has committed. */
  public long commits() {
    return commits.sum();
  }

  /** A query changes nothing, so it may be sent again on another connection. */
  private <T> T query(Function<Tx, T> work) {
    for (int attempt = 1; ; attempt++) {
      try {
        return onConnection(work);
      } catch (DatabaseException e) {
        int most = e.isUnreachable() ? MAX_UNREACHABLE : MAX_BROKEN;
        if (!e.isBrokenConnection() || attempt >= most) {
          throw e;
        }
      }
    }
  }

  /** On the connection of Hibernate's transaction, if there is one. */
  void runOnHibernateConnection(Consumer<Tx> work) {
    onConnection(
        tx -> {
          work.accept(tx);
          return null;
        });
  }

  /** Opens a transaction only for a commit hook, since that costs another round trip. */
  private <T> T autoCommitted(Function<Tx, T> statement, Predicate<T> changes) {
    if (CommitHook.current().isPresent() && !QuarkusTransaction.isActive()) {
      return inTransaction(statement);
    }
    T result = onConnection(statement);
    if (changes.test(result)) {
      commits.increment();
    }
    return result;
  }

  private <T> T onConnection(Function<Tx, T> work) {
    try (var connection = open()) {
      return work.apply(new Tx(connection, statements));
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  private Connection open() {
    try {
      return dataSource.getConnection();
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  private static void rollBack(Connection connection, Throwable because) {
    try {
      connection.rollback();
      restoreAutoCommit(connection);
    } catch (SQLException e) {
      because.addSuppressed(e);
    }
  }

  private static void restoreAutoCommit(Connection connection) {
    try {
      connection.setAutoCommit(true);
    } catch (SQLException e) {
      // The connection is broken; the pool notices when it is returned.
    }
  }
}
