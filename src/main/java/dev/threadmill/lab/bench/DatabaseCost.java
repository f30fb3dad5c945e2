package dev.threadmill.lab.bench;

/** Measures statements, commits and write-ahead log per run, minus those of an idle database. */
record DatabaseCost(ControlledComparison comparison) {
  private static final int RUNS = 400;
  private static final String MODEL = "mock-0";
  private static final String STATEMENTS = "threadmill_sql_statements_total";
  private static final double TARGET_COMMITS = 2;

  private record Work(double statements, double commits, double walBytes) {
    Work minus(Work other) {
      return new Work(
          statements - other.statements, commits - other.commits, walBytes - other.walBytes);
    }

    Work perRun() {
      return new Work(statements / RUNS, commits / RUNS, walBytes / RUNS);
    }
  }

  private interface Step {
    void go() throws Exception;
  }

  void measure(Report report) throws Exception {
    var control = perRun(comparison::directClient);
    var server = perRun(comparison::serverClient);
    report.row(
        "SQL statements per run",
        Report.Unit.COUNT,
        server.statements,
        null,
        Report.Relation.NOTHING);
    row(report, "commits per run", Report.Unit.COUNT, server.commits, control.commits);
    row(
        report,
        "write-ahead log per run",
        Report.Unit.KILOBYTES,
        server.walBytes,
        control.walBytes);
    double commits = Math.round(10 * server.commits) / 10.0;
    report.target("two commits per run", Double.toString(commits), commits <= TARGET_COMMITS);
  }

  private static void row(
      Report report, String name, Report.Unit unit, double server, double control) {
    report.row(name, unit, server, control, Report.Relation.RATIO);
  }

  private Work perRun(Load.ClientFactory<? extends Client> clients) throws Exception {
    try (var client = clients.connect()) {
      long begin = System.nanoTime();
      var work =
          during(
              () -> {
                for (int i = 0; i < RUNS; i++) {
                  client.run(MODEL, System.nanoTime());
                }
              });
      long millis = (System.nanoTime() - begin) / 1_000_000;
      return work.minus(during(() -> Thread.sleep(millis))).perRun();
    }
  }

  private Work during(Step step) throws Exception {
    try (var database = comparison.environment().connect()) {
      var before = DatabaseCounters.read(database);
      double statementsBefore = comparison.server().metric(STATEMENTS);
      step.go();
      var done = DatabaseCounters.read(database).minus(before);
      return new Work(
          comparison.server().metric(STATEMENTS) - statementsBefore,
          done.commits(),
          done.walBytes());
    }
  }
}
