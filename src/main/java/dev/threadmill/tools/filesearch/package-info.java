/** The tool that searches the vector stores of an assistant and a thread. */
package dev.threadmill.tools.filesearch;
