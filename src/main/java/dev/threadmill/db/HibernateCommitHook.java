package dev.threadmill.db;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.transaction.Synchronization;
import jakarta.transaction.TransactionScoped;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/** Runs the {@link CommitHook} of the thread in transactions of Hibernate, all of which write. */
@ApplicationScoped
class HibernateCommitHook {
  private static final Logger LOG = Logger.getLogger(HibernateCommitHook.class);

  private final Jdbc jdbc;
  private final TransactionSynchronizationRegistry transactions;

  HibernateCommitHook(Jdbc jdbc, TransactionSynchronizationRegistry transactions) {
    this.jdbc = jdbc;
    this.transactions = transactions;
  }

  void onTransaction(@Observes @Initialized(TransactionScoped.class) Object transaction) {
    CommitHook.current()
        .ifPresent(hook -> transactions.registerInterposedSynchronization(beforeCommit(hook)));
  }

  private Synchronization beforeCommit(Consumer<Tx> hook) {
    return new Synchronization() {
      @Override
      public void beforeCompletion() {
        try {
          jdbc.runOnHibernateConnection(hook);
        } catch (RuntimeException e) {
          LOG.warnf("transaction rolled back, its commit hook failed cause=%s", e);
          transactions.setRollbackOnly();
        }
      }

      @Override
      public void afterCompletion(int status) {
        // What the hook wrote shares the fate of the transaction.
      }
    };
  }
}
