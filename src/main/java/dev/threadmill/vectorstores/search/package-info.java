/** Finds passages in the files of vector stores, by meaning and by words. */
package dev.threadmill.vectorstores.search;
