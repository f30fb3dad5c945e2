package dev.threadmill.db;

import io.quarkus.hibernate.orm.panache.Panache;

/** Runs the statements of a {@link Keyset} for a table that is Hibernate's. */
public final class NativeQuery {
  private NativeQuery() {}

  /** Rows as entities. The columns must be all of the entity's. */
  public static <E> Keyset.Query<E> of(Class<E> entity) {
    return (sql, params) -> {
      var query = Panache.getEntityManager().createNativeQuery(sql, entity);
      for (int i = 0; i < params.length; i++) {
        query.setParameter(i + 1, params[i]);
      }
      @SuppressWarnings("unchecked")
      var rows = (java.util.List<E>) query.getResultList();
      return rows;
    };
  }
}
