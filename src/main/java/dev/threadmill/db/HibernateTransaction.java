package dev.threadmill.db;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.util.function.Supplier;

/** Runs a part of a method in a transaction of Hibernate. */
@ApplicationScoped
public class HibernateTransaction {
  /** Runs the work in the current transaction, else in one of its own, which ends with it. */
  @Transactional
  public <T> T call(Supplier<T> work) {
    return work.get();
  }
}
