/** The text of files of every kind, with pages, headings and tables. */
package dev.threadmill.files.extraction;
