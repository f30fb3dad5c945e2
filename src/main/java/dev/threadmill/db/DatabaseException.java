package dev.threadmill.db;

import dev.threadmill.api.http.ExceptionMappers;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import org.postgresql.util.PSQLException;

/** The database refused a statement or could not be reached. */
public class DatabaseException extends RuntimeException implements ExceptionMappers.Unavailable {
  private static final String UNIQUE_VIOLATION = "23505";

  /** The database has closed a connection whose transaction was idle for too long. */
  private static final String IDLE_IN_TRANSACTION = "25P03";

  /** See the function {@code require_one} of the database. */
  private static final String FENCED = "TM001";

  private final String sqlState;
  private final String constraint;

  public DatabaseException(SQLException cause) {
    super(cause);
    this.sqlState = cause.getSQLState() == null ? "" : cause.getSQLState();
    this.constraint =
        cause instanceof PSQLException postgres && postgres.getServerErrorMessage() != null
            ? postgres.getServerErrorMessage().getConstraint()
            : null;
  }

  /** Whether a row exists already under this unique index or constraint. */
  public boolean isDuplicateOf(String uniqueIndex) {
    return sqlState.equals(UNIQUE_VIOLATION) && uniqueIndex.equals(constraint);
  }

  /** Whether the connection broke; the database itself may be available. */
  public boolean isBrokenConnection() {
    return sqlState.startsWith("08")
        || sqlState.startsWith("57P0")
        || sqlState.equals(IDLE_IN_TRANSACTION);
  }

  /** Whether no connection could be opened: nothing listens, or the database is starting. */
  boolean isUnreachable() {
    return sqlState.equals("08001") || sqlState.equals("57P03");
  }

  /** Whether a row was to be changed that another node has taken over. */
  public boolean isFenced() {
    return sqlState.equals(FENCED);
  }

  /**
   * Whether the database could not be reached, is starting or stopping, or closed the connection.
   * The transaction was probably not committed; if the connection broke in the commit itself, that
   * is unknown.
   */
  @Override
  public boolean isOutage() {
    return sqlState.startsWith("08")
        || sqlState.startsWith("57P")
        || sqlState.startsWith("53")
        || sqlState.equals(IDLE_IN_TRANSACTION)
        || getCause() instanceof SQLTransientException
        || getCause() instanceof SQLRecoverableException
        || (sqlState.isEmpty() && constraint == null);
  }

  @Override
  public String publicMessage() {
    return "The database is not available at the moment. Please try again.";
  }
}
