/** The tool that searches the web, by a search server that the operator configures. */
package dev.threadmill.tools.websearch;
