/** What tools that call HTTP servers share: outcomes, streamed responses, access tokens. */
package dev.threadmill.tools.http;
