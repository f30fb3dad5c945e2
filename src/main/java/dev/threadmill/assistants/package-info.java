/** Assistants, the specifications of their tools, and the settings that runs take from them. */
package dev.threadmill.assistants;
