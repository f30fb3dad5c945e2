/** Cuts the text of files into the chunks that are indexed. */
package dev.threadmill.files.chunks;
