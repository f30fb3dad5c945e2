package dev.threadmill.db;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.IdempotencyContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.transaction.Synchronization;
import jakarta.transaction.TransactionScoped;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * Marks the row of an {@code Idempotency-Key} in the transaction in which its request takes effect:
 * either both are there after a crash, or neither is. A request that has lost its key in the
 * meantime finds no row, and takes no effect.
 */
@ApplicationScoped
public class IdempotencyMarker {
  private static final Logger LOG = Logger.getLogger(IdempotencyMarker.class);
  private static final Pattern CHANGE =
      Pattern.compile("(?<!FOR )(?<!FOR NO KEY )\\b(?:INSERT INTO|UPDATE|DELETE FROM)\\b");
  private static final int CONFLICT = 409;

  private final Jdbc jdbc;
  private final TransactionSynchronizationRegistry transactions;

  IdempotencyMarker(Jdbc jdbc, TransactionSynchronizationRegistry transactions) {
    this.jdbc = jdbc;
    this.transactions = transactions;
  }

  /** Hibernate's transactions on the thread of a request are those that change something. */
  void onHibernateTransaction(@Observes @Initialized(TransactionScoped.class) Object transaction) {
    IdempotencyContext.current()
        .ifPresent(
            request -> transactions.registerInterposedSynchronization(markBeforeCommit(request)));
  }

  /** Only then is it known what was made. */
  private Synchronization markBeforeCommit(IdempotencyContext request) {
    return new Synchronization() {
      @Override
      public void beforeCompletion() {
        try {
          jdbc.runOnHibernateConnection(tx -> mark(tx, request));
        } catch (RuntimeException e) {
          LOG.warnf("transaction refused, its idempotency key could not be marked cause=%s", e);
          transactions.setRollbackOnly();
        }
      }

      @Override
      public void afterCompletion(int status) {
        // The mark shares the fate of the transaction.
      }
    };
  }

  static boolean isChange(String sql) {
    return CHANGE.matcher(sql).find();
  }

  static void mark(Tx tx, IdempotencyContext request) {
    int marked =
        tx.update(
            "UPDATE idempotency_keys SET made = ? WHERE id = ? AND holder = ?",
            Tx.json(request.effects()),
            request.keyId(),
            request.holder());
    if (marked == 0) {
      throw new ApiException(
          CONFLICT,
          new ApiError(
              "Another request with this Idempotency-Key has taken over.",
              ApiError.INVALID_REQUEST,
              null,
              "idempotency_key_in_use"));
    }
  }
}
