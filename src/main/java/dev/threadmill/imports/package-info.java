/**
 * Imports of assistants, threads, messages, files and vector stores, and exports of them. An import
 * is read into a table of items and then written object by object, both in the background.
 */
package dev.threadmill.imports;
