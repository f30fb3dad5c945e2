package dev.threadmill.sandbox;

import dev.threadmill.sandbox.SandboxSession.SandboxFile;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The files of a session on the disk of this node. Code in the sandbox creates them, with any name,
 * kind and permissions; so nothing here follows a link, and files are read only while all processes
 * of the session are stopped.
 *
 * @param root only the server may enter it
 * @param owner the user that the session runs as; negative for the user of the server
 */
record SessionFolder(Path root, int owner) {
  private static final int MAX_DEPTH = 32;
  private static final int MAX_FIGURES = 20;
  private static final int MAX_FIGURE_BYTES = 4 << 20;
  private static final int MAX_FIGURES_BYTES = 20 << 20;
  private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final List<String> PARTS = List.of("data", "tmp", "shm", "figures");

  /**
   * How much the session has stored.
   *
   * @param isUncounted whether there is more, in too many levels of folders or in one that the
   *     server may not read
   */
  record Use(long bytes, long files, boolean isUncounted) {}

  /** Creates the folders. */
  static SessionFolder create(Path root, int owner) throws IOException {
    var folder = new SessionFolder(root, owner);
    Files.createDirectories(root.getParent());
    Files.createDirectory(
        root, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    for (var part : PARTS) {
      Files.createDirectory(root.resolve(part));
      folder.own(root.resolve(part));
    }
    return folder;
  }

  /** The folder that is {@code /mnt/data} in the sandbox. */
  Path data() {
    return root.resolve("data");
  }

  Path tmp() {
    return root.resolve("tmp");
  }

  Path shm() {
    return root.resolve("shm");
  }

  Path figures() {
    return root.resolve("figures");
  }

  private void own(Path path) throws IOException {
    if (owner >= 0) {
      Files.setAttribute(path, "unix:uid", owner, LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(path, "unix:gid", owner, LinkOption.NOFOLLOW_LINKS);
    }
  }

  /** Counts what the session has stored. Code may run meanwhile. */
  Use use() {
    var count = new UseCounter();
    try {
      for (var part : PARTS) {
        Files.walkFileTree(root.resolve(part), java.util.Set.of(), MAX_DEPTH, count);
      }
    } catch (IOException e) {
      // A folder that disappeared; the next count sees the rest.
    }
    return count.use();
  }

  /** The regular files in {@code data}, hidden ones left out. */
  List<SandboxFile> files(int max) throws IOException {
    var found = new ArrayList<SandboxFile>();
    try (var data = OpenFolder.of(data())) {
      list(data, data(), 1, max, found);
    }
    found.sort(Comparator.comparing(SandboxFile::path));
    return found;
  }

  private void list(OpenFolder folder, Path path, int depth, int max, List<SandboxFile> found)
      throws IOException {
    for (var entry : folder.list()) {
      var name = entry.getFileName();
      if (found.size() >= max || isHidden(name)) {
        continue;
      }
      var file = path.resolve(name);
      if (folder.isRegularFile(name)) {
        describe(file).ifPresent(found::add);
      } else if (depth < MAX_DEPTH && folder.isFolder(name)) {
        try (var inner = folder.folder(name)) {
          list(inner, file, depth + 1, max, found);
        } catch (IOException e) {
          // It cannot be read.
        }
      }
    }
  }

  private static boolean isHidden(Path file) {
    var name = file.toString();
    return name.startsWith(".") || name.equals("__pycache__");
  }

  /** Empty if it disappeared. */
  private Optional<SandboxFile> describe(Path file) {
    try {
      // Programs can set every time of a file but this one.
      var attributes = Files.readAttributes(file, "unix:size,ctime,ino", LinkOption.NOFOLLOW_LINKS);
      return Optional.of(
          new SandboxFile(
              name(file),
              (Long) attributes.get("size"),
              attributes.get("ctime") + " " + attributes.get("ino")));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The path as text: names are bytes, which Java decodes in the charset of the locale. */
  private String name(Path file) {
    var base = data().toUri().getRawPath();
    var raw = file.toUri().getRawPath().substring(base.length());
    return URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** The file with this path below {@code data}, whatever the locale. */
  private Path path(String name) throws IOException {
    var encoded = new ArrayList<String>();
    for (var part : name.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..") || part.indexOf('\0') >= 0) {
        throw new IOException("not the name of a file: " + name);
      }
      encoded.add(URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"));
    }
    return Path.of(URI.create(data().toUri() + String.join("/", encoded)));
  }

  /** The folder of a file, opened; no part of its path may be a link. */
  private OpenFolder parent(Path file) throws IOException {
    var relative = data().relativize(file);
    return relative.getNameCount() == 1
        ? OpenFolder.of(data())
        : OpenFolder.of(data(), relative.getParent());
  }

  /** The content of a file; no part of its path may be a link. */
  InputStream open(String name) throws IOException {
    var file = path(name);
    try (var folder = parent(file)) {
      return folder.read(file.getFileName());
    } catch (FileSystemException e) {
      throw new IOException("not a regular file: " + name, e);
    }
  }

  /** Removes a file, if it is there. */
  void remove(String name) throws IOException {
    var file = path(name);
    OpenFolder parent;
    try {
      parent = parent(file);
    } catch (FileSystemException e) {
      // Its folder is not there any more.
      return;
    }
    try (var folder = parent) {
      if (folder.isRegularFile(file.getFileName())) {
        folder.delete(file.getFileName());
      }
    }
  }

  /**
   * Writes a file, replacing what has its name, unless that is a folder.
   *
   * @throws FileAlreadyExistsException if a folder has its name, or one of its folders is the name
   *     of something else
   */
  SandboxFile write(String name, InputStream content, long maxBytes) throws IOException {
    var file = path(name);
    try (var own = OpenFolder.of(root);
        var folder = makeFolders(own, data().relativize(file))) {
      if (folder.isFolder(file.getFileName())) {
        throw new FileAlreadyExistsException(name);
      }
      // Written where no code can reach it, so that no link is followed.
      var incoming = root.resolve("incoming");
      Files.deleteIfExists(incoming);
      try {
        copy(content, incoming, maxBytes);
        own(incoming);
        own.move(incoming.getFileName(), folder, file.getFileName());
      } finally {
        Files.deleteIfExists(incoming);
      }
    }
    return describe(file).orElseThrow(() -> new NoSuchFileException(name));
  }

  private static void copy(InputStream content, Path file, long maxBytes) throws IOException {
    try (var out = Files.newOutputStream(file)) {
      var buffer = new byte[1 << 16];
      long written = 0;
      for (int read = content.read(buffer); read >= 0; read = content.read(buffer)) {
        written += read;
        if (written > maxBytes) {
          throw new NoSpaceException();
        }
        out.write(buffer, 0, read);
      }
    }
  }

  /** Opens the folder of a file, creating those above it that are not there. */
  private OpenFolder makeFolders(OpenFolder own, Path file) throws IOException {
    var folder = OpenFolder.of(data());
    for (int i = 0; i < file.getNameCount() - 1; i++) {
      var part = file.getName(i);
      try (var parent = folder) {
        var there = parent.attributes(part);
        if (there != null && !there.isDirectory()) {
          throw new FileAlreadyExistsException(file.toString());
        }
        if (there == null) {
          // Moved in, since a folder can only be created by its whole path.
          var incoming = root.resolve("incoming-folder");
          Files.createDirectory(incoming);
          try {
            own(incoming);
            own.move(incoming.getFileName(), parent, part);
          } finally {
            Files.deleteIfExists(incoming);
          }
        }
        folder = parent.folder(part);
      }
    }
    return folder;
  }

  /** A file is larger than what is left. */
  static final class NoSpaceException extends IOException {
    private static final long serialVersionUID = 1;
  }

  /**
   * Passes the pictures in {@code figures} on, one at a time, and removes them.
   *
   * @return how many were left out because they are too many or too large
   */
  int takeFigures(Consumer<byte[]> receiver) throws IOException {
    int taken = 0;
    int left = 0;
    long bytes = 0;
    try (var folder = OpenFolder.of(figures())) {
      for (var path : folder.list().stream().sorted().toList()) {
        var name = path.getFileName();
        if (folder.isFolder(name)) {
          continue;
        }
        var picture =
            taken < MAX_FIGURES && folder.isRegularFile(name) ? picture(folder, name) : new byte[0];
        folder.delete(name);
        if (picture.length == 0) {
          left += taken < MAX_FIGURES ? 0 : 1;
        } else if (picture.length > MAX_FIGURE_BYTES
            || bytes + picture.length > MAX_FIGURES_BYTES) {
          left++;
        } else {
          taken++;
          bytes += picture.length;
          receiver.accept(picture);
        }
      }
    }
    return left;
  }

  /** A picture, or its beginning if it is too large; empty if it is none. */
  private static byte[] picture(OpenFolder folder, Path name) throws IOException {
    try (var in = folder.read(name)) {
      var data = in.readNBytes(MAX_FIGURE_BYTES + 1);
      boolean isPicture =
          data.length > PNG.length && Arrays.equals(data, 0, PNG.length, PNG, 0, PNG.length);
      return isPicture ? data : new byte[0];
    }
  }

  /** Deletes everything outside of {@code data}: a new process starts without it. */
  void emptyScratch() {
    empty(tmp());
    empty(shm());
    empty(figures());
  }

  /** Deletes what is in a folder. */
  void empty(Path folder) {
    run("chmod -R u+rwX -- \"$0\" 2>/dev/null; find \"$0\" -mindepth 1 -delete", folder);
  }

  /** Deletes what was created or changed since a time, except folders that have older content. */
  void deleteChangedSince(java.time.Instant time) {
    emptyScratch();
    var since = "@%d.%09d".formatted(time.getEpochSecond(), time.getNano());
    run(
        "chmod -R u+rwX -- \"$0\" 2>/dev/null;"
            + " find \"$0\" -mindepth 1 -depth -newerct "
            + since
            + " -delete",
        data());
  }

  /** Deletes everything. */
  void delete() {
    delete(root);
  }

  /** Deletes a folder of any depth, whatever its permissions. */
  static void delete(Path folder) {
    run("chmod -R u+rwX -- \"$0\" 2>/dev/null; rm -rf -- \"$0\"", folder);
  }

  private static void run(String script, Path folder) {
    try {
      new ProcessBuilder("/bin/sh", "-c", script, folder.toString())
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
