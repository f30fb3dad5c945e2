/** Everything about one user of an application: a report of it, and its erasure. */
package dev.threadmill.users;
