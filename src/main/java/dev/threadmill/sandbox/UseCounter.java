package dev.threadmill.sandbox;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.FileVisitor;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Counts what a session has stored. It does not follow links. */
final class UseCounter implements FileVisitor<Path> {
  private long bytes;
  private long files;
  private boolean isUncounted;

  @Override
  public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
    files++;
    bytes += attributes.size();
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
    files++;
    bytes += attributes.size();
    isUncounted |= attributes.isDirectory();
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFileFailed(Path file, IOException e) {
    files++;
    isUncounted |= e instanceof AccessDeniedException;
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult postVisitDirectory(Path folder, IOException e) {
    return FileVisitResult.CONTINUE;
  }

  SessionFolder.Use use() {
    return new SessionFolder.Use(bytes, files, isUncounted);
  }
}
