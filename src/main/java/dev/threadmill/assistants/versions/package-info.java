/** Versions of assistants: what each was like after each change. */
package dev.threadmill.assistants.versions;
