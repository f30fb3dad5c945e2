package dev.threadmill.lab.search;

import java.util.List;

/**
 * A document of the evaluation, in the format of its file.
 *
 * @param name the name of its file, which says nothing about its content
 * @param content the bytes of its file
 * @param questions questions that this document answers and no other
 */
public record SearchDocument(String name, byte[] content, List<String> questions) {}
