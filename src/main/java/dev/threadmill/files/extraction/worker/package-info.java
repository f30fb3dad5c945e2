/** The process that reads documents: one file at a time, with limits of its own. */
package dev.threadmill.files.extraction.worker;
