package dev.threadmill.projects;

import java.util.Optional;

/**
 * A server that all projects share and that receives their data, such as that of the embedding
 * model. Each bean of this type is compared with the region of a project when the project gets one.
 */
public interface DataRecipient {
  /** The recipient; empty if the data stays within the process. */
  Optional<Recipient> recipient();

  /**
   * Who receives the data.
   *
   * @param name at the start of a sentence, such as "The embedding model 'x'"
   * @param region null if it is not known
   */
  record Recipient(String name, String region) {}
}
