package dev.threadmill.lab.bench;

/** What a run asks of the database, less what goes on in it anyway. */
record DatabaseCost(ControlledComparison sides) {
  private static final int RUNS = 400;
  private static final String MODEL = "mock-0";
  private static final String STATEMENTS = "threadmill_sql_statements_total";
  private static final double AIM_COMMITS = 2;

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
    var control = perRun(sides::directClient);
    var server = perRun(sides::serverClient);
    report.row(
        "SQL statements a run",
        Report.Unit.COUNT,
        server.statements,
        null,
        Report.Relation.NOTHING);
    row(report, "commits a run", Report.Unit.COUNT, server.commits, control.commits);
    row(report, "write-ahead log a run", Report.Unit.KILOBYTES, server.walBytes, control.walBytes);
    double commits = Math.round(10 * server.commits) / 10.0;
    report.target("two commits a run", Double.toString(commits), commits <= AIM_COMMITS);
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
    try (var database = sides.stage().connect()) {
      var before = DatabaseCounters.read(database);
      double statementsBefore = sides.server().metric(STATEMENTS);
      step.go();
      var done = DatabaseCounters.read(database).minus(before);
      return new Work(
          sides.server().metric(STATEMENTS) - statementsBefore, done.commits(), done.walBytes());
    }
  }
}
