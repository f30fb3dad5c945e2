package dev.threadmill.audit;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;

/**
 * Verifies the chains of the audit log: that each entry is the one that was appended, and that none
 * is missing between the first that is kept and the last.
 */
@ApplicationScoped
public class VerifyAuditLog {
  private static final int CHAINS = 100;

  private final AuditStore store;

  VerifyAuditLog(AuditStore store) {
    this.store = store;
  }

  /**
   * The state of one chain, on the wire.
   *
   * @param project the id of the project; null for the chain of what belongs to no project
   * @param entries how many are kept
   * @param lastHash of its last entry, in hexadecimal: whoever keeps it elsewhere can tell later
   *     whether the log was written anew from some entry on
   * @param fault what is wrong; null if nothing is
   */
  public record ChainState(
      String project, boolean valid, long entries, long lastSeq, String lastHash, String fault) {}

  /** The state of the chain of a project, or of all chains. */
  public List<ChainState> verify(String project) {
    if (project != null) {
      return store.chain(project).map(this::verify).map(List::of).orElseGet(List::of);
    }
    var states = new ArrayList<ChainState>();
    store.chain(AuditEntry.NO_PROJECT).map(this::verify).ifPresent(states::add);
    var chains = store.chains(AuditEntry.NO_PROJECT, CHAINS);
    while (!chains.isEmpty()) {
      chains.forEach(chain -> states.add(verify(chain)));
      chains = store.chains(chains.getLast().chain(), CHAINS);
    }
    return states;
  }

  private ChainState verify(AuditStore.Chain chain) {
    var fault = store.fault(chain).orElse(null);
    return new ChainState(
        chain.chain().isEmpty() ? null : chain.chain(),
        fault == null,
        chain.seq() - chain.firstSeq() + 1,
        chain.seq(),
        AuditStore.hex(chain.hash()),
        fault);
  }
}
