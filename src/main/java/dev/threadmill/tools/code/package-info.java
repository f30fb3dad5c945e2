/** The code interpreter: Python in the sandbox, with the files of the thread. */
package dev.threadmill.tools.code;
