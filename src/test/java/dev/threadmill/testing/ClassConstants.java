package dev.threadmill.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.StringEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A string constant of a compiled class. Concatenations count as one constant, in which {@code
 * \u0001} stands for each value that is known at run time only.
 *
 * @param className with its package; nested classes as {@code Outer$Inner}
 */
public record ClassConstants(String className, String text) {
  private static final Path CLASSES = Path.of("target", "classes");

  /** All string constants of the server's classes. */
  public static List<ClassConstants> ofTheServer() {
    var constants = new ArrayList<ClassConstants>();
    try (var files = Files.walk(CLASSES.resolve("dev/threadmill"))) {
      for (var file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
        var model = ClassFile.of().parse(file);
        var name = model.thisClass().asInternalName().replace('/', '.');
        for (var entry : model.constantPool()) {
          if (entry instanceof StringEntry string) {
            constants.add(new ClassConstants(name, string.stringValue()));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return constants;
  }

  /** The package of the class, below the root, such as {@code runs.store}. */
  public String room() {
    var root = "dev.threadmill.";
    return className.lastIndexOf('.') < root.length()
        ? ""
        : className.substring(root.length(), className.lastIndexOf('.'));
  }
}
