/** The documents and questions by which file search is evaluated. */
package dev.threadmill.lab.search;
