package dev.threadmill.files;

import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Tx;
import java.util.List;

/**
 * Deletes the data that a feature stores about files in tables of its own. Every CDI bean of this
 * type is called in the transaction that deletes the files themselves: if one of them throws,
 * nothing is deleted. Statements should be {@linkplain Tx#defer deferred}. What is not in the
 * database, such as a cache, is dropped {@linkplain Tx#afterCommit after the commit}.
 */
public interface FileLifecycle {
  /**
   * Deletes what the feature stores about these files.
   *
   * @param files not empty, all of this project
   */
  void deleteFiles(Tx tx, ProjectId project, List<FileId> files);
}
