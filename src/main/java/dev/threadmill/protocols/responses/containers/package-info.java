/** The Containers API: sessions of the code interpreter and their files. */
package dev.threadmill.protocols.responses.containers;
