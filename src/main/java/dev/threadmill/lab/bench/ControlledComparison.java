package dev.threadmill.lab.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The server and the control, which take turns so that what drifts in the machine hits both. */
final class ControlledComparison {
  /**
   * The memory's index is made behind the runs, message by message, at the price of a small neural
   * network each. It has a bench of its own.
   */
  static final Map<String, String> WITHOUT_INDEXING = Map.of("THREADMILL_MEMORY_WORKER", "false");

  private final BenchEnvironment stage;
  private final ServerProcess server;
  private final String assistant;
  private final int rounds;

  ControlledComparison(BenchEnvironment stage, ServerProcess server, int rounds) throws Exception {
    this.stage = stage;
    this.server = server;
    this.rounds = rounds;
    this.assistant = ServerClient.makeAssistant(server.api(), server.key());
    try (var database = stage.connect()) {
      DirectClient.prepare(database);
    }
  }

  /** One more client of the server. */
  ServerClient serverClient() {
    return new ServerClient(server.api(), server.key(), assistant);
  }

  /** One more client without a server. */
  DirectClient directClient() throws Exception {
    return new DirectClient(stage.provider(), stage.connect());
  }

  BenchEnvironment stage() {
    return stage;
  }

  ServerProcess server() {
    return server;
  }

  /** What one side is measured by in a turn. */
  interface Measurement<T> {
    T of(Load.ClientFactory<? extends Client> clients) throws Exception;
  }

  /** What the turns of both came to, in their order. */
  record Results<T>(List<T> server, List<T> control) {}

  /** Measures them turn by turn. */
  <T> Results<T> alternate(Measurement<T> turn) throws Exception {
    var both = new Results<T>(new ArrayList<>(), new ArrayList<>());
    for (int round = 0; round < rounds; round++) {
      both.control.add(turn.of(this::directClient));
      both.server.add(turn.of(this::serverClient));
    }
    return both;
  }
}
