package dev.threadmill.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The server and the control, which take turns so that what drifts in the machine hits both. */
final class Sides {
  /**
   * The memory's index is made behind the runs, message by message, at the price of a small neural
   * network each. It has a bench of its own.
   */
  static final Map<String, String> WITHOUT_INDEXING = Map.of("THREADMILL_MEMORY_WORKER", "false");

  private final Stage stage;
  private final ServerProcess server;
  private final String assistant;
  private final int rounds;

  Sides(Stage stage, ServerProcess server, int rounds) throws Exception {
    this.stage = stage;
    this.server = server;
    this.rounds = rounds;
    this.assistant = ServerClient.makeAssistant(server.api(), server.key());
    try (var database = stage.connect()) {
      DirectClient.prepare(database);
    }
  }

  /** One more client of the server. */
  ServerClient viaServer() {
    return new ServerClient(server.api(), server.key(), assistant);
  }

  /** One more client without a server. */
  DirectClient direct() throws Exception {
    return new DirectClient(stage.provider(), stage.connect());
  }

  Stage stage() {
    return stage;
  }

  ServerProcess server() {
    return server;
  }

  /** What one side is measured by in a turn. */
  interface Turn<T> {
    T of(Load.Clients<? extends Client> clients) throws Exception;
  }

  /** What the turns of both came to, in their order. */
  record Both<T>(List<T> server, List<T> control) {}

  /** Measures them turn by turn. */
  <T> Both<T> alternately(Turn<T> turn) throws Exception {
    var both = new Both<T>(new ArrayList<>(), new ArrayList<>());
    for (int round = 0; round < rounds; round++) {
      both.control.add(turn.of(this::direct));
      both.server.add(turn.of(this::viaServer));
    }
    return both;
  }
}
