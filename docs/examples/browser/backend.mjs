// The backend of the page: it has the API key, knows who is signed in, and hands out client tokens.
//
//   THREADMILL_URL=http://127.0.0.1:8080 THREADMILL_API_KEY=sk-… ASSISTANT_ID=asst_… node backend.mjs
//
// The server has to allow the page: THREADMILL_CORS_ORIGINS=http://127.0.0.1:3000
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const { THREADMILL_URL: url, THREADMILL_API_KEY: key, ASSISTANT_ID: assistant } = process.env;
const host = "127.0.0.1";
const files = {
  "/": ["index.html", "text/html"],
  "/page.js": ["page.js", "text/javascript"],
  "/threadmill.js": ["threadmill.js", "text/javascript"],
};

/** Whoever is signed in. A real backend takes this from its session. */
function userOf(request) {
  return "ada";
}

async function createToken(user, origin) {
  const answer = await fetch(url + "/v1/client_tokens", {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify({
      user,
      assistants: [assistant],
      origins: [origin],
      expires_after: { seconds: 600 },
      limits: { requests_per_minute: 30 },
    }),
  });
  if (!answer.ok) {
    throw new Error(await answer.text());
  }
  return answer.json();
}

const server = createServer(async (request, response) => {
  try {
    if (request.method === "POST" && request.url === "/token") {
      const origin = `http://${host}:${server.address().port}`;
      const token = await createToken(userOf(request), origin);
      response.setHeader("Content-Type", "application/json");
      response.setHeader("Cache-Control", "no-store");
      const { value, expires_at } = token;
      response.end(JSON.stringify({ value, expires_at, url, assistant_id: assistant }));
      return;
    }
    const file = files[request.url];
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("Content-Type", file[1]);
    response.end(await readFile(new URL(file[0], import.meta.url)));
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});

server.listen(Number(process.env.PORT ?? 3000), host, () =>
  console.log(`http://${host}:${server.address().port}`),
);
