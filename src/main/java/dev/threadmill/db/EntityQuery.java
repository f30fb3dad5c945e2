package dev.threadmill.db;

import io.quarkus.hibernate.orm.panache.Panache;
import java.util.List;
import org.hibernate.query.NativeQuery;

/** Runs the statements of a {@link Keyset} for a table that Hibernate maps. */
public final class EntityQuery {
  private EntityQuery() {}

  /** Rows as entities. The columns must be all columns of the entity. */
  public static <E> Keyset.Query<E> of(Class<E> entity) {
    return (sql, params) -> rows(Panache.getSession().createNativeQuery(sql, entity), params);
  }

  /** Rows that {@link Keyset#pageBoundedBySize} asks for, as {@link #of}. */
  public static <E> Keyset.Query<Keyset.Counted<E>> counted(Class<E> entity) {
    return (sql, params) -> {
      var query =
          Panache.getSession()
              .createNativeQuery(sql, Object[].class)
              .addEntity(entity)
              .addScalar(Keyset.FOUND, Integer.class)
              .addScalar(Keyset.CHARACTERS, Long.class);
      return rows(query, params).stream()
          .map(row -> new Keyset.Counted<>(entity.cast(row[0]), (Integer) row[1], (Long) row[2]))
          .toList();
    };
  }

  private static <R> List<R> rows(NativeQuery<R> query, Object[] params) {
    for (int i = 0; i < params.length; i++) {
      query.setParameter(i + 1, params[i]);
    }
    return query.getResultList();
  }
}
