/** The tool by which an assistant routes messages to other assistants and to remote agents. */
package dev.threadmill.tools.routing;
