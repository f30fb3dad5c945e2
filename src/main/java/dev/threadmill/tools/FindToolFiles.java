package dev.threadmill.tools;

import dev.threadmill.threads.ThreadToolFiles;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Finds the files that are attached to the messages of a thread for a tool. */
@ApplicationScoped
public class FindToolFiles {
  private final ThreadToolFiles threadFiles;
  private final Optional<String> publicUrl;

  FindToolFiles(
      ThreadToolFiles threadFiles,
      @ConfigProperty(name = "threadmill.protocols.public-url") Optional<String> publicUrl) {
    this.threadFiles = threadFiles;
    this.publicUrl = publicUrl;
  }

  /**
   * The files for a call, those that were attached last first.
   *
   * @param names under which an attachment may name the tool: its own, its type
   */
  public ToolFiles of(ToolContext context, Collection<String> names) {
    return new ToolFiles(
        threadFiles.of(context.project(), context.thread(), names), publicUrl.orElse(""));
  }
}
