package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Money;
import dev.threadmill.telemetry.Activity;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/** The shares of budgets that events were recorded for. */
@ApplicationScoped
class AlertStore {
  /** An amount of a budget, its share and what is used of it, which is that share or more. */
  record Alert(
      LimitScope scope, String period, String unit, BigDecimal share, long used, long budget) {
    private static Alert read(Row row) throws SQLException {
      return new Alert(
          new LimitScope(
              row.text("project_id", ProjectId::new),
              row.enumValue("scope", LimitScope.Kind.class),
              row.text("scope_id")),
          row.text("period"),
          row.text("unit"),
          new BigDecimal(row.text("share")),
          row.bigint("used"),
          row.bigint("budget"));
    }

    Activity activity(Instant at) {
      return Activity.of(Activity.BUDGET_ALERT, scope.project(), at)
          .status("reached")
          .detail("scope", scope.kind().wire())
          .detail("scope_id", scope.id().isEmpty() ? null : scope.id())
          .detail("period", period)
          .detail("unit", unit)
          .detail("share", share.stripTrailingZeros().toPlainString())
          .detail("used", amount(used))
          .detail("budget", amount(budget))
          .build();
    }

    private String amount(long of) {
      return unit.equals("cost") ? new Money(of).dollars().toPlainString() : Long.toString(of);
    }
  }

  /** Stores each share that is used and was not stored in its period, and returns those. */
  List<Alert> insertDue(Tx tx, List<String> projects, Instant at) {
    return tx.updateReturning(
        """
        WITH used AS (
          SELECT l.project_id, l.scope, l.scope_id, b.period, b.starts_on, b.unit, b.used, b.budget,
            share.value::numeric AS share
          FROM usage_limits l
          JOIN usage_counters u
            ON u.project_id = l.project_id AND u.scope = l.scope AND u.scope_id = l.scope_id
          LEFT JOIN work_counters w
            ON w.project_id = l.project_id AND w.scope = l.scope AND w.scope_id = l.scope_id
          CROSS JOIN LATERAL (VALUES
            ('day', ?::date, 'tokens', CASE WHEN u.day < ?::date THEN 0 ELSE u.day_tokens END, l.day_tokens),
            ('day', ?::date, 'cost', CASE WHEN u.day < ?::date THEN 0 ELSE u.day_cost END, l.day_cost),
            ('month', ?::date, 'tokens', CASE WHEN u.month < ?::date THEN 0 ELSE u.month_tokens END,
              l.month_tokens),
            ('month', ?::date, 'cost', CASE WHEN u.month < ?::date THEN 0 ELSE u.month_cost END, l.month_cost),
            ('total', date 'epoch', 'tokens', u.total_tokens, l.total_tokens),
            ('total', date 'epoch', 'cost', u.total_cost, l.total_cost),
            ('day', ?::date, 'tool_calls', CASE WHEN w.day < ?::date THEN 0 ELSE w.day_tool_calls END,
              l.day_tool_calls),
            ('day', ?::date, 'seconds', CASE WHEN w.day < ?::date THEN 0 ELSE w.day_millis / 1000 END,
              l.day_seconds),
            ('month', ?::date, 'tool_calls',
              CASE WHEN w.month < ?::date THEN 0 ELSE w.month_tool_calls END, l.month_tool_calls),
            ('month', ?::date, 'seconds',
              CASE WHEN w.month < ?::date THEN 0 ELSE w.month_millis / 1000 END, l.month_seconds),
            ('total', date 'epoch', 'tool_calls', w.total_tool_calls, l.total_tool_calls),
            ('total', date 'epoch', 'seconds', w.total_millis / 1000, l.total_seconds))
            AS b (period, starts_on, unit, used, budget)
          CROSS JOIN LATERAL jsonb_array_elements_text(l.alerts) AS share (value)
          WHERE l.project_id = ANY (?) AND l.alerts IS NOT NULL
            AND b.budget IS NOT NULL AND b.used >= b.budget * share.value::numeric),
        inserted AS (
          INSERT INTO budget_alerts (project_id, scope, scope_id, period, starts_on, unit, share)
          SELECT project_id, scope, scope_id, period, starts_on, unit, share FROM used
          ORDER BY 1, 2, 3, 4, 5, 6, 7
          ON CONFLICT DO NOTHING
          RETURNING project_id, scope, scope_id, period, unit, share)
        SELECT i.project_id, i.scope, i.scope_id, i.period, i.unit, i.share::text AS share, u.used, u.budget
        FROM inserted i JOIN used u USING (project_id, scope, scope_id, period, unit, share)
        ORDER BY 1, 2, 3, 4, 5, i.share
        """,
        Alert::read,
        LimitsStore.day(at),
        LimitsStore.day(at),
        LimitsStore.day(at),
        LimitsStore.day(at),
        LimitsStore.month(at),
        LimitsStore.month(at),
        LimitsStore.month(at),
        LimitsStore.month(at),
        LimitsStore.day(at),
        LimitsStore.day(at),
        LimitsStore.day(at),
        LimitsStore.day(at),
        LimitsStore.month(at),
        LimitsStore.month(at),
        LimitsStore.month(at),
        LimitsStore.month(at),
        projects);
  }
}
