/** Projects, their API keys, and the authentication of requests. */
package dev.threadmill.projects;
