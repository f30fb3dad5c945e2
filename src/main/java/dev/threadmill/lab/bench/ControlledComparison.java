package dev.threadmill.lab.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Measures the server and the control alternately, so that drift of the machine affects both. */
final class ControlledComparison {
  /** The settings that users run. */
  static final Map<String, String> DEFAULTS = Map.of();

  /** Without the memory index worker, which competes with the runs for processors. */
  static final Map<String, String> WITHOUT_INDEXING = Map.of("THREADMILL_MEMORY_WORKER", "false");

  private final BenchEnvironment environment;
  private final ServerProcess server;
  private final String assistant;
  private final int rounds;

  ControlledComparison(BenchEnvironment environment, ServerProcess server, int rounds)
      throws Exception {
    this.environment = environment;
    this.server = server;
    this.rounds = rounds;
    this.assistant = ServerClient.makeAssistant(server.api(), server.key());
    try (var database = environment.connect()) {
      DirectClient.prepare(database);
    }
  }

  /** A new client of the server. */
  ServerClient serverClient() {
    return new ServerClient(server.api(), server.key(), assistant);
  }

  /** A new client without a server. */
  DirectClient directClient() throws Exception {
    return new DirectClient(environment.provider(), environment.connect());
  }

  BenchEnvironment environment() {
    return environment;
  }

  ServerProcess server() {
    return server;
  }

  /** One measurement of one side. */
  interface Measurement<T> {
    T of(Load.ClientFactory<? extends Client> clients) throws Exception;
  }

  /** The measurements of both comparison in their order. */
  record Results<T>(List<T> server, List<T> control) {}

  /** Measures both alternately. */
  <T> Results<T> alternate(Measurement<T> turn) throws Exception {
    var both = new Results<T>(new ArrayList<>(), new ArrayList<>());
    for (int round = 0; round < rounds; round++) {
      both.control.add(turn.of(this::directClient));
      both.server.add(turn.of(this::serverClient));
    }
    return both;
  }
}
