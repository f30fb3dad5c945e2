package dev.threadmill.tools;

import dev.threadmill.api.ProjectId;
import dev.threadmill.egress.AllowedDomains;
import java.util.Set;

/**
 * The run that a toolset is created for.
 *
 * @param model that is offered the tools
 * @param domains which hosts the tools may reach
 * @param reservedNames function names that other tools of the run have; a provider that chooses
 *     names avoids them
 * @param isCacheOnly whether providers answer from what they have cached, without calling other
 *     servers
 */
public record ToolScope(
    ProjectId project,
    String model,
    AllowedDomains domains,
    Set<String> reservedNames,
    boolean isCacheOnly) {
  public ToolScope {
    reservedNames = Set.copyOf(reservedNames);
  }
}
