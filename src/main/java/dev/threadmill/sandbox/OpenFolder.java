package dev.threadmill.sandbox;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A folder that is held open. Its content is named relative to the open folder, not by a path from
 * the root, so code cannot redirect a read by replacing the folder with a link.
 */
final class OpenFolder implements Closeable {
  private final SecureDirectoryStream<Path> stream;

  private OpenFolder(SecureDirectoryStream<Path> stream) {
    this.stream = stream;
  }

  /** Opens a folder whose parents no code can change. */
  static OpenFolder of(Path folder) throws IOException {
    return new OpenFolder((SecureDirectoryStream<Path>) Files.newDirectoryStream(folder));
  }

  /** Opens the folder that this path leads to from a base, none of whose parts may be a link. */
  static OpenFolder of(Path base, Path relative) throws IOException {
    var folder = of(base);
    for (var part : relative) {
      try (var parent = folder) {
        folder = parent.folder(part);
      }
    }
    return folder;
  }

  /**
   * Opens a folder in this one.
   *
   * @throws java.nio.file.FileSystemException if it is a link or no folder
   */
  OpenFolder folder(Path name) throws IOException {
    // To open a pipe would wait for a writer.
    if (!isFolder(name)) {
      throw new NotDirectoryException(name.toString());
    }
    return new OpenFolder(stream.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS));
  }

  /** The attributes of what has this name, or of the link itself; null if nothing has it. */
  BasicFileAttributes attributes(Path name) throws IOException {
    try {
      return stream
          .getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
          .readAttributes();
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  boolean isRegularFile(Path name) throws IOException {
    var attributes = attributes(name);
    return attributes != null && attributes.isRegularFile();
  }

  boolean isFolder(Path name) throws IOException {
    var attributes = attributes(name);
    return attributes != null && attributes.isDirectory();
  }

  /**
   * The content of a regular file, to be closed.
   *
   * @throws IOException if it is a link or no regular file
   */
  InputStream read(Path name) throws IOException {
    if (!isRegularFile(name)) {
      throw new IOException("not a regular file: " + name);
    }
    return Channels.newInputStream(
        stream.newByteChannel(name, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)));
  }

  void delete(Path name) throws IOException {
    stream.deleteFile(name);
  }

  /** Moves a file or a folder into another folder, where it replaces a file of that name. */
  void move(Path name, OpenFolder target, Path newName) throws IOException {
    stream.move(name, target.stream, newName);
  }

  /** What is in the folder, as paths whose last part is the name. Can be called once. */
  List<Path> list() throws IOException {
    var found = new ArrayList<Path>();
    try {
      stream.forEach(found::add);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return found;
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
